//! Variants of the attacks on outputs, states, clocks, and the script that collects.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::evtx::{Event, Provider, kerberos_event4};
use crate::support::program::*;

/// Attack 2: outputs of every option to an input under another name.
#[cfg(unix)]
#[test]
fn attack_2_no_output_replaces_an_input_that_has_another_name() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("i.csv", "host,address\nSRV1,192.0.2.1\n");
    sandbox.write("s.csv", "account,domain,spn\nSRV1$,a.com,host/srv1\n");
    sandbox.write("mute.txt", "p0123456789ab 2030-01-01 known\n");
    sandbox.write("hosts.txt", "SRV1\n");
    sandbox.run(&["triage", "A.evtx", "-o", "old.csv", "--state", "state.json"]).exits(0);
    std::fs::create_dir(sandbox.path("deep")).unwrap();
    for name in ["A.evtx", "i.csv", "s.csv", "mute.txt", "hosts.txt", "old.csv", "state.json"] {
        std::fs::hard_link(sandbox.path(name), sandbox.path(&format!("deep/hard-{name}"))).unwrap();
        symlink(format!("../{name}"), sandbox.path(&format!("deep/soft-{name}"))).unwrap();
    }
    for (arguments, input) in [
        (&["triage", "A.evtx"][..], "A.evtx"),
        (&["triage", "A.evtx", "-i", "i.csv"], "i.csv"),
        (&["triage", "A.evtx", "-s", "s.csv"], "s.csv"),
        (&["triage", "A.evtx", "--allow", "mute.txt"], "mute.txt"),
        (&["triage", "A.evtx", "--state", "state.json"], "state.json"),
        (&["audit", "-i", "i.csv", "--baseline", "old.csv"], "i.csv"),
        (&["collect-script", "--report", "old.csv", "-i", "i.csv"], "i.csv"),
        (&["collect-script", "--report", "old.csv", "-s", "s.csv"], "s.csv"),
        (&["collect-script", "--hosts", "hosts.txt"], "hosts.txt"),
        (&["probe", "--hosts-from", "hosts.txt"], "hosts.txt"),
        (&["extract", "A.evtx"], "A.evtx"),
        (&["inventory", "i.csv"], "i.csv"),
    ] {
        let before = std::fs::read(sandbox.path(input)).unwrap();
        for way in ["deep/hard-", "deep/soft-", "deep/../"] {
            let output = format!("{way}{input}");
            let options = match arguments[0] {
                "triage" => &["-o", "--problems", "--events", "--summary", "--new"][..],
                _ => &["-o"],
            };
            for option in options {
                let mut all = [arguments, &[option, &output]].concat();
                if *option == "--new" && !arguments.contains(&"--state") {
                    all.extend(["--baseline", "old.csv"]);
                }
                let run = sandbox.run(&all);
                assert_eq!(run.code(), 2, "{all:?}: {}", run.stderr());
                assert_eq!(std::fs::read(sandbox.path(input)).unwrap(), before, "{all:?}");
            }
        }
    }
}

/// Attack 9: a state that was changed or extended and still unpacks.
#[test]
fn attack_9_a_state_that_was_changed_in_any_way_is_refused_and_stays() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.run(&["triage", "A.evtx", "--state", "state.json", "-o", "r.csv"]).exits(0);
    let good = std::fs::read(sandbox.path("state.json")).unwrap();
    let text = String::from_utf8(zstd::decode_all(&good[16..]).unwrap()).unwrap();
    let frame = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let packed = |text: &str| [&b"krbtriage-state\n"[..], &frame(text)].concat();
    let last = text.lines().last().unwrap();
    let twice = format!("{text}{last}\n");
    let two_heads = text.replacen("\"version\":", "\"version\":3,\"version\":", 1);
    assert_ne!(two_heads, text);
    let garbage = [&good[..], b"{}"].concat();
    let more = [&good[..], &frame(&format!("{last}\n"))].concat();
    for (n, bad) in [packed(&twice), packed(&two_heads), garbage, more].iter().enumerate() {
        sandbox.write("state.json", bad);
        let run = sandbox.run(&["triage", "A.evtx", "--state", "state.json", "-o", "r.csv"]);
        assert_eq!(run.code(), 4, "{n}: {}", run.stderr());
        assert_eq!(&std::fs::read(sandbox.path("state.json")).unwrap(), bad);
    }
}

