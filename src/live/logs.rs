//! Finds the live logs of this machine that a triage reads.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The System log, which has event 4.
const SYSTEM: &str = "System.evtx";
/// Logs that may explain event 4. Each is named after its channel, with `%4` for `/`.
const RELATED: &[&str] = &[
    "Microsoft-Windows-Kerberos%4Operational.evtx",
    "Microsoft-Windows-Security-Kerberos%4Operational.evtx",
    "Microsoft-Windows-DNS-Client%4Operational.evtx",
    "Directory Service.evtx",
];

/// Why the System log cannot be read. Without it there is no event 4.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(
        "access to {} is denied. Run krbtriage in an elevated prompt (Run as administrator). Or let a member of Event Log Readers \
         export the log (wevtutil epl System System.evtx), and run: krbtriage triage System.evtx",
        .0.display()
    )]
    Denied(PathBuf),
    #[error("{}: {source}. Export the log (wevtutil epl System System.evtx), and run: krbtriage triage System.evtx", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
}

/// The logs in `folder` that can be opened, the System log first, and notes on those that cannot.
///
/// The event log service keeps them open. [`File::open`] shares a file with all other access on Windows, so it succeeds.
pub fn live_logs(folder: &Path) -> Result<(Vec<PathBuf>, Vec<String>), LogError> {
    let system = folder.join(SYSTEM);
    if let Err(source) = File::open(&system) {
        return Err(match source.kind() {
            ErrorKind::PermissionDenied => LogError::Denied(system),
            _ => LogError::Unreadable { path: system, source },
        });
    }
    let (mut logs, mut notes) = (vec![system], Vec::new());
    for path in RELATED.iter().map(|name| folder.join(name)) {
        match File::open(&path) {
            Ok(_) => logs.push(path),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => notes.push(format!("not read: {}: {error}", path.display())),
        }
    }
    Ok((logs, notes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_log_is_needed_and_the_others_are_read_where_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let error = live_logs(folder.path()).unwrap_err().to_string();
        assert!(error.contains("wevtutil epl System"), "{error}");
        for name in [SYSTEM, RELATED[0], "Application.evtx"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let (logs, notes) = live_logs(folder.path()).unwrap();
        let names: Vec<_> = logs.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!((names, notes.len()), (vec![SYSTEM, RELATED[0]], 0));
    }

    #[test]
    fn denied_access_names_the_right_that_is_missing() {
        let error = LogError::Denied("System.evtx".into()).to_string();
        assert!(error.contains("Run as administrator") && error.contains("Event Log Readers"), "{error}");
    }
}
