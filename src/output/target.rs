//! Resolves an output argument: `-`, a device, or a file, following links.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::error::OutputError;

/// The destination of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Stdout,
    File(PathBuf),
}

impl Output {
    /// Reads an output argument: `-` is standard output, anything else is a path. No other code decides this.
    pub fn from_arg(argument: PathBuf) -> Self {
        if argument.as_os_str() == "-" { Self::Stdout } else { Self::File(argument) }
    }

    /// Reads an optional output argument, which is standard output by default.
    pub fn from_option(argument: Option<PathBuf>) -> Self {
        argument.map_or(Self::Stdout, Self::from_arg)
    }

    /// Returns the path of a file; `None` for standard output.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdout => None,
        }
    }

    /// Fails if the path is a folder, a link to itself, or in a folder that does not exist. Rights are not checked.
    pub fn check(&self) -> Result<(), OutputError> {
        let Self::File(path) = self else { return Ok(()) };
        let wrong = |why: &str| {
            Err(OutputError::Write { path: path.clone(), source: io::Error::other(why.to_owned()) })
        };
        match ResolvedTarget::resolve(path) {
            // The name of a pipe on Windows, `\\.\pipe\name`, has no folder.
            ResolvedTarget::Device(_) => Ok(()),
            ResolvedTarget::File(file) => {
                if path.is_dir() || ends_with_separator(path) {
                    wrong("this is a folder; name a file in it")
                } else if !folder_of(&file).is_dir() {
                    Err(OutputError::NoFolder { path: path.clone() })
                } else if std::fs::symlink_metadata(&file).is_ok_and(|m| m.is_symlink()) {
                    wrong("this link points to itself; name another file")
                } else {
                    Ok(())
                }
            }
        }
    }
}

fn ends_with_separator(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|&byte| std::path::is_separator(byte as char))
}

/// Returns the folder of a file, which need not exist: `.` for a name without a folder.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Numbers for the names of an output that another program holds open: `report-2.csv` to `report-9.csv`.
pub(super) const SECOND_NAMES: [u32; 8] = [2, 3, 4, 5, 6, 7, 8, 9];

/// Adds a number to the name of a file: `report-2.csv` for `report.csv` and 2.
pub(super) fn second_name(path: &Path, n: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(format!("-{n}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Destination of an output, with all links resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolvedTarget {
    /// A file, which need not exist. Replacing it keeps the links to it.
    File(PathBuf),
    /// A device or pipe (`/dev/null`, `NUL`, `CON`), which is written in place. Replacing it would take it away from every
    /// other program.
    Device(PathBuf),
}

/// Links to follow before they count as a loop. Linux has the same limit (path_resolution(7)).
const MAX_LINKS: usize = 40;

impl ResolvedTarget {
    /// Follows the links of `path`, also one to a file that does not exist.
    pub fn resolve(path: &Path) -> Self {
        // On Windows this removes trailing dots and spaces, which the system ignores, and recognises the names of devices:
        // NUL in any folder on Windows 10, in none on Windows 11.
        let mut full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        if is_device(&full) {
            return Self::Device(path.to_path_buf());
        }
        for _ in 0..MAX_LINKS {
            match std::fs::read_link(&full) {
                Ok(target) => full = folder_of(&full).join(target),
                Err(_) => break,
            }
        }
        // Windows accepts the canonical form, \\?\C:\..., at any length; and two spellings of a folder become one.
        match (std::fs::canonicalize(folder_of(&full)), full.file_name()) {
            (Ok(folder), Some(name)) => Self::File(folder.join(name)),
            _ => Self::File(full),
        }
    }

    /// Returns a key that is equal for two outputs that would overwrite each other. `None` for a device, which several
    /// outputs may share.
    pub fn key(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) if cfg!(any(windows, target_os = "macos")) => {
                Some(path.to_string_lossy().to_lowercase().into())
            }
            Self::File(path) => Some(path.clone()),
            Self::Device(_) => None,
        }
    }

    /// Appends `suffix` to the path of a file; `None` for a device.
    pub fn with_suffix(&self, suffix: impl AsRef<OsStr>) -> Option<PathBuf> {
        let Self::File(path) = self else { return None };
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        Some(name.into())
    }
}

#[cfg(windows)]
fn is_device(full: &Path) -> bool {
    matches!(
        full.components().next(),
        Some(std::path::Component::Prefix(prefix)) if matches!(prefix.kind(), std::path::Prefix::DeviceNS(_))
    )
}

#[cfg(not(windows))]
fn is_device(full: &Path) -> bool {
    std::fs::metadata(full).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_is_standard_output() {
        assert_eq!(Output::from_arg("-".into()), Output::Stdout);
        assert_eq!(Output::from_arg("./-".into()), Output::File("./-".into()));
        assert_eq!(Output::from_option(None), Output::Stdout);
    }

    #[test]
    fn two_spellings_of_a_folder_are_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        let key = |path: &str| ResolvedTarget::resolve(&folder.path().join(path)).key().unwrap();
        assert_eq!(key("report.csv"), key("sub/../report.csv"));
        assert_ne!(key("report.csv"), key("sub/report.csv"));
        assert_eq!(key("report.csv") == key("REPORT.csv"), cfg!(windows));
    }

    #[test]
    fn a_device_is_not_a_file() {
        let device = Path::new(if cfg!(windows) { "NUL" } else { "/dev/null" });
        assert_eq!(ResolvedTarget::resolve(device), ResolvedTarget::Device(device.to_path_buf()));
        assert_eq!(ResolvedTarget::resolve(device).key(), None);
    }

    #[test]
    fn a_name_that_ends_with_a_separator_is_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let output = Output::File(folder.path().join("report/"));
        assert!(output.check().unwrap_err().to_string().contains("this is a folder"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_also_to_a_file_that_does_not_exist() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, root.join(name)).unwrap();
        std::fs::create_dir(root.join("sub")).unwrap();
        std::fs::write(root.join("real.csv"), "").unwrap();
        link("real.csv", "latest.csv");
        link("sub/later.csv", "dangling.csv");
        link("dangling.csv", "second.csv");
        link("loop.csv", "loop.csv");
        let resolved = |name: &str| ResolvedTarget::resolve(&root.join(name));
        assert_eq!(resolved("latest.csv"), ResolvedTarget::File(root.join("real.csv")));
        assert_eq!(resolved("dangling.csv"), ResolvedTarget::File(root.join("sub/later.csv")));
        assert_eq!(resolved("second.csv"), resolved("sub/later.csv"), "one target, two links");
        let error = Output::File(root.join("loop.csv")).check().unwrap_err().to_string();
        assert!(error.contains("points to itself"), "{error}");
    }
}
