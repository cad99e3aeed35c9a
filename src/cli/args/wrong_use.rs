//! Options that are valid alone but not together.

use jiff::Timestamp;

use crate::cli::time::OutOfRange;
use crate::report::format::UnknownFormat;

/// Options that are valid alone but not together.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum WrongUse {
    /// An output whose name does not select a format.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    #[error("--since {since} is later than --until {until}. Exchange the two.")]
    NoTime { since: Timestamp, until: Timestamp },
    #[error(transparent)]
    Time(#[from] OutOfRange),
}
