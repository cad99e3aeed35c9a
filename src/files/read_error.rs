//! Why a file could not be read, and what to do: in words, not in the system's numbers.

use std::io::{Error, ErrorKind};
use std::path::Path;

/// The second half of a message that begins with the path.
pub fn describe_read_error(path: &Path, error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file; check its name and the folder you are in".to_owned(),
        // Windows says so of folders too.
        _ if path.is_dir() => "this is a folder; name a file in it".to_owned(),
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
