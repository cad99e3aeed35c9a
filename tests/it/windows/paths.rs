use std::ffi::OsString;
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;

use super::support::*;

#[test]
fn the_samples_give_the_samples_report() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&all(&["logs"])).exits(0);
    assert_eq!(run.stdout(), samples_report());
}

#[test]
fn wildcards_are_replaced_by_what_they_match() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["triage", "-i", "inter*.csv", "-s", "spn?.csv", r"logs\*.EVTX"]).exits(0);
    assert_eq!(run.stdout(), samples_report());
    let all: Vec<String> =
        ["logs\\SRV?-*.evtx", "logs\\SRV1?-*.evtx", "logs\\*Events.evtx"].map(Into::into).into();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let run = sandbox.run(&[&ALL[..], &all].concat()).exits(0);
    assert_eq!(run.stdout().lines().count(), samples_report().lines().count());
}

#[test]
fn a_wildcard_that_matches_nothing_is_reported() {
    let sandbox = Sandbox::new();
    sandbox.run(&["triage", r"logs\*.evt"]).exits(4).says(r"logs\*.evt: no file matches this");
    sandbox.run(&["triage", "logs", r"none\*.evtx"]).exits(3).says(r"none\*.evtx: no file matches this");
}

#[test]
fn a_slash_is_a_separator_and_the_report_has_the_other_one() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&all(&["./logs/../logs/"])).exits(0);
    assert!(run.stdout().contains(r".\logs\..\logs\SRV1-System.evtx"), "{}", run.stdout());
    let run = sandbox.run(&all(&["logs/*.evtx"])).exits(0);
    assert_eq!(run.stdout(), samples_report());
}

