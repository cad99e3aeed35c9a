//! Errors of options that are valid alone but not together.

use jiff::Timestamp;

use crate::cli::time::OutOfRange;
use crate::report::format::UnknownFormat;

/// Why options cannot be used together.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum WrongUse {
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    #[error("--since {since} is later than --until {until}. Exchange the two.")]
    EmptyPeriod { since: Timestamp, until: Timestamp },
    #[error(transparent)]
    Time(#[from] OutOfRange),
}
