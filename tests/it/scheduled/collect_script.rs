use crate::support::program::*;

/// The items of the array `$NAME = @(...)`.
fn array(script: &str, name: &str) -> Vec<String> {
    let start = script.find(&format!("${name} = @(")).unwrap_or_else(|| panic!("{name}"));
    script[start..]
        .lines()
        .skip(1)
        .take_while(|l| *l != ")")
        .map(|l| l.trim().trim_matches('\'').to_owned())
        .collect()
}

/// The parts of a script that do not fit the grammar of PowerShell.
fn syntax_errors(script: &str) -> Vec<String> {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let tree = parser.parse(script, None).unwrap();
    let mut errors = Vec::new();
    let mut nodes = vec![tree.root_node()];
    while let Some(node) = nodes.pop() {
        if node.is_error() || node.is_missing() {
            let text = script[node.byte_range()].chars().take(60).collect::<String>();
            errors.push(format!("line {}: {text:?}", node.start_position().row + 1));
        }
        nodes.extend((0..node.child_count()).filter_map(|n| node.child(n)));
    }
    errors
}

#[test]
fn the_script_is_powershell() {
    let sandbox = Sandbox::new();
    let script = sandbox.run(&["collect-script", "srv1.alpha.example.com"]).exits(0).stdout();
    assert_eq!(syntax_errors(&script), [""; 0]);
    // The parser finds what is wrong.
    for (right, wrong) in [("function Add-Failure([", "function Add-Failure(["), ("} catch {", "} catch")] {
        assert!(!syntax_errors(&script.replacen(right, &format!("{wrong} }}"), 1)).is_empty(), "{wrong}");
    }
}

#[test]
fn a_list_of_hosts_gives_everything_of_them() {
    let sandbox = Sandbox::new();
    sandbox.write("servers.txt", "\u{feff}# servers\r\nsrv1.alpha.example.com\r\n\r\nsrv2 # the old one\r\n");
    let script = sandbox.run(&["collect-script", "--hosts", "servers.txt"]).exits(0).stdout();
    for name in ["LogHosts", "AddressHosts"] {
        assert_eq!(array(&script, name), ["srv1.alpha.example.com", "srv2"]);
    }
    let parts = ["Accounts", "Dns", "Addresses", "Settings", "Names", "Logs", "ControllerLogs"];
    assert_eq!(array(&script, "defaultParts"), parts);
    assert!(script.lines().all(|l| !l.contains('\r')) && script.contains("\r\n"));
}

#[test]
fn two_listed_hosts_are_not_the_domain_controllers() {
    let script = Sandbox::new().run(&["collect-script", "srv1", "srv2"]).exits(0).stdout();
    assert!(!array(&script, "defaultParts").contains(&"ControllerLogs".to_owned()));
    assert_eq!(array(&script, "LogHosts"), ["srv1", "srv2"]);
}

#[test]
fn a_report_gives_only_what_it_misses() {
    let sandbox = Sandbox::new();
    let (logs, interfaces, spns) = (sample("logs"), sample("interfaces.csv"), sample("spns.csv"));
    sandbox.run(&["triage", &logs, "-o", "report.csv", "-o", "report.jsonl"]).exits(0);
    let of =
        |report: &str| sandbox.run(&["collect-script", "--report", report, "-i", &interfaces, "-s", &spns]);
    let script = of("report.csv").stdout();
    let addresses = array(&script, "AddressHosts");
    assert!(addresses.iter().any(|h| h.eq_ignore_ascii_case("srv2.beta.example.com")), "{addresses:?}");
    assert!(array(&script, "Resolve").contains(&"srv4.alpha.example.com|srv8.alpha.example.com".to_owned()));
    assert!(array(&script, "defaultParts").contains(&"Accounts".to_owned()));
    assert!(script.contains("# for a person: "));
    assert_eq!(of("report.jsonl").stdout(), script);

    // With the inventories most is settled: nobody's addresses are asked for again.
    sandbox.run(&["triage", "-i", &interfaces, "-s", &spns, &logs, "-o", "less.csv"]).exits(0);
    let script = of("less.csv").stdout();
    assert!(array(&script, "AddressHosts").is_empty());
    assert!(!array(&script, "defaultParts").contains(&"Addresses".to_owned()));
}

