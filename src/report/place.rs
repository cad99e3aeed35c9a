//! Where an output really goes: through links, to devices, and on Windows past the limit of 260 characters.

use std::path::{Path, PathBuf};

/// The place behind a path as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file that is or will be there. A link is followed, so that it stays a link.
    File(PathBuf),
    /// `/dev/null`, a pipe, `NUL`, `CON`: written as it is. Replacing it would take it away from everybody.
    Device(PathBuf),
}

impl Place {
    pub fn of(path: &Path) -> Self {
        // On Windows this takes the dots and spaces off the end that the system ignores, and knows the names that are
        // devices there: NUL in any folder on Windows 10, in none on Windows 11.
        let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        if is_device(&full) {
            return Self::Device(path.to_path_buf());
        }
        if std::fs::symlink_metadata(&full).is_ok_and(|m| m.is_symlink())
            && let Ok(target) = std::fs::canonicalize(&full)
        {
            return Self::File(target);
        }
        // Windows takes the canonical form, \\?\C:\..., at any length; and two ways to write a folder become one.
        match (full.parent().map(std::fs::canonicalize), full.file_name()) {
            (Some(Ok(folder)), Some(name)) => Self::File(folder.join(name)),
            _ => Self::File(full),
        }
    }

    /// Equal where two outputs would overwrite one another.
    pub fn key(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) if cfg!(windows) => Some(path.to_string_lossy().to_lowercase().into()),
            Self::File(path) => Some(path.clone()),
            Self::Device(_) => None,
        }
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
    fn a_folder_written_in_two_ways_is_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        let key = |path: &str| Place::of(&folder.path().join(path)).key().unwrap();
        assert_eq!(key("report.csv"), key("sub/../report.csv"));
        assert_ne!(key("report.csv"), key("sub/report.csv"));
        assert_eq!(key("report.csv") == key("REPORT.csv"), cfg!(windows));
    }

    #[test]
    fn a_device_is_no_file() {
        let device = Path::new(if cfg!(windows) { "NUL" } else { "/dev/null" });
        assert_eq!(Place::of(device), Place::Device(device.to_path_buf()));
        assert_eq!(Place::of(device).key(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_one_that_leads_nowhere_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        std::fs::write(root.join("real.csv"), "").unwrap();
        std::os::unix::fs::symlink("real.csv", root.join("latest.csv")).unwrap();
        std::os::unix::fs::symlink("gone.csv", root.join("broken.csv")).unwrap();
        assert_eq!(Place::of(&root.join("latest.csv")), Place::File(root.join("real.csv")));
        assert_eq!(Place::of(&root.join("broken.csv")), Place::File(root.join("broken.csv")));
    }
}
