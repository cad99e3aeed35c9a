use std::ffi::OsString;
use std::os::windows::ffi::OsStringExt;
use std::path::PathBuf;

use super::support::*;

#[test]
fn the_samples_give_the_samples_report() {
    let place = Place::new();
    let run = place.run(&all(&["logs"])).exits(0);
    assert_eq!(run.stdout(), samples_report());
}

#[test]
fn wildcards_are_replaced_by_what_they_match() {
    let place = Place::new();
    let run = place.run(&["triage", "-i", "inter*.csv", "-s", "spn?.csv", r"logs\*.EVTX"]).exits(0);
    assert_eq!(run.stdout(), samples_report());
    let all: Vec<String> =
        ["logs\\SRV?-*.evtx", "logs\\SRV1?-*.evtx", "logs\\*Events.evtx"].map(Into::into).into();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let run = place.run(&[&ALL[..], &all].concat()).exits(0);
    assert_eq!(run.stdout().lines().count(), samples_report().lines().count());
}

#[test]
fn a_wildcard_that_matches_nothing_is_named() {
    let place = Place::new();
    place.run(&["triage", r"logs\*.evt"]).exits(4).says(r"logs\*.evt: no file matches this");
    place.run(&["triage", "logs", r"none\*.evtx"]).exits(3).says(r"none\*.evtx: no file matches this");
}

#[test]
fn a_slash_is_a_separator_and_the_report_has_the_other_one() {
    let place = Place::new();
    let run = place.run(&all(&["./logs/../logs/"])).exits(0);
    assert!(run.stdout().contains(r".\logs\..\logs\SRV1-System.evtx"), "{}", run.stdout());
    let run = place.run(&all(&["logs/*.evtx"])).exits(0);
    assert_eq!(run.stdout(), samples_report());
}

