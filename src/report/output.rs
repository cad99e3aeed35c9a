//! Files that appear whole or not at all.

use std::collections::HashSet;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use super::place::Place;
use super::unfinished::Unfinished;
use crate::files;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("{}: the folder does not exist; make it first, or name another place with --output", path.display())]
    NoFolder { path: PathBuf },
    #[error("{}: cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{}: this file is read, and what is written would replace it; name another place with --output", path.display())]
    IsInput { path: PathBuf },
    #[error(
        "{}: cannot be replaced: it is open in another program (as Excel does), or read-only; close it there, or name another file",
        path.display()
    )]
    InUse { path: PathBuf },
    #[error("standard output: {0}")]
    Stdout(io::Error),
}

/// Where something is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Stdout,
    File(PathBuf),
}

impl Output {
    /// Writes through `fill`. A file is written beside its place and renamed when it is complete, so a run that fails
    /// leaves the old one, or nothing. Returns the path written, which is another one where the report is open in a
    /// program that locks it (Excel does): `report.csv` becomes `report-2.csv`.
    pub fn write(
        &self,
        spared: &Spared,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Option<PathBuf>, OutputError> {
        match self {
            Self::Stdout => write_stdout(fill).map(|_| None),
            Self::File(path) => Staged::new(path, fill)?.commit(spared).map(Some),
        }
    }

    /// The file, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stdout => None,
        }
    }

    /// Can it be written, as far as one can tell before the work is done?
    pub fn check(&self) -> Result<(), OutputError> {
        match self {
            // A pipe's name on Windows, `\\.\pipe\name`, looks as if it were in a folder.
            Self::File(path) if matches!(Place::of(path), Place::Device(_)) => Ok(()),
            Self::File(path) if !folder_of(path).is_dir() => {
                Err(OutputError::NoFolder { path: path.clone() })
            }
            Self::File(path) if path.is_dir() => Err(OutputError::Write {
                path: path.clone(),
                source: io::Error::other("this is a folder; name a file in it"),
            }),
            _ => Ok(()),
        }
    }
}

/// Second names (`report-2.csv`) that no output of the run may take: what is called so is read, or is another output.
#[derive(Debug, Default)]
pub struct Spared(HashSet<PathBuf>);

/// Would one of `outputs` replace one of `inputs`? A log is evidence, and may be the only copy.
pub fn spare<'a>(
    outputs: impl IntoIterator<Item = &'a Path>,
    inputs: impl Iterator<Item = &'a Path> + Clone,
) -> Result<Spared, OutputError> {
    let is_input = |output: &Path| {
        // A device is not replaced; and on Windows asking opens it, and a pipe that was opened and closed is busy.
        if matches!(Place::of(output), Place::Device(_)) {
            return false;
        }
        // An output that is not there yet replaces nothing.
        let Ok(there) = output.canonicalize() else { return false };
        // Asking where a file really stands costs a microsecond or ten, and there may be a million.
        let named_so = |input: &&Path| match (input.file_name(), there.file_name()) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        };
        inputs.clone().filter(named_so).any(|input| input.canonicalize().is_ok_and(|i| i == there))
    };
    let outputs: Vec<&Path> = outputs.into_iter().collect();
    if let Some(output) = outputs.iter().find(|output| is_input(output)) {
        return Err(OutputError::IsInput { path: output.to_path_buf() });
    }
    let key = |path: &Path| Place::of(path).key();
    let keys: HashSet<PathBuf> = outputs.iter().filter_map(|output| key(output)).collect();
    let second = outputs.iter().flat_map(|output| (2..=LAST_NAME).map(|n| other_name(output, n)));
    let spared = second.filter_map(|name| {
        let key = key(&name)?;
        (keys.contains(&key) || is_input(&name)).then_some(key)
    });
    Ok(Spared(spared.collect()))
}

/// The folder that a file of this name is in, or would be.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes to standard output. Was all of it taken? Whoever reads may have seen enough (`| head`): that is their decision
/// and no error.
pub fn write_stdout(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<bool, OutputError> {
    let mut out = BufWriter::new(io::stdout().lock());
    match fill(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(OutputError::Stdout(error)),
        Ok(()) => Ok(true),
    }
}

/// The same for text in colours. Where standard output is no terminal they are left out, and a console that does not know
/// escape sequences (Windows before 10) is coloured in its own way.
pub fn write_screen(text: &str) -> Result<bool, OutputError> {
    let mut out = BufWriter::new(anstream::AutoStream::auto(io::stdout().lock()));
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(OutputError::Stdout(error)),
        Ok(()) => Ok(true),
    }
}

/// A file that is complete and on disk, but not yet in its place. Several outputs of one run are all staged before the
/// first takes its place. Dropped, it leaves nothing.
pub struct Staged {
    /// As the user wrote it.
    path: PathBuf,
    place: Place,
    file: tempfile::NamedTempFile,
    _unfinished: Unfinished,
}

