//! The report: findings become bytes here, and files appear whole or not at all.

pub mod baseline;
pub mod events;
pub mod format;
pub mod guard;
pub mod json;
pub mod output;
pub mod paper;
pub mod problem;
pub mod row;
pub mod sorter;
pub mod table;
pub mod text;

pub use events::{EventFormat, EventSpool};
pub use format::{Format, Target};
pub use output::{Output, OutputError, Staged};
pub use paper::Paper;
pub use problem::{PROBLEM_COLUMNS, Problem};
pub use row::{COLUMNS, Row, Status};
