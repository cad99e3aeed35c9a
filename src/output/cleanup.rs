//! Removes temporary files: those of an interrupted run at once, those of a killed run at the end of a later one.
//!
//! The list of temporary files is a static, because the handler of an interruption takes no argument. It is empty unless
//! an output is being written. A library user who installs no handler is not affected.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::NamedTempFile;

/// Prefix of the name of a temporary file.
pub(super) const PREFIX: &str = ".krbtriage-";
/// Number of random letters and digits after [`PREFIX`].
pub(super) const RANDOM_LEN: usize = 6;

/// Reports whether a temporary file may have this name. A user may call a file `.krbtriage-old.csv`, which is none.
fn is_temporary(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .is_some_and(|rest| rest.len() == RANDOM_LEN && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Age from which a temporary file belongs to a killed run. A run that is alive renames its files within seconds.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Temporary files of this process that an interruption removes.
static TEMP_FILES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// Held while outputs are replaced.
static COMMIT: Mutex<()> = Mutex::new(());

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registration of a temporary file: while the guard exists, an interruption removes the file.
#[derive(Debug)]
pub(super) struct TempFileGuard(PathBuf);

impl TempFileGuard {
    /// Creates a file with `make` and registers it. An interruption waits until both are done.
    pub(super) fn create(
        make: impl FnOnce() -> io::Result<NamedTempFile>,
    ) -> io::Result<(NamedTempFile, Self)> {
        let mut files = lock(&TEMP_FILES);
        let file = make()?;
        let path = file.path().to_path_buf();
        files.push(path.clone());
        Ok((file, Self(path)))
    }
}

impl Drop for TempFileGuard {
    fn drop(&mut self) {
        let mut files = lock(&TEMP_FILES);
        if let Some(at) = files.iter().position(|path| *path == self.0) {
            files.swap_remove(at);
        }
    }
}

/// Makes an interruption wait until the guard is dropped, so that either all outputs of a run are replaced or none.
pub(super) fn commit_lock() -> MutexGuard<'static, ()> {
    lock(&COMMIT)
}

/// Removes this run's temporary files and ends the process with `status`. The handler of an interruption calls it.
pub fn exit_cleaning_up(status: i32) -> ! {
    // Both locks are held until the process ends, so that no other thread starts an output.
    let _commit = commit_lock();
    let files = lock(&TEMP_FILES);
    for path in files.iter() {
        // Nothing can be done about a file that stays: the process ends, and nothing reads this name.
        let _ = std::fs::remove_file(path);
    }
    std::process::exit(status)
}

/// Removes temporary files of killed runs from `folder`. A file that cannot be removed stays.
pub fn remove_abandoned(folder: &Path) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        if !is_temporary(&entry.file_name().to_string_lossy()) {
            continue;
        }
        // The metadata of an entry is that of a link, not of its target.
        let Ok(metadata) = entry.metadata() else { continue };
        let age = metadata.modified().ok().and_then(|time| time.elapsed().ok());
        if metadata.is_file() && age.is_some_and(|age| age > ABANDONED_AFTER) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn only_old_temporary_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, hours: u64| {
            let file = std::fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
        };
        make(".krbtriage-0ldOld", 30);
        make(".krbtriage-newNew", 1);
        make(".krbtriage-old.csv", 900);
        make("report.csv", 900);
        remove_abandoned(folder.path());
        let mut left: Vec<_> = folder
            .path()
            .read_dir()
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [".krbtriage-newNew", ".krbtriage-old.csv", "report.csv"]);
    }
}
