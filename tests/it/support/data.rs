//! The files of `tests/data`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The path of a file below `tests/data`.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The folder of all real logs. The first test that needs it unpacks them below `target/tmp`.
pub fn real_logs_folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real-logs");
        fs::create_dir_all(&folder).unwrap();
        for packed in fs::read_dir(path("evtx")).unwrap().map(|entry| entry.unwrap().path()) {
            let log = folder.join(packed.file_stem().unwrap());
            let bytes = zstd::decode_all(&*fs::read(&packed).unwrap()).unwrap();
            if fs::read(&log).is_ok_and(|present| present == bytes) {
                continue;
            }
            // Another test process may unpack it too, so the log appears complete or not at all.
            let unfinished = tempfile::NamedTempFile::new_in(&folder).unwrap();
            fs::write(unfinished.path(), bytes).unwrap();
            unfinished.persist(log).unwrap();
        }
        folder
    });
    &FOLDER
}

/// The paths of the real logs that are EVTX, sorted.
pub fn real_logs() -> Vec<PathBuf> {
    let folder = fs::read_dir(real_logs_folder()).unwrap();
    let mut logs: Vec<_> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "evtx"))
        .collect();
    logs.sort();
    assert_eq!(logs.len(), 12, "{logs:?}");
    logs
}