impl Staged {
    pub fn new(
        path: &Path,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Self, OutputError> {
        let failed = |source| OutputError::Write { path: path.to_path_buf(), source };
        let place = Place::of(path);
        let folder = match &place {
            Place::File(file) => folder_of(file).to_path_buf(),
            Place::Device(_) => std::env::temp_dir(),
        };
        let mut file = tempfile::Builder::new().prefix(".krbtriage-").tempfile_in(folder).map_err(failed)?;
        let _unfinished = Unfinished::new(file.path());
        {
            let mut out = BufWriter::new(file.as_file_mut());
            fill(&mut out).map_err(failed)?;
            out.flush().map_err(failed)?;
        }
        if let Place::File(target) = &place {
            // The rename must not overtake the data: after a power cut there is the old report or the new one.
            file.as_file().sync_all().map_err(failed)?;
            readable(file.as_file(), target);
        }
        Ok(Self { path: path.to_path_buf(), place, file, _unfinished })
    }

    /// Is its place a pipe or a device?
    pub fn is_device(&self) -> bool {
        matches!(self.place, Place::Device(_))
    }

    /// Puts it in its place and nowhere else.
    pub fn replace(self) -> Result<(), OutputError> {
        let Self { path, place, file, _unfinished } = self;
        match place {
            Place::Device(device) => copy(file, &device),
            Place::File(target) => file.persist(target).map(drop).map_err(|e| e.error),
        }
        .map_err(|source| refused(path, source))
    }

    /// Puts it in its place; the path it got (see [`Output::write`]).
    pub fn commit(self, spared: &Spared) -> Result<PathBuf, OutputError> {
        let target = match &self.place {
            Place::File(target) => target.clone(),
            Place::Device(_) => {
                let path = self.path.clone();
                return self.replace().map(|()| path);
            }
        };
        let Self { path, place: _, file, _unfinished } = self;
        let (first, mut file) = match file.persist(&target) {
            Ok(_) => return Ok(path),
            Err(e) if is_locked(&e.error) && target.exists() => (e.error, e.file),
            Err(e) => return Err(refused(path, e.error)),
        };
        for n in 2..=LAST_NAME {
            let key = Place::File(other_name(&target, n)).key();
            if key.is_some_and(|key| spared.0.contains(&key)) {
                continue;
            }
            match file.persist(other_name(&target, n)) {
                Ok(_) => return Ok(other_name(&path, n)),
                Err(e) if is_locked(&e.error) => file = e.file,
                Err(e) => return Err(refused(path, e.error)),
            }
        }
        Err(refused(path, first))
    }
}

/// `report-9.csv`: whoever has more of them open has forgotten them.
const LAST_NAME: u32 = 9;

fn copy(mut file: tempfile::NamedTempFile, device: &Path) -> io::Result<()> {
    file.as_file_mut().seek(io::SeekFrom::Start(0))?;
    let mut device = std::fs::File::options().write(true).open(device)?;
    match io::copy(file.as_file_mut(), &mut device) {
        // Whoever reads the pipe has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

fn refused(path: PathBuf, source: io::Error) -> OutputError {
    if is_locked(&source) { OutputError::InUse { path } } else { OutputError::Write { path, source } }
}

/// Temporary files are for their owner alone; a report has the rights of the one it replaces, or the usual ones.
#[cfg(unix)]
fn readable(file: &std::fs::File, path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).map_or(0o644, |old| old.permissions().mode() & 0o777);
    // Where the rights cannot be set the report is still right, and its owner can read it.
    let _ = file.set_permissions(std::fs::Permissions::from_mode(mode));
}

#[cfg(not(unix))]
fn readable(_: &std::fs::File, _: &Path) {}

/// Another program has the file open. Where one is to be replaced Windows may say ERROR_ACCESS_DENIED (5) for that too.
fn is_locked(error: &io::Error) -> bool {
    files::is_locked(error) || (cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied)
}

fn other_name(path: &Path, n: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_os_string();
    name.push(format!("-{n}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_report_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        std::fs::write(&path, "old").unwrap();
        let result = Output::File(path.clone()).write(&Spared::default(), |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(result.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_complete_write_replaces_the_old_report() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.csv");
        std::fs::write(&path, "old").unwrap();
        Output::File(path.clone()).write(&Spared::default(), |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn the_second_name_keeps_the_extension() {
        assert_eq!(other_name(Path::new("a/report.csv"), 2), Path::new("a/report-2.csv"));
    }

    #[test]
    fn a_second_name_is_never_that_of_an_input_or_another_output() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["report-2.csv", "report-5.csv"] {
            std::fs::write(path(name), "read").unwrap();
        }
        let (outputs, input) = ([path("report.csv"), path("report-4.csv")], path("report-2.csv"));
        let outputs = || outputs.iter().map(PathBuf::as_path);
        let Spared(spared) = spare(outputs(), [&*input].into_iter()).unwrap();
        let keys = ["report-2.csv", "report-4.csv"].map(|name| Place::of(&path(name)).key().unwrap());
        assert_eq!(spared, HashSet::from(keys), "an earlier second name is not spared");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_named_as_output_is_written_to_and_stays_a_pipe() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let reader = std::thread::spawn({
            let path = path.clone();
            move || std::fs::read_to_string(path).unwrap()
        });
        Output::File(path.clone()).write(&Spared::default(), |out| out.write_all(b"report")).unwrap();
        assert_eq!(reader.join().unwrap(), "report");
        assert!(std::fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.csv"), folder.path().join("latest.csv"));
        std::fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        Output::File(link.clone()).write(&Spared::default(), |out| out.write_all(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