/// Attack 6: if one of several outputs fails, nothing is replaced, or the message lists what was.
#[cfg(unix)]
#[test]
fn attack_6_outputs_are_all_or_none_or_listed() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    std::fs::create_dir(sandbox.path("folder.csv")).unwrap();
    let names = ["r.csv", "r.json", "r.html", "p.csv", "e.csv", "s.jsonl", "state.json"];
    names.iter().for_each(|name| drop(sandbox.write(name, "old")));
    std::fs::remove_file(sandbox.path("state.json")).unwrap();
    for bad in ["folder.csv", "missing/x.csv", "A.evtx/x.csv"] {
        let run = sandbox.run(&[&["triage", "A.evtx"], &outputs(&names)[..], &["-o", bad]].concat());
        assert!([2, 4].contains(&run.code()), "{bad}: {}", run.stderr());
        let replaced: BTreeSet<&str> = names
            .iter()
            .filter(|name| exists(&sandbox.path(name)) && sandbox.text(name) != "old")
            .copied()
            .collect();
        let stderr = run.stderr();
        assert!(replaced.iter().all(|name| stderr.contains(name)), "{bad}: {replaced:?} {stderr}");
        assert!(replaced.is_empty() || stderr.contains("Already replaced"), "{bad}: {replaced:?} {stderr}");
    }
}

