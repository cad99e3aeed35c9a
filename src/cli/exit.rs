use std::process::{ExitCode, Termination};

/// Exit status of the process, documented in `docs/report.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The report is complete, whatever it says.
    Complete = 0,
    /// A condition of `--fail-on` holds. It takes precedence over [`Exit::Partial`].
    Found = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The report was written, but some input could not be read.
    Partial = 3,
    /// No report was written.
    NoReport = 4,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
