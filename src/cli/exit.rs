use std::process::{ExitCode, Termination};

/// How a run ended, as schedulers and scripts see it. Published in `docs/report.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: the report is complete, whatever it says.
    Complete,
    /// 1: the report was written and holds what `--fail-on` asks for (also where some input could not be read: what was
    /// asked for must be reported).
    Found,
    /// 2: the command line is wrong.
    Usage,
    /// 3: the report was written, but some input could not be read.
    Partial,
    /// 4: no report was written.
    NoReport,
}

/// The process's own status after an interruption, which leaves no new file: as a shell, or Windows, has it for Ctrl-C.
pub(super) const INTERRUPTED: i32 = if cfg!(windows) { 0xC000_013A_u32 as i32 } else { 130 };

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::NoReport => 4,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
