//! Files that are being written, so that a run that is interrupted (Ctrl-C, a scheduler's stop) leaves none of them.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static FILES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static SETTLING: Mutex<()> = Mutex::new(());

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For as long as it lives, an interruption removes the file.
#[derive(Debug)]
pub struct Unfinished(PathBuf);

impl Unfinished {
    pub fn new(path: &Path) -> Self {
        lock(&FILES).push(path.to_path_buf());
        Self(path.to_path_buf())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut files = lock(&FILES);
        if let Some(at) = files.iter().position(|path| *path == self.0) {
            files.swap_remove(at);
        }
    }
}

/// While it is held an interruption waits: several outputs take their places, and all of them should.
pub fn settle() -> MutexGuard<'static, ()> {
    lock(&SETTLING)
}

/// Ends the process with `status` and leaves no unfinished file. For the handler of an interruption.
pub fn abandon(status: i32) -> ! {
    // Both are held to the end, so that nothing new begins.
    let _settled = settle();
    let files = lock(&FILES);
    for path in files.iter() {
        // The process ends either way; a file that cannot be removed has a name nobody reads.
        let _ = std::fs::remove_file(path);
    }
    std::process::exit(status)
}
