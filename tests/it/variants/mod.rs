//! Variants of the attacks that the review found, in other names, formats and commands. `SECURITY.md` names these tests.

mod runs;

use std::io::Write;

use krbtriage::text::escape::is_dangerous;

use crate::support::evtx::kerberos_event4;
use crate::support::program::*;

/// Texts on which a spreadsheet, a page, a chat, a terminal or a shell may act.
const PAYLOADS: &[&str] = &[
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\r\n=1",
    "\n# head",
    "\u{ff1d}1",
    "\u{fe66}1",
    ";\u{3000}=1",
    "<script>alert(1)</script>",
    "\" onmouseover=\"x",
    "<!channel>",
    "<@U1>",
    "@everyone",
    "![x](http://evil.example/i.png)",
    "<http://evil.example>",
    "|a|b|",
    "`calc`",
    "$(calc)",
    "%PATH%",
    ";calc",
    "]]>",
    "{{7*7}}",
    "_x0041_",
    "\u{1b}]0;t\u{7}",
    "\u{9b}31m",
    "\u{202e}x",
    "\u{2066}x",
    "\u{2028}x",
    "\u{200b}x",
    "\u{34f}x",
    "\u{fe0f}x",
    "\u{2800}x",
    "\u{e0101}x",
];

/// Writes inputs with every payload in every name that a report shows.
fn hostile_inputs(sandbox: &Sandbox) {
    let mut events = Vec::new();
    let mut addresses = "host,address,description\r\n".to_owned();
    let mut spns = "account,domain,spn,dns_host_name\r\n".to_owned();
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for (n, text) in PAYLOADS.iter().enumerate() {
        let good = format!("good{n}.alpha.example.com");
        for (client, server, realm, target) in [
            (&*format!("{text}.evil.example"), "srv9$", "A.COM", "cifs/srv8.a.com"),
            (&*good, &*format!("{text}$"), "A.COM", &*format!("host/{good}")),
            (&*good, "srv9$", text, "cifs/srv8.a.com"),
            (&*good, "srv9$", "A.COM", text),
            (&*good, "srv9$", "A.COM", &*format!("cifs/{text}")),
        ] {
            events.push(kerberos_event4(client, server, realm, target, realm));
        }
        addresses += &format!("{},192.0.2.1,{}\r\n", cell(&format!("{text}.a.com")), cell(text));
        addresses += &format!("{good},169.254.95.120,{}\r\n", cell(&format!("IBM USB {text}")));
        spns += &format!("{0},a.com,cifs/{good},{0}\r\n", cell(&format!("{text}$")));
        spns += &format!("good{n}$,{},{},{good}\r\n", cell(text), cell(&format!("HTTP/{text}")));
    }
    sandbox.write("a.evtx", log(events));
    sandbox.write("addresses.csv", addresses);
    sandbox.write("spns.csv", spns);
    #[cfg(unix)]
    sandbox.write("=cmd \u{1b}[31m\u{202e}<b>.csv", "host,address\nq,1.2.3\nw,192.0.2.77\n");
    #[cfg(not(unix))]
    sandbox.write("=cmd \u{202e}.csv", "host,address\nq,1.2.3\nw,192.0.2.77\n");
}

fn name_of_list(sandbox: &Sandbox) -> String {
    sandbox.files().into_iter().find(|name| name.starts_with("=cmd")).unwrap()
}

#[track_caller]
fn check_text(name: &str, text: &str) {
    let bad = text.chars().find(|c| *c != '\n' && *c != '\r' && is_dangerous(*c));
    assert_eq!(bad, None, "{name}");
}

/// Fails if a cell begins a formula when a reader splits at any of the usual separators.
#[track_caller]
fn check_cells(name: &str, text: &str) {
    check_text(name, text);
    for separator in [b',', b';', b'\t'] {
        let mut rows =
            csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
        for row in rows.records() {
            for cell in &row.unwrap() {
                let begin = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"').chars().next();
                let is_formula = begin.is_some_and(|c| "=+-@＝＋－＠﹦﹢﹣﹫".contains(c));
                assert!(!is_formula || cell.parse::<f64>().is_ok(), "{name}: {cell:?}");
            }
        }
    }
}