#[test]
fn drives_absolute_and_relative() {
    let sandbox = Sandbox::new();
    let absolute = sandbox.path("logs");
    let absolute = absolute.to_str().unwrap();
    assert_eq!(absolute.get(1..3), Some(r":\"));
    let report = samples_report().replace(r"logs\", &format!(r"{absolute}\"));
    assert_eq!(sandbox.run(&all(&[absolute])).exits(0).stdout(), report);
    let pattern = format!(r"{absolute}\*.evtx");
    assert_eq!(sandbox.run(&all(&[&pattern])).exits(0).stdout(), report);
    // `C:logs` is relative to the drive's current folder.
    let relative = format!("{}logs", absolute.get(..2).unwrap());
    let run = sandbox.run(&all(&[&relative])).exits(0);
    assert_eq!(run.stdout().lines().count(), report.lines().count());
    // An output is relative to it too.
    let output = format!("{}report.csv", absolute.get(..2).unwrap());
    sandbox.run(&all(&["logs", "-o", &output])).exits(0);
    assert_eq!(sandbox.text("report.csv"), samples_report());
}

/// A path longer than the 260 characters that many Windows programs support.
fn long(sandbox: &Sandbox) -> PathBuf {
    let mut long = std::fs::canonicalize(sandbox.folder()).unwrap();
    assert!(long.to_str().unwrap().starts_with(r"\\?\"));
    for part in ["a", "b", "c", "d"] {
        long.push(part.repeat(90));
        std::fs::create_dir(&long).unwrap();
    }
    long
}

#[test]
fn paths_longer_than_260_characters_are_read_and_written() {
    let sandbox = Sandbox::new();
    let verbatim = long(&sandbox);
    std::fs::copy(sandbox.path(r"logs\SRV1-System.evtx"), verbatim.join("SRV1-System.evtx")).unwrap();
    let verbatim = verbatim.to_str().unwrap();
    let plain = verbatim.strip_prefix(r"\\?\").unwrap();
    let mut reports = Vec::new();
    for folder in [plain, verbatim] {
        for log in [folder.to_owned(), format!(r"{folder}\*.evtx"), format!(r"{folder}\SRV1-System.evtx")] {
            reports.push(sandbox.run(&["triage", "-i", "interfaces.csv", &log]).exits(0).stdout());
        }
        for (name, option) in [("report.csv", "-o"), ("events.csv", "--events"), ("state.json", "--state")] {
            let output = format!(r"{folder}\{name}");
            sandbox.run(&["triage", "-q", "logs", option, &output]).exits(0);
            let written = PathBuf::from(format!(r"{verbatim}\{name}"));
            assert!(std::fs::metadata(&written).unwrap().len() > 0, "{output}");
            std::fs::remove_file(written).unwrap();
        }
    }
    let first = reports.first().unwrap();
    assert!(first.contains(&format!(r"{plain}\SRV1-System.evtx")), "{first}");
    assert!(reports.iter().all(|r| r == first), "however it was written, a log has one name");
}

/// A share: `KRBTRIAGE_TEST_SHARE`, or this machine's own administrative one.
#[test]
#[ignore = "needs an administrator, or a share in KRBTRIAGE_TEST_SHARE"]
fn shares_are_read_and_written() {
    let sandbox = Sandbox::new();
    let share = match std::env::var("KRBTRIAGE_TEST_SHARE") {
        Ok(share) => share,
        Err(_) => {
            let drive = sandbox.folder().to_str().unwrap().replacen(':', "$", 1);
            format!(r"\\localhost\{drive}")
        }
    };
    let folder = format!(r"{share}\logs of share");
    std::fs::create_dir_all(&folder).unwrap();
    for name in Sandbox::names(&sandbox.path("logs")) {
        std::fs::copy(sandbox.path("logs").join(&name), format!(r"{folder}\{name}")).unwrap();
    }
    let report = samples_report().replace(r"logs\", &format!(r"{folder}\"));
    let verbatim = format!(r"\\?\UNC\{}", folder.trim_start_matches('\\'));
    let slashes = folder.replace('\\', "/");
    for written in
        [&folder, &format!(r"{folder}\*.evtx"), &verbatim, &format!(r"{verbatim}\*.evtx"), &slashes]
    {
        assert_eq!(sandbox.run(&all(&[written])).exits(0).stdout(), report, "{written}");
    }
    let output = format!(r"{folder}\report.csv");
    sandbox.run(&all(&[&folder, "-o", &output])).exits(0);
    assert_eq!(std::fs::read_to_string(&output).unwrap(), report);
    sandbox.run(&all(&[&folder, "-o", &output])).exits(0);
    let state = format!(r"{folder}\state.json");
    sandbox.run(&all(&[&folder, "-q", "--state", &state])).exits(0);
    sandbox.run(&all(&[&folder, "-q", "--state", &state, "--fail-on", "new"])).exits(0);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn names_in_other_scripts_are_read_and_written() {
    let sandbox = Sandbox::new();
    std::fs::rename(sandbox.path("logs"), sandbox.path("журналы 日本 Größe")).unwrap();
    let report = samples_report().replace(r"logs\", "журналы 日本 Größe\\");
    assert_eq!(sandbox.run(&all(&["журналы 日本 Größe"])).exits(0).stdout(), report);
    assert_eq!(sandbox.run(&all(&["журналы*\\*.evtx"])).exits(0).stdout(), report);
    sandbox.run(&all(&["журналы 日本 Größe", "-o", "Bericht für 日本.csv"])).exits(0);
    assert_eq!(sandbox.text("Bericht für 日本.csv"), report);
}

/// Windows lets names be any 16-bit numbers; half of a surrogate pair is not Unicode. Wine cannot store such a name, so
/// `tests/windows/run` leaves this test out.
#[test]
fn a_name_that_is_not_unicode_is_read() {
    let sandbox = Sandbox::new();
    let name = OsString::from_wide(&[b'a'.into(), 0xD800, b'b'.into()]);
    std::fs::rename(sandbox.path("logs"), sandbox.folder().join(&name)).unwrap();
    let output = sandbox.command().args(ALL).arg(&name).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(report, samples_report().replace(r"logs\", "a\u{FFFD}b\\"));
}

#[test]
fn nul_accepts_a_report_and_stays_a_device() {
    let sandbox = Sandbox::new();
    for name in ["NUL", "nul", r".\NUL"] {
        sandbox.run(&all(&["logs", "-o", "report.csv", "--summary", name])).exits(0);
    }
    sandbox.run(&all(&["logs", "-o", "NUL"])).exits(0);
    assert_eq!(sandbox.text("report.csv"), samples_report());
    assert_eq!(Sandbox::names(sandbox.folder()), ["interfaces.csv", "logs", "report.csv", "spns.csv"]);
}

#[test]
fn one_file_under_two_names_is_no_place_for_two_outputs() {
    let sandbox = Sandbox::new();
    for other in ["REPORT.CSV", r".\report.csv", r"logs\..\report.csv"] {
        sandbox
            .run(&["triage", "logs", "-o", "report.csv", "--events", other])
            .exits(2)
            .says("two outputs cannot go to one file");
    }
}
