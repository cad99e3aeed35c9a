use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::support::evtx::{Event, EvtxWriter, kerberos_event3, kerberos_event4};

/// A sample's path for a program that runs in another folder. On Windows a path from the root is one of the current drive.
pub fn sample(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
    std::path::absolute(path).expect("a path").into_os_string().into_string().expect("Unicode")
}

/// In UTC, whatever the zone of the test machine.
pub fn krbtriage() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_krbtriage"));
    command.env("TZ", "UTC");
    command
}

/// The binary, with every signal handled as by default although the shell of the tests may ignore some, and then with the
/// options of GNU `env`, such as `--ignore-signal=HUP`. Other systems have no such options.
pub fn krbtriage_with_signals(options: &[&str]) -> Command {
    if !cfg!(target_os = "linux") {
        assert!(options.is_empty(), "env of this system has no option for signals");
        return krbtriage();
    }
    let mut command = Command::new("env");
    command.arg("--default-signal").args(options).arg(env!("CARGO_BIN_EXE_krbtriage")).env("TZ", "UTC");
    command
}

/// A folder of its own, and the binary run in it.
pub struct Place(pub tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The text of a state.
    pub fn unpacked(&self, name: &str) -> String {
        let file = std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let bytes = zstd::decode_all(file.strip_prefix(b"krbtriage-state\n").expect("a state"))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        String::from_utf8(bytes).expect("text")
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = krbtriage().current_dir(self.0.path()).args(arguments).output().expect("it runs");
        Run(output)
    }

    /// Starts the program, which prints nothing.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = krbtriage();
        command.current_dir(self.0.path()).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("it starts")
    }

    /// Names of the files in it, without those below folders.
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

/// The highest number that a field of `/proc/PID/status` shows until the process ends. What is missed makes it less, never
/// more.
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

/// Rows of a CSV by column name.
pub type Rows = Vec<BTreeMap<String, String>>;

pub fn rows(csv: &str) -> Rows {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().expect("a header").clone();
    reader
        .records()
        .map(|r| names.iter().map(str::to_owned).zip(r.expect("a row").iter().map(str::to_owned)).collect())
        .collect()
}

/// Client, target, events and status of every row.
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

/// The same, in the form for comparison.
pub fn want(all: &[(&str, &str, u64, &str)]) -> Vec<(String, String, u64, String)> {
    all.iter().map(|(c, t, n, s)| ((*c).into(), (*t).into(), *n, (*s).into())).collect()
}

/// Minutes after noon of 6 October 2026.
pub fn at(minutes: u64) -> String {
    format!("2026-10-{:02}T{:02}:{:02}:00Z", 6 + minutes / 1440, minutes / 60 % 24, minutes % 60)
}

/// An event 4 on `client` for `target`.
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

/// Its twin, without a target.
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