/// Attacks 3 and 11: no output of any command acts on a name.
#[test]
fn attack_11_names_act_in_no_output() {
    let sandbox = Sandbox::new();
    hostile_inputs(&sandbox);
    let list = name_of_list(&sandbox);
    let lists = ["-i", "addresses.csv", &list, "-s", "spns.csv"];
    let files = [
        "r.csv",
        "r.json",
        "r.jsonl",
        "r.html",
        "r.txt",
        "r.xlsx",
        "p.csv",
        "e.csv",
        "s.jsonl",
        "state.json",
        "n.txt",
    ];
    let run = sandbox.run(&[&["triage", "-v", "a.evtx"], &lists[..], &outputs(&files)].concat()).exits(3);
    check_text("stderr", &run.stderr());
    for name in ["r.csv", "p.csv", "e.csv"] {
        check_cells(name, &sandbox.text(name));
    }
    for name in ["r.json", "r.jsonl", "r.txt", "s.jsonl", "n.txt", "r.html"] {
        check_text(name, &sandbox.text(name));
    }
    let page = sandbox.text("r.html");
    assert!(!page.contains("<script>alert") && !page.contains("\" onmouseover=\"x"));
    let new = sandbox.text("n.txt");
    for markup in ["<!", "<@", "@everyone", "](", "://", "<script", "|a|"] {
        assert!(!new.contains(markup), "{markup}: {:?}", new.lines().find(|line| line.contains(markup)));
    }
    assert!(new.contains("\\u{3c}!channel>"), "the name is still there");
    let mut workbook = zip::ZipArchive::new(std::fs::File::open(sandbox.path("r.xlsx")).unwrap()).unwrap();
    for n in 0..workbook.len() {
        let text = std::io::read_to_string(workbook.by_index(n).unwrap()).unwrap();
        assert!(!text.contains("<f>") && !text.contains("<f ") && !text.contains("TargetMode"), "{n}");
        check_text("r.xlsx", &text);
    }
    for (format, check) in [("csv", check_cells as fn(&str, &str)), ("text", check_text)] {
        let arguments = [&["audit", "--format", format], &lists[..]].concat();
        let run = sandbox.run(&arguments);
        check("audit", &run.stdout());
        check_text("audit", &run.stderr());
    }
    check_cells("inventory", &sandbox.run(&["inventory", "addresses.csv", &list]).stdout());
    check_cells("extract", &sandbox.run(&["extract", "a.evtx"]).exits(0).stdout());
    check_text("extract", &sandbox.run(&["extract", "a.evtx", "--format", "jsonl"]).exits(0).stdout());
    let script = sandbox.run(&["collect-script", "--report", "r.csv"]).exits(3).stdout();
    check_text("script", &script.replace('\t', " "));
    assert!(script.is_ascii());
    let ids: Vec<String> =
        rows(&sandbox.text("r.csv")).iter().map(|row| row["incident_id"].clone()).collect();
    for id in ids.iter().step_by(17) {
        check_text("explain", &sandbox.run(&["explain", "--incident", id, "r.jsonl"]).exits(0).stdout());
    }
}

