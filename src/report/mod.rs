//! The report: findings become bytes here, and files appear whole or not at all.

pub mod guard;
pub mod output;
pub mod row;
pub mod table;

pub use output::{Output, OutputError};
pub use row::{COLUMNS, Row, Status};
