use crate::support::program::*;

/// Items of `$NAME = @(...)`.
fn array(script: &str, name: &str) -> Vec<String> {
    let start = script.find(&format!("${name} = @(")).unwrap_or_else(|| panic!("{name}"));
    script[start..]
        .lines()
        .skip(1)
        .take_while(|l| *l != ")")
        .map(|l| l.trim().trim_matches('\'').to_owned())
        .collect()
}

#[test]
fn a_list_of_hosts_gives_everything_of_them() {
    let place = Place::new();
    place.write("servers.txt", "\u{feff}# servers\r\nsrv1.alpha.example.com\r\n\r\nsrv2 # the old one\r\n");
    let script = place.run(&["collect-script", "--hosts", "servers.txt"]).exits(0).stdout();
    for name in ["LogHosts", "AddressHosts"] {
        assert_eq!(array(&script, name), ["srv1.alpha.example.com", "srv2"]);
    }
    for wanted in ["$ControllerLogs = $true", "$Accounts = $true", "$DnsRecords = $true"] {
        assert!(script.contains(wanted), "{wanted}");
    }
    assert!(script.lines().all(|l| !l.contains('\r')) && script.contains("\r\n"));
}

#[test]
fn a_report_gives_only_what_it_misses() {
    let place = Place::new();
    let logs = sample("logs");
    place.run(&["triage", &logs, "-o", "report.csv", "-o", "report.jsonl"]).exits(0);
    let script = place.run(&["collect-script", "--report", "report.csv"]).exits(0).stdout();
    let addresses = array(&script, "AddressHosts");
    assert!(addresses.iter().any(|h| h.eq_ignore_ascii_case("srv2.beta.example.com")), "{addresses:?}");
    assert!(array(&script, "Resolve").contains(&"srv4.alpha.example.com|srv8.alpha.example.com".to_owned()));
    assert!(script.contains("$Accounts = $true"));
    assert!(script.contains("# not for a script: the target: klist on SRV12.alpha.example.com"));
    assert_eq!(place.run(&["collect-script", "--report", "report.jsonl"]).exits(0).stdout(), script);

    // With the inventories most is settled: nobody's addresses are asked for again.
    let (interfaces, spns) = (sample("interfaces.csv"), sample("spns.csv"));
    place.run(&["triage", "-i", &interfaces, "-s", &spns, &logs, "-o", "less.csv"]).exits(0);
    let script = place.run(&["collect-script", "--report", "less.csv"]).exits(0).stdout();
    assert!(array(&script, "AddressHosts").is_empty());
    assert_eq!(array(&script, "LogHosts"), ["srv9"]);
}

#[test]
fn hostile_names_of_a_report_stay_out_of_the_code() {
    let place = Place::new();
    let evil = "x'; calc #.alpha.example.com";
    let event = crate::support::evtx::kerberos_event4(evil, "x$", "A.COM", "host/$(calc).a.com", "A.COM");
    place.write("one.evtx", log([event, four("A", "srv8", 1, 1)]));
    place.write("two.evtx", log([four("A", "srv8", 2, 2)]));
    place.run(&["triage", "one.evtx", "-o", "one.csv"]).exits(0);
    place.run(&["triage", "two.evtx", "--baseline", "one.csv", "-o", "two.csv"]).exits(0);
    for report in ["one.csv", "two.csv"] {
        let run = place.run(&["collect-script", "--report", report]);
        let script = run.stdout();
        for line in script.lines().filter(|l| !l.trim_start().starts_with('#')) {
            assert!(!line.contains("calc"), "{line}");
        }
        assert!(script.contains("# left out, because it is no host name: <"), "a placeholder is no name");
        assert_eq!(run.code(), 3);
    }
}

#[test]
fn nothing_to_collect_is_said() {
    let place = Place::new();
    let stderr = place.run(&["collect-script"]).exits(2).stderr();
    assert!(stderr.contains("no host is named"), "{stderr}");
    place.write("report.csv", "host,address\n");
    place.run(&["collect-script", "--report", "report.csv", "-o", "c.ps1"]).exits(4);
    assert!(!exists(&place.path("c.ps1")));
}