/// Attack 5: the script visits only clients and listed hosts, whoever names a host in an event.
#[test]
fn attack_5_no_report_makes_the_script_visit_a_host_of_an_event() {
    let sandbox = Sandbox::new();
    let client = "SRV1.alpha.example.com";
    let event =
        |server: &str, target: &str, realm: &str| kerberos_event4(client, server, realm, target, realm);
    let alpha = "ALPHA.EXAMPLE.COM";
    sandbox.write(
        "one.evtx",
        log([
            event("host/dc01.evil.example", "cifs/srv4.alpha.example.com", alpha),
            event("evil$", "HTTP/203.0.113.7", alpha),
            event("host/203.0.113.9", "ldap/srv5.alpha.example.com", alpha),
            event("evil2$@EVIL.EXAMPLE", "cifs/srv6", "EVIL.EXAMPLE"),
            event("EVIL\\evil3$", "host/srv7.alpha.example.com", alpha),
            event("srv8$", "host/srv8.evil.example", alpha),
        ]),
    );
    let mut scripts = BTreeSet::new();
    for report in ["r.csv", "r.json", "r.jsonl"] {
        sandbox.run(&["triage", "one.evtx", "-o", report]).exits(0);
        scripts.insert(sandbox.run(&["collect-script", "--report", report]).stdout());
    }
    let wide: Vec<u8> =
        format!("\u{feff}{}", sandbox.text("r.csv")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    sandbox.write("wide.csv", wide);
    scripts.insert(sandbox.run(&["collect-script", "--report", "wide.csv"]).stdout());
    assert_eq!(scripts.len(), 1, "every format gives the same script");
    let script = scripts.pop_first().unwrap();
    for array in ["LogHosts", "AddressHosts"] {
        let begin = script.find(&format!("${array} = @(")).unwrap();
        let hosts = script[begin..].split_once("\n)").unwrap().0;
        assert_eq!(hosts.lines().count(), 1, "{hosts}");
    }
    // The script asks the resolver of a client only for names that this client requested.
    let begin = script.find("$Resolve = @(").unwrap();
    let asked = script[begin..].split_once("\n)").unwrap().0;
    assert!(asked.lines().skip(1).all(|line| line.trim().starts_with("'srv1.alpha.example.com|")), "{asked}");
    assert!(!asked.contains("203.0.113") && !asked.contains("dc01") && !asked.contains("evil2"), "{asked}");
}

/// Attack 5: names on the command line and in a file of hosts.
#[test]
fn attack_5_no_name_of_a_list_of_hosts_becomes_code() {
    let sandbox = Sandbox::new();
    let hostile = [
        "$x",
        "srv1'; calc",
        "srv2\u{2019};calc",
        "srv3\u{201c}",
        "-Force",
        "..",
        "\\\\evil\\share",
        "a b",
        "srv4`n",
        "x$(calc)",
    ];
    sandbox.write("hosts.txt", format!("good1\n{}\ngood2.alpha\n", hostile.join("\n")));
    let arguments = [&["collect-script", "--hosts", "hosts.txt", "--"][..], &hostile].concat();
    let run = sandbox.run(&arguments).exits(3);
    let script = run.stdout();
    let begin = script.find("$AddressHosts = @(").unwrap();
    let hosts: Vec<&str> =
        script[begin..].split_once("\n)").unwrap().0.lines().skip(1).map(str::trim).collect();
    let names = ["'good1'", "'good2.alpha'"];
    assert!(hosts.iter().all(|host| names.contains(host)), "{hosts:?}");
    let code = |line: &&str| !line.trim_start().starts_with('#');
    assert!(!script.lines().filter(code).any(|line| line.contains("calc")), "{script}");
}

/// Attack 7: links in chains and in folders. A link without a target is an error, and nothing is written.
#[cfg(unix)]
#[test]
fn attack_7_links_in_chains_and_folders_are_one_file() {
    use std::os::unix::fs::symlink;
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    for (link, to) in [
        ("one.csv", "two.csv"),
        ("two.csv", "three.csv"),
        ("loop-a.csv", "loop-b.csv"),
        ("loop-b.csv", "loop-a.csv"),
        ("nowhere.csv", "missing/x.csv"),
        ("linked", "folder"),
        ("folder/up.csv", "../three.csv"),
    ] {
        symlink(to, sandbox.path(link)).unwrap();
    }
    sandbox.run(&["triage", "A.evtx", "-o", "one.csv"]).exits(0);
    assert!(sandbox.path("one.csv").is_symlink() && sandbox.path("two.csv").is_symlink());
    assert_eq!(rows(&sandbox.text("three.csv")).len(), 1);
    for other in ["three.csv", "two.csv", "linked/up.csv", "./three.csv"] {
        let run = sandbox.run(&["triage", "A.evtx", "-o", "one.csv", "--problems", other]);
        assert_eq!(run.code(), 2, "{other}: {}", run.stderr());
    }
    for bad in ["loop-a.csv", "nowhere.csv"] {
        let run = sandbox.run(&["triage", "A.evtx", "-o", bad]);
        assert!([2, 4].contains(&run.code()), "{bad}: {}", run.stderr());
        assert!(sandbox.path(bad).is_symlink());
    }
    // A state through a folder's link is the same state: the second run has nothing new.
    sandbox.run(&["triage", "A.evtx", "--state", "folder/s.json", "-o", "new.csv"]).exits(0);
    sandbox.run(&["triage", "A.evtx", "--state", "linked/s.json", "-o", "new.csv"]).exits(0);
    assert_eq!(reported(&sandbox.text("new.csv")).iter().map(|row| row.2).sum::<u64>(), 0);
}

/// Attack 8: the wrong time is that of another event than event 4, of an event in text, or long ago.
#[test]
fn attack_8_no_event_with_a_wrong_time_moves_how_far_a_log_was_read() {
    let sandbox = Sandbox::new();
    let refused = |time: &str| {
        Event::classic(Provider::plain("NETLOGON"), 5722)
            .strings(["SRV8", "SRV8$", "x"])
            .computer("B")
            .record_id(9)
            .at(time)
    };
    for time in ["2999-01-01T00:00:00Z", "9999-12-29T00:00:00Z", "1601-01-01T00:00:00Z"] {
        for form in ["forwarded.evtx", "forwarded.jsonl"] {
            let mut events = vec![four("A", "srv8", 1, 10), four("B", "srv7", 2, 11)];
            let mut night = |more: Event| {
                events.push(more);
                sandbox.write("forwarded.evtx", log(events.clone()));
                if form.ends_with("jsonl") {
                    sandbox.run(&["extract", "--for-triage", "forwarded.evtx", "-o", form]).exits(0);
                }
                sandbox.run(&["triage", form, "--state", "s.json", "-o", "r.csv"]).exits(0);
                reported(&sandbox.text("r.csv"))
            };
            let resolved =
                |report: Vec<(String, String, u64, String)>| report.iter().any(|row| row.3 == "resolved");
            night(four("C", "srv6", 3, 12));
            assert!(!resolved(night(refused(time))), "{time} {form}");
            assert!(!resolved(night(four("C", "srv6", 5, 13))), "{time} {form}");
            assert!(resolved(night(four("C", "srv6", 6, 3000))), "{time} {form}: a day later it resolves");
            std::fs::remove_file(sandbox.path("s.json")).unwrap();
        }
    }
}

/// Attack 15: counts of every kind of number in a baseline.
#[test]
fn attack_15_no_count_of_a_baseline_ends_the_run_unnoticed() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.run(&["triage", "A.evtx", "-o", "good.jsonl", "-o", "good.csv"]).exits(0);
    let good = sandbox.text("good.jsonl");
    for count in ["18446744073709551615", "18446744073709551616", "-1", "1.5", "1e400", "\"7\"", "null", "[]"]
    {
        let forged = good.replacen("\"events\":1,", &format!("\"events\":{count},"), 1);
        assert_ne!(forged, good);
        sandbox.write("forged.jsonl", forged);
        let run =
            sandbox.run(&["triage", "A.evtx", "--baseline", "forged.jsonl", "-o", "r.jsonl", "-o", "r.html"]);
        assert!([0, 3, 4].contains(&run.code()), "{count}: {} {}", run.code(), run.stderr());
        assert!(!run.stderr().contains("panicked"), "{count}: {}", run.stderr());
        if run.code() == 0 {
            let row: Value = serde_json::from_str(sandbox.text("r.jsonl").lines().next().unwrap()).unwrap();
            assert_eq!(row["events"], 1, "{count}");
        }
    }
}