/// Attack 13: one bad object of a list costs itself, is reported, and exits with 3: for addresses, accounts and events.
#[test]
fn attack_13_a_bad_json_object_costs_itself_in_every_list() {
    let sandbox = Sandbox::new();
    let address =
        |n: u8| format!(r#"{{"PSComputerName":"SRV{n}","IPAddress":"192.0.2.{n}","InterfaceAlias":"e"}}"#);
    let account = |n: u8| {
        format!(
            r#"{{"samaccountname":"SRV{n}$","DistinguishedName":"CN=SRV{n},DC=a,DC=com","servicePrincipalName":["HOST/srv{n}"]}}"#
        )
    };
    let event = |n: u8| {
        format!(
            r#"{{"Id":4,"ProviderName":"Microsoft-Windows-Security-Kerberos","LogName":"System","RecordId":{n},"MachineName":"SRV{n}.a.com","TimeCreated":"2026-10-06T12:00:0{n}Z","EventData":{{"Server":"srv9$","TargetRealm":"A.COM","Targetname":"cifs/srv8","ClientRealm":"A.COM"}}}}"#
        )
    };
    type One<'o> = &'o dyn Fn(u8) -> String;
    let cases: [(One, &[&str]); 3] = [
        (&address, &["inventory", "list.json"]),
        (&account, &["audit", "-s", "list.json"]),
        (&event, &["extract", "list.json"]),
    ];
    for (one, arguments) in cases {
        for (bad, why) in [
            (one(2).replacen(':', ":1e999,\"x\":", 1), "number out of range"),
            (one(2).replacen('}', ",\"x\":}", 1), "expected value"),
            (one(2).replacen('{', "{\"x\":1,\"x\":2,", 1), "\"x\" appears twice"),
            (one(2).replacen('{', "{\"x\":{\"y\":1,\"\\u0079\":2},", 1), "\"y\" appears twice"),
            (one(2).replacen('}', "", 2), ""),
            (one(2).replacen("\":\"", "\":\"\\q", 1), "invalid escape"),
        ] {
            for list in [
                format!("[{},{bad},{},{}]", one(1), one(3), one(4)),
                format!("[\n    {},\n    {bad},\n    {},\n    {}\n]\n", one(1), one(3), one(4)),
                format!("{}\n{bad}\n{}\n{}\n", one(1), one(3), one(4)),
            ] {
                sandbox.write("list.json", &list);
                let run = sandbox.run(arguments);
                assert!(run.stderr().contains(why), "{list}: {}", run.stderr());
                assert_eq!(run.code(), 3, "{list}: {}", run.stderr());
                let shown = match arguments[0] {
                    "audit" => sandbox.run(&["audit", "-v", "-s", "list.json"]).stderr(),
                    _ => run.stdout(),
                };
                match arguments[0] {
                    "audit" => assert!(shown.contains("3 hosts or accounts"), "{list}: {shown}"),
                    _ => {
                        for n in [1, 3, 4] {
                            assert!(shown.contains(&format!("SRV{n}")), "{list}: {shown}");
                        }
                        assert!(!shown.contains("SRV2"), "{list}: {shown}");
                    }
                }
            }
        }
    }
}

/// Attack 13: two names that differ only in case are one name to every reader, so an object or row with both is skipped.
#[test]
fn attack_13_names_that_differ_in_case_and_value_are_reported() {
    let sandbox = Sandbox::new();
    let account = |names: &str| {
        format!(
            r#"[{{"ObjectClass":"computer",{names},"DistinguishedName":"CN=X,DC=a,DC=com","servicePrincipalName":["HOST/x"]}},
            {{"ObjectClass":"computer","sAMAccountName":"SRV3$","DistinguishedName":"CN=SRV3,DC=a,DC=com","servicePrincipalName":["HOST/y"]}}]"#
        )
    };
    let address = |names: &str| {
        format!(
            r#"[{{{names},"InterfaceAlias":"e"}},{{"PSComputerName":"SRV3","IPAddress":"192.0.2.3","InterfaceAlias":"e"}}]"#
        )
    };
    let tables = "sAMAccountName,samaccountname,DistinguishedName,servicePrincipalName\nSRV1$,SRV2$,\"CN=X,DC=a,DC=com\",HOST/x\n\
                  SRV3$,,\"CN=SRV3,DC=a,DC=com\",HOST/y\n";
    for (list, command, code) in [
        (account(r#""sAMAccountName":"SRV1$","SamAccountName":"SRV2$""#), "audit", 3),
        (
            account(r#""sAMAccountName":"SRV1$","dNSHostName":"srv1.a.com","DNSHostName":"srv2.a.com""#),
            "audit",
            3,
        ),
        (account(r#""sAMAccountName":"SRV1$","SamAccountName":"srv1$""#), "audit", 0),
        (tables.to_owned(), "audit", 3),
        (
            address(r#""PSComputerName":"SRV1","pscomputername":"SRV2","IPAddress":"192.0.2.1""#),
            "inventory",
            3,
        ),
        (
            address(r#""PSComputerName":"SRV1","IPAddress":"192.0.2.1","ipaddress":"192.0.2.2""#),
            "inventory",
            3,
        ),
        (
            address(r#""PSComputerName":"SRV1","IPAddress":"192.0.2.1","ipaddress":"192.0.2.1""#),
            "inventory",
            0,
        ),
    ] {
        sandbox.write("list", &list);
        let arguments =
            if command == "audit" { &["audit", "-v", "-s", "list"][..] } else { &["inventory", "list"] };
        let run = sandbox.run(arguments);
        assert_eq!(run.code(), code, "{list}: {}", run.stderr());
        let skipped =
            ["object", "row"].iter().any(|what| run.stderr().contains(&format!("the {what} is skipped")));
        assert_eq!(skipped, code == 3, "{list}: {}", run.stderr());
        let shown = run.stdout() + &run.stderr();
        match command {
            "audit" => assert!(shown.contains(if skipped { "1 host" } else { "2 hosts" }), "{list}: {shown}"),
            _ => {
                assert!(run.stdout().contains("SRV3") && run.stdout().contains("SRV1") != skipped, "{shown}")
            }
        }
    }
}

/// Attack 13: values that exceed a limit of a text form.
#[test]
fn attack_13_limits_of_text_forms_are_reported_and_exit_with_3() {
    let sandbox = Sandbox::new();
    let properties: String = (0..1200).map(|n| format!("P{n:<10} : 1\n")).collect();
    let list = format!("{properties}IPAddress  : 192.0.2.1\nPSComputerName : SRV1\nInterfaceAlias : e\n");
    sandbox.write(
        "many.txt",
        format!("IPAddress      : 192.0.2.2\nPSComputerName : SRV2\nInterfaceAlias : e\n\n{list}"),
    );
    let twice =
        "IPAddress      : 192.0.2.1\nIPAddress      : 192.0.2.2\nPSComputerName : SRV1\nInterfaceAlias : e\n";
    sandbox.write(
        "twice.txt",
        format!("IPAddress      : 192.0.2.3\nPSComputerName : SRV2\nInterfaceAlias : e\n\n{twice}"),
    );
    let values: String = (0..5000).map(|n| format!("\"v{n}\":{n},")).collect();
    sandbox.write(
        "values.json",
        format!(r#"[{{"Id":4,"ProviderName":"Kerberos","RecordId":7,"MachineName":"A","EventData":{{{values}"Server":"srv9$"}}}}]"#),
    );
    let deep = format!(
        "{}\"Server\":\"x\"{}",
        "\"EventData\":{\"a\":{".to_owned() + &"\"b\":{".repeat(40),
        "}".repeat(42)
    );
    sandbox.write(
        "deep.json",
        format!(r#"[{{"Id":4,"ProviderName":"Kerberos","RecordId":7,"MachineName":"A",{deep}}}]"#),
    );
    for (command, name, why) in [
        ("inventory", "many.txt", "more than 1,000 properties"),
        ("inventory", "twice.txt", "appears twice"),
        ("extract", "values.json", "more than 4096 values"),
        ("extract", "deep.json", "more than 24 deep"),
    ] {
        let run = sandbox.run(&[command, name]);
        assert!(run.stderr().contains(why), "{name}: {} {}", run.code(), run.stderr());
        assert_eq!(run.code(), 3, "{name}");
    }
}

/// Attack 12: two different records with one key, whatever forms the two logs have.
#[test]
fn attack_12_records_with_one_key_are_counted_and_named_in_every_form() {
    let sandbox = Sandbox::new();
    sandbox.write("a.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("b.evtx", log([four("A", "srv7", 1, 10)]));
    sandbox.run(&["extract", "--for-triage", "b.evtx", "-o", "b.jsonl"]).exits(0);
    sandbox.run(&["extract", "b.evtx", "--format", "csv", "-o", "b.csv"]).exits(0);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&std::fs::read(sandbox.path("b.evtx")).unwrap()).unwrap();
    sandbox.write("b.evtx.gz", gz.finish().unwrap());
    let mut zip = zip::ZipWriter::new(std::fs::File::create(sandbox.path("b.zip")).unwrap());
    zip.start_file("System.evtx", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(&std::fs::read(sandbox.path("b.evtx")).unwrap()).unwrap();
    zip.finish().unwrap();
    for other in ["b.evtx", "b.jsonl", "b.csv", "b.evtx.gz", "b.zip"] {
        for inputs in [["a.evtx", other], [other, "a.evtx"]] {
            let run = sandbox.run(&["triage", inputs[0], inputs[1]]);
            let counted = reported(&run.stdout());
            let want = want(&[("A", "cifs/srv7", 1, "new"), ("A", "cifs/srv8", 1, "new")]);
            assert_eq!(counted, want, "{inputs:?}: {}", run.stderr());
            assert!(run.stderr().contains("say different things"), "{inputs:?}: {}", run.stderr());
        }
    }
}
