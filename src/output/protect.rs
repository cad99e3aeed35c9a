//! Refuses outputs that would replace a file that is read: a log is evidence, and may be the only copy.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::error::OutputError;
use super::target::{ResolvedTarget, SECOND_NAMES, second_name};

/// Second names (`report-2.csv`) that no output of the run may get: an input or another output has the name.
#[derive(Debug, Default)]
pub struct ProtectedPaths(HashSet<PathBuf>);

impl ProtectedPaths {
    pub(super) fn contains(&self, path: &Path) -> bool {
        ResolvedTarget::resolve(path).key().is_some_and(|key| self.0.contains(&key))
    }
}

/// Identity of the file that a path resolves to: device and inode, on Windows volume and file index.
#[cfg(unix)]
#[derive(PartialEq, Eq, Hash)]
struct FileId(u64, u64);

#[cfg(unix)]
impl FileId {
    /// Looks up the identity; `None` if there is no such file.
    fn from_path(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = path.metadata().ok()?;
        Some(Self(metadata.dev(), metadata.ino()))
    }
}

#[cfg(not(unix))]
#[derive(PartialEq, Eq, Hash)]
struct FileId(same_file::Handle);

#[cfg(not(unix))]
impl FileId {
    /// Looks up the identity. `None` if there is no such file, or if another program has locked it, so that no output can replace
    /// it.
    fn from_path(path: &Path) -> Option<Self> {
        same_file::Handle::from_path(path).ok().map(Self)
    }
}

/// An existing file that an output may replace.
enum ReplacedFile<'a> {
    /// The output itself, as the user passed it.
    Output(&'a Path),
    /// A second name of an output, by its [`ResolvedTarget::key`].
    SecondName(PathBuf),
}

/// Fails if an output would replace an input, under any name and through any link. An input need not exist. `is_input`
/// confirms an input that an output would replace. Costs one access to the file system for each input, and none if no
/// output exists yet.
pub fn protect<'a, P: AsRef<Path>, T>(
    outputs: impl IntoIterator<Item = &'a Path>,
    inputs: impl IntoIterator<Item = (P, T)>,
    is_input: impl Fn(&Path, &T) -> bool,
) -> Result<ProtectedPaths, OutputError> {
    let outputs: Vec<&Path> = outputs.into_iter().collect();
    let mut existing: HashMap<FileId, ReplacedFile<'_>> = HashMap::new();
    let keys: HashSet<PathBuf> =
        outputs.iter().filter_map(|output| ResolvedTarget::resolve(output).key()).collect();
    let mut protected = HashSet::new();
    for output in &outputs {
        let resolved = ResolvedTarget::resolve(output);
        // A device is not replaced; and on Windows a pipe that was opened and closed is busy.
        let ResolvedTarget::File(file) = &resolved else { continue };
        for name in SECOND_NAMES.map(|n| second_name(file, n)) {
            let Some(key) = ResolvedTarget::resolve(&name).key() else { continue };
            if keys.contains(&key) {
                protected.insert(key);
            } else if let Some(id) = FileId::from_path(&name) {
                existing.entry(id).or_insert(ReplacedFile::SecondName(key));
            }
        }
        if let Some(id) = FileId::from_path(file) {
            existing.insert(id, ReplacedFile::Output(output));
        }
    }
    if existing.is_empty() {
        return Ok(ProtectedPaths(protected));
    }
    for (input, about) in inputs {
        let input = input.as_ref();
        let replaced = FileId::from_path(input).and_then(|id| existing.get(&id));
        match replaced.filter(|_| is_input(input, &about)) {
            Some(ReplacedFile::Output(output)) => {
                return Err(OutputError::IsInput { path: output.to_path_buf() });
            }
            Some(ReplacedFile::SecondName(key)) => {
                protected.insert(key.clone());
            }
            None => {}
        }
    }
    Ok(ProtectedPaths(protected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_name_is_never_that_of_an_input_or_another_output() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["report-2.csv", "report-5.csv"] {
            std::fs::write(path(name), "read").unwrap();
        }
        let (outputs, input) = ([path("report.csv"), path("report-4.csv")], path("report-2.csv"));
        let all = |_: &Path, (): &()| true;
        let protected = protect(outputs.iter().map(PathBuf::as_path), [(&input, ())], all).unwrap();
        assert!(protected.contains(&path("report-2.csv")), "an input");
        assert!(protected.contains(&path("report-4.csv")), "another output");
        assert!(!protected.contains(&path("report-5.csv")), "an earlier second name");
    }

    #[test]
    fn an_input_is_protected_under_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("evidence.csv"), "read").unwrap();
        std::fs::hard_link(path("evidence.csv"), path("copy.csv")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("evidence.csv", path("SRV1.evtx")).unwrap();
        let inputs = [
            path("evidence.csv"),
            path("copy.csv"),
            #[cfg(unix)]
            path("SRV1.evtx"),
        ];
        for input in &inputs {
            let refused = protect([&*path("evidence.csv")], [(input, ())], |_, ()| true);
            assert!(matches!(refused, Err(OutputError::IsInput { .. })), "{}", input.display());
        }
        assert!(protect([&*path("new.csv")], inputs.iter().map(|input| (input, ())), |_, ()| true).is_ok());
    }
}
