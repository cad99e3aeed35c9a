//! Opens regular files only, and describes why a file could not be read.

use std::fs::File;
use std::io::{self, Error, ErrorKind, Read};
use std::path::Path;

/// Reads a regular file of at most `max` bytes. The error of a longer one is [`ErrorKind::FileTooLarge`]. A pipe or a device
/// is refused, because reading it might never end.
pub fn read_regular(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it is larger than {} MiB", max >> 20)));
    }
    Ok(bytes)
}

/// Opens a regular file. A pipe or a device is refused first, because opening a pipe waits for its writer.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    if is_endless(path) {
        return Err(Error::other("it is a pipe or a device"));
    }
    File::open(path)
}

fn is_endless(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Describes why the file at `path` could not be read, and what to do. The text follows the path in a message.
pub fn describe_read_error(path: &Path, error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file; check its name and the folder you are in".to_owned(),
        // Windows reports a folder as PermissionDenied.
        _ if path.is_dir() => "this is a folder; name a file in it".to_owned(),
        _ if is_endless(path) => {
            "this is a pipe or a device, which may have no end; save its content to a file first".to_owned()
        }
        ErrorKind::PermissionDenied => {
            "access is denied; run as somebody who may read it, or copy it first".to_owned()
        }
        _ => format!("cannot be read: {error}; copy it to another place and try that"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.csv");
        let error = std::fs::read(&missing).unwrap_err();
        assert!(describe_read_error(&missing, &error).contains("no such file; check"));
        let error = std::fs::read(folder.path()).unwrap_err();
        assert!(describe_read_error(folder.path(), &error).contains("name a file in it"));
        let denied = Error::from(ErrorKind::PermissionDenied);
        assert!(describe_read_error(&missing, &denied).contains("run as somebody"));
    }
}
