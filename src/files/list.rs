//! Reads lists of file names, which `--files-from` and similar options pass.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::read_error::describe_read_error;
use crate::text::decode::{decode, has_mark};

/// Longest list in bytes, enough for a million long names.
const MAX_LIST: u64 = 256 << 20;

/// Why a list could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error("{option} {}: {}", path.display(), describe_read_error(path, source))]
    Read { option: &'static str, path: PathBuf, source: io::Error },
    #[error("{option} {}: this is not a file, and reading it could wait without end; pipe the names to {option} -", path.display())]
    NotAFile { option: &'static str, path: PathBuf },
    #[error("{option} {}: the list is longer than {} MiB; split it", path.display(), MAX_LIST >> 20)]
    TooLong { option: &'static str, path: PathBuf },
}

/// Joins the paths on the command line and those in the list of `--files-from`.
pub fn with_files_from(paths: &[PathBuf], list: Option<&Path>) -> Result<Vec<PathBuf>, ListError> {
    let listed = list.map(|list| read("--files-from", list)).transpose()?;
    Ok(paths.iter().cloned().chain(listed.into_iter().flatten()).collect())
}

/// Reads names from the file `list`, or from standard input if it is `-`. Errors mention `option`, which passed the list.
pub(crate) fn read(option: &'static str, list: &Path) -> Result<Vec<PathBuf>, ListError> {
    let path = list.to_path_buf();
    let mut bytes = Vec::new();
    let mut read = |input: &mut dyn Read| input.take(MAX_LIST + 1).read_to_end(&mut bytes).map(drop);
    let done = match list.as_os_str() == "-" {
        true => read(&mut io::stdin().lock()),
        // Reading a pipe without a writer would never end.
        false if list.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) => {
            return Err(ListError::NotAFile { option, path });
        }
        false => File::open(list).and_then(|mut file| read(&mut file)),
    };
    match done {
        Err(source) => Err(ListError::Read { option, path, source }),
        Ok(()) if bytes.len() as u64 > MAX_LIST => Err(ListError::TooLong { option, path }),
        Ok(()) => Ok(names(&bytes)),
    }
}

/// Splits names at NUL if there is one (`find -print0`), else at line ends. Skips empty names.
fn names(bytes: &[u8]) -> Vec<PathBuf> {
    // PowerShell's `>` writes UTF-16, in which every second byte is NUL.
    let text = has_mark(bytes).then(|| decode(bytes));
    let bytes = text.as_deref().map_or(bytes, str::as_bytes);
    let lines = !bytes.contains(&0);
    let names = bytes.split(|b| *b == if lines { b'\n' } else { 0 });
    names
        .map(|name| match name {
            [name @ .., b'\r'] if lines => name,
            name => name,
        })
        .filter(|name| !name.is_empty())
        .map(path)
        .collect()
}

/// On Unix names are bytes. Any byte except NUL may occur.
#[cfg(unix)]
fn path(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(name).into()
}

#[cfg(not(unix))]
fn path(name: &[u8]) -> PathBuf {
    decode(name).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(bytes: &[u8]) -> Vec<String> {
        names(bytes).iter().map(|path| path.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn names_end_with_nul_or_with_a_line() {
        assert_eq!(listed(b"a b.evtx\nc.evtx\r\n\r\n\nd"), ["a b.evtx", "c.evtx", "d"]);
        assert_eq!(listed(b"a\nb.evtx\0c\r\0\0"), ["a\nb.evtx", "c\r"]);
        assert_eq!(listed(b""), <[&str; 0]>::default());
    }

    #[test]
    fn what_powershell_writes_is_read() {
        let utf16: Vec<u8> =
            "\u{feff}C:\\lögs\\a.evtx\r\nb.evtx\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(listed(&utf16), ["C:\\lögs\\a.evtx", "b.evtx"]);
        assert_eq!(listed("\u{feff}a.evtx\r\n".as_bytes()), ["a.evtx"]);
    }
}