#[test]
fn a_host_that_only_a_responder_names_is_not_a_destination() {
    let sandbox = Sandbox::new();
    let event = |server: &str, target: &str| {
        crate::support::evtx::kerberos_event4(
            "SRV1.alpha.example.com",
            server,
            "ALPHA.EXAMPLE.COM",
            target,
            "ALPHA.EXAMPLE.COM",
        )
    };
    let events = [
        event("host/dc01.relay-evil.net", "cifs/srv4.alpha.example.com"),
        event("srv9$", "host/srv9.relay-evil.net"),
    ];
    sandbox.write("one.evtx", log(events));
    sandbox.run(&["triage", "one.evtx", "-o", "one.csv"]).exits(0);
    let run = sandbox.run(&["collect-script", "--report", "one.csv"]);
    let script = run.stdout();
    let code: String = script.lines().filter(|l| !l.trim_start().starts_with('#')).collect();
    assert!(!code.contains("relay-evil"), "{code}");
    assert!(!code.contains("'srv4"), "only the target names it");
    // A list vouches for one of them.
    sandbox.write("addresses.csv", "host,address\nsrv4.alpha.example.com,192.0.2.4\n");
    sandbox.write(
        "spns.csv",
        "account,domain,spn,dns_host_name\nsrv4$,alpha.example.com,host/srv4,srv4.alpha.example.com\n",
    );
    let list = ["-s", "spns.csv"];
    sandbox.run(&[&["triage", "one.evtx", "-o", "listed.csv"], list.as_slice()].concat()).exits(0);
    let arguments = [&["collect-script", "--report", "listed.csv"], list.as_slice()].concat();
    let script = sandbox.run(&arguments).stdout();
    let hosts = [array(&script, "AddressHosts"), array(&script, "LogHosts")].concat();
    assert!(hosts.contains(&"srv4.alpha.example.com".to_owned()), "{hosts:?}");
    assert!(!hosts.iter().any(|h| h.contains("relay-evil")), "{hosts:?}");
}

#[test]
fn hostile_names_of_a_report_stay_out_of_the_code() {
    let sandbox = Sandbox::new();
    let evil = "x'; calc #.alpha.example.com";
    let event = crate::support::evtx::kerberos_event4(evil, "x$", "A.COM", "host/$(calc).a.com", "A.COM");
    sandbox.write("one.evtx", log([event, four("A", "srv8", 1, 1)]));
    sandbox.write("two.evtx", log([four("A", "srv8", 2, 2)]));
    sandbox.run(&["triage", "one.evtx", "-o", "one.csv"]).exits(0);
    sandbox.run(&["triage", "two.evtx", "--baseline", "one.csv", "-o", "two.csv"]).exits(0);
    for report in ["one.csv", "two.csv"] {
        let run = sandbox.run(&["collect-script", "--report", report, "srv8"]);
        let script = run.stdout();
        for line in script.lines().filter(|l| !l.trim_start().starts_with('#')) {
            assert!(!line.contains("calc"), "{line}");
        }
    }
}

#[test]
fn a_report_without_requests_gives_a_message() {
    let sandbox = Sandbox::new();
    let stderr = sandbox.run(&["collect-script"]).exits(2).stderr();
    assert!(stderr.contains("no host was passed"), "{stderr}");
    sandbox.write("report.csv", "host,address\n");
    sandbox.run(&["collect-script", "--report", "report.csv", "-o", "c.ps1"]).exits(4);
    assert!(!exists(&sandbox.path("c.ps1")));
}