#[test]
fn drives_absolute_and_relative() {
    let place = Place::new();
    let absolute = place.path("logs");
    let absolute = absolute.to_str().unwrap();
    assert_eq!(absolute.get(1..3), Some(r":\"));
    let report = samples_report().replace(r"logs\", &format!(r"{absolute}\"));
    assert_eq!(place.run(&all(&[absolute])).exits(0).stdout(), report);
    let pattern = format!(r"{absolute}\*.evtx");
    assert_eq!(place.run(&all(&[&pattern])).exits(0).stdout(), report);
    // `C:logs` is relative to the drive's current folder.
    let relative = format!("{}logs", absolute.get(..2).unwrap());
    let run = place.run(&all(&[&relative])).exits(0);
    assert_eq!(run.stdout().lines().count(), report.lines().count());
    // And so is an output.
    let output = format!("{}report.csv", absolute.get(..2).unwrap());
    place.run(&all(&["logs", "-o", &output])).exits(0);
    assert_eq!(place.text("report.csv"), samples_report());
}

/// Longer than the 260 characters that most of Windows still ends at.
fn long(place: &Place) -> PathBuf {
    let mut long = std::fs::canonicalize(place.folder()).unwrap();
    assert!(long.to_str().unwrap().starts_with(r"\\?\"));
    for part in ["a", "b", "c", "d"] {
        long.push(part.repeat(90));
        std::fs::create_dir(&long).unwrap();
    }
    long
}

#[test]
fn paths_longer_than_260_characters_are_read_and_written() {
    let place = Place::new();
    let verbatim = long(&place);
    std::fs::copy(place.path(r"logs\SRV1-System.evtx"), verbatim.join("SRV1-System.evtx")).unwrap();
    let verbatim = verbatim.to_str().unwrap();
    let plain = verbatim.strip_prefix(r"\\?\").unwrap();
    let mut reports = Vec::new();
    for folder in [plain, verbatim] {
        for log in [folder.to_owned(), format!(r"{folder}\*.evtx"), format!(r"{folder}\SRV1-System.evtx")] {
            reports.push(place.run(&["triage", "-i", "interfaces.csv", &log]).exits(0).stdout());
        }
        for (name, option) in [("report.csv", "-o"), ("events.csv", "--events"), ("state.json", "--state")] {
            let output = format!(r"{folder}\{name}");
            place.run(&["triage", "-q", "logs", option, &output]).exits(0);
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
    let place = Place::new();
    let share = match std::env::var("KRBTRIAGE_TEST_SHARE") {
        Ok(share) => share,
        Err(_) => {
            let drive = place.folder().to_str().unwrap().replacen(':', "$", 1);
            format!(r"\\localhost\{drive}")
        }
    };
    let folder = format!(r"{share}\logs of share");
    std::fs::create_dir_all(&folder).unwrap();
    for name in Place::names(&place.path("logs")) {
        std::fs::copy(place.path("logs").join(&name), format!(r"{folder}\{name}")).unwrap();
    }
    let report = samples_report().replace(r"logs\", &format!(r"{folder}\"));
    let verbatim = format!(r"\\?\UNC\{}", folder.trim_start_matches('\\'));
    let slashes = folder.replace('\\', "/");
    for written in
        [&folder, &format!(r"{folder}\*.evtx"), &verbatim, &format!(r"{verbatim}\*.evtx"), &slashes]
    {
        assert_eq!(place.run(&all(&[written])).exits(0).stdout(), report, "{written}");
    }
    let output = format!(r"{folder}\report.csv");
    place.run(&all(&[&folder, "-o", &output])).exits(0);
    assert_eq!(std::fs::read_to_string(&output).unwrap(), report);
    place.run(&all(&[&folder, "-o", &output])).exits(0);
    let state = format!(r"{folder}\state.json");
    place.run(&all(&[&folder, "-q", "--state", &state])).exits(0);
    place.run(&all(&[&folder, "-q", "--state", &state, "--fail-on", "new"])).exits(0);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn names_in_other_scripts_are_read_and_written() {
    let place = Place::new();
    std::fs::rename(place.path("logs"), place.path("журналы 日本 Größe")).unwrap();
    let report = samples_report().replace(r"logs\", "журналы 日本 Größe\\");
    assert_eq!(place.run(&all(&["журналы 日本 Größe"])).exits(0).stdout(), report);
    assert_eq!(place.run(&all(&["журналы*\\*.evtx"])).exits(0).stdout(), report);
    place.run(&all(&["журналы 日本 Größe", "-o", "Bericht für 日本.csv"])).exits(0);
    assert_eq!(place.text("Bericht für 日本.csv"), report);
}

/// Windows lets names be any 16-bit numbers; half of a surrogate pair is no Unicode. Wine cannot store such a name, so
/// `tests/windows/run` leaves this test out.
#[test]
fn a_name_that_is_no_unicode_is_read() {
    let place = Place::new();
    let name = OsString::from_wide(&[b'a'.into(), 0xD800, b'b'.into()]);
    std::fs::rename(place.path("logs"), place.folder().join(&name)).unwrap();
    let output = place.command().args(ALL).arg(&name).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report = String::from_utf8(output.stdout).unwrap();
    assert_eq!(report, samples_report().replace(r"logs\", "a\u{FFFD}b\\"));
}

#[test]
fn nul_takes_a_report_and_stays_what_it_is() {
    let place = Place::new();
    for name in ["NUL", "nul", r".\NUL"] {
        place.run(&all(&["logs", "-o", "report.csv", "--summary", name])).exits(0);
    }
    place.run(&all(&["logs", "-o", "NUL"])).exits(0);
    assert_eq!(place.text("report.csv"), samples_report());
    assert_eq!(Place::names(place.folder()), ["interfaces.csv", "logs", "report.csv", "spns.csv"]);
}

#[test]
fn one_file_under_two_names_is_no_place_for_two_outputs() {
    let place = Place::new();
    for other in ["REPORT.CSV", r".\report.csv", r"logs\..\report.csv"] {
        place
            .run(&["triage", "logs", "-o", "report.csv", "--events", other])
            .exits(2)
            .says("two outputs cannot go to one file");
    }
}
