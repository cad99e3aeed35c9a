use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A folder with the samples' logs and inventories, in which the program is run.
pub struct Sandbox(tempfile::TempDir);

impl Sandbox {
    pub fn new() -> Self {
        let sandbox = Self(tempfile::tempdir().unwrap());
        let samples = Path::new(ROOT).join("samples");
        for name in ["interfaces.csv", "spns.csv"] {
            std::fs::copy(samples.join(name), sandbox.path(name)).unwrap();
        }
        std::fs::create_dir(sandbox.path("logs")).unwrap();
        for entry in std::fs::read_dir(samples.join("logs")).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), sandbox.path("logs").join(entry.file_name())).unwrap();
        }
        sandbox
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_krbtriage"));
        command.current_dir(self.0.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run(self.command().args(arguments).output().unwrap())
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Names in a folder, in order.
    pub fn names(folder: &Path) -> Vec<String> {
        crate::support::folder::names(folder)
    }
}

pub struct Run(Output);

impl Run {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.0.status.code(), Some(code), "{}", self.stderr());
        self
    }

    pub fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    #[track_caller]
    pub fn says(self, what: &str) -> Self {
        assert!(self.stderr().contains(what), "{what:?} is not in {:?}", self.stderr());
        self
    }
}

/// The samples' report with the path separators of Windows.
pub fn samples_report() -> String {
    let text = std::fs::read_to_string(Path::new(ROOT).join("samples/report.csv")).unwrap();
    text.replace("samples/logs/", r"logs\").replace("samples/", "")
}

pub const ALL: [&str; 5] = ["triage", "-i", "interfaces.csv", "-s", "spns.csv"];

/// The arguments of the samples' report, with these logs and options.
pub fn all<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ALL.iter().chain(more).copied().collect()
}
