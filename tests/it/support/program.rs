//! Runs the program in a folder of its own, and makes the inputs that most tests need.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::support::evtx::{Event, EvtxWriter, kerberos_event3, kerberos_event4};

/// The absolute path of a file below `samples`, because the program runs in another folder.
pub fn sample(name: &str) -> String {
    // On Windows a path from the root is one of the current drive.
    let path = Path::new(ROOT).join("samples").join(name);
    std::path::absolute(path).expect("a path").into_os_string().into_string().expect("Unicode")
}

/// The folder of the repository.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The program with UTC as its time zone.
pub fn krbtriage() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_krbtriage"));
    command.env("TZ", "UTC");
    command
}

/// The program started by `env` with the default handling of every signal, because the shell of the tests may ignore some.
/// `options` are those of GNU `env`, such as `--ignore-signal=HUP`, and must be empty except on Linux.
pub fn krbtriage_with_signals(options: &[&str]) -> Command {
    if !cfg!(target_os = "linux") {
        assert!(options.is_empty(), "env of this system has no option for signals");
        return krbtriage();
    }
    let mut command = Command::new("env");
    command.arg("--default-signal").args(options).arg(env!("CARGO_BIN_EXE_krbtriage")).env("TZ", "UTC");
    command
}

/// Runs the program in a folder.
#[track_caller]
pub fn run_in(folder: &Path, arguments: &[&str]) -> Run {
    Run(krbtriage().current_dir(folder).args(arguments).output().expect("it runs"))
}

/// Runs `krbtriage triage` in the folder of the repository. Returns the exit status, standard output and standard error.
pub fn triage(arguments: &[&str]) -> (i32, String, String) {
    let run = run_in(Path::new(ROOT), &[&["triage"], arguments].concat());
    (run.code(), run.stdout(), run.stderr())
}

/// An empty folder in which the program runs. It is removed at the end of the test.
pub struct Sandbox(tempfile::TempDir);

impl Sandbox {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with the folders that its name has.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The text of a state file, without its magic and compression.
    pub fn unpacked(&self, name: &str) -> String {
        let file = std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let bytes = zstd::decode_all(file.strip_prefix(b"krbtriage-state\n").expect("a state"))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        String::from_utf8(bytes).expect("text")
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        run_in(self.folder(), arguments)
    }

    /// Starts the program without output.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = krbtriage();
        command.current_dir(self.0.path()).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("it starts")
    }

    /// The names of the files in the folder itself, in order.
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.path())
            .expect("a folder")
            .map(|e| e.expect("an entry"))
            .filter(|e| e.path().is_file())
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

/// The highest number that a field of `/proc/PID/status` shows until the process ends, read every millisecond. It may be
/// too low, never too high.
#[cfg(target_os = "linux")]
pub fn highest_until_end(child: &mut Child, field: &str) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut highest = 0;
    while child.try_wait().expect("a child").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let number: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        highest = highest.max(number.unwrap_or_default());
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    highest
}

/// The exit status and the output of a run.
pub struct Run(Output);

impl Run {
    pub fn code(&self) -> i32 {
        self.0.status.code().expect("an exit status")
    }

    pub fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("UTF-8")
    }

    pub fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("UTF-8")
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{}", self.stderr());
        self
    }
}

/// The options that write these files, by their names: `p.csv` are problems, `e.csv` events, `s.jsonl` a summary,
/// `n.txt` what is new and `state.json` a state. Any other name is a report.
pub fn outputs<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let option = |name: &str| match name {
        "p.csv" => "--problems",
        "e.csv" => "--events",
        "s.jsonl" => "--summary",
        "n.txt" => "--new",
        "state.json" => "--state",
        _ => "-o",
    };
    names.iter().flat_map(|name| [option(name), name]).collect()
}

/// The rows of a CSV report, each by column name.
pub type Rows = Vec<BTreeMap<String, String>>;

pub fn rows(csv: &str) -> Rows {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().expect("a header").clone();
    reader
        .records()
        .map(|r| names.iter().map(str::to_owned).zip(r.expect("a row").iter().map(str::to_owned)).collect())
        .collect()
}

/// Client, target, events and status of every row of a report. The client is its first label.
pub fn reported(csv: &str) -> Vec<(String, String, u64, String)> {
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut reported: Vec<_> = rows(csv)
        .iter()
        .map(|r| {
            (short(&r["client"]), short(&r["target_spn"]), r["events"].parse().unwrap(), r["status"].clone())
        })
        .collect();
    reported.sort();
    reported
}

/// The expected rows in the form of [`reported`].
pub fn want(all: &[(&str, &str, u64, &str)]) -> Vec<(String, String, u64, String)> {
    all.iter().map(|(c, t, n, s)| ((*c).into(), (*t).into(), *n, (*s).into())).collect()
}

/// The time so many minutes after midnight UTC of 6 October 2026.
pub fn at(minutes: u64) -> String {
    format!("2026-10-{:02}T{:02}:{:02}:00Z", 6 + minutes / 1440, minutes / 60 % 24, minutes % 60)
}

/// An event 4 on `client` for `target`. `srv9$` answered.
pub fn four(client: &str, target: &str, record_id: u64, minutes: u64) -> Event {
    kerberos_event4(
        &format!("{client}.alpha.example.com"),
        "srv9$",
        "ALPHA.EXAMPLE.COM",
        &format!("cifs/{target}.alpha.example.com"),
        "ALPHA.EXAMPLE.COM",
    )
    .at(&at(minutes))
    .record_id(record_id)
}

/// The event 3 that is the twin of [`four`]. It has no target.
pub fn three(client: &str, record_id: u64, minutes: u64) -> Event {
    let name = format!("{client}.alpha.example.com");
    kerberos_event3(&name, "0x29", "KRB_AP_ERR_MODIFIED", "ALPHA.EXAMPLE.COM", "srv9$", "")
        .at(&at(minutes))
        .record_id(record_id)
}

pub fn log(events: impl IntoIterator<Item = Event>) -> Vec<u8> {
    EvtxWriter::new().events(events).finish()
}

pub fn exists(path: &Path) -> bool {
    path.try_exists().expect("it can be asked")
}
