//! Inputs of an attacker. The numbers of the attacks are those of the review, and `SECURITY.md` names these tests.

use std::collections::BTreeSet;
#[cfg(unix)]
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::evtx::kerberos_event4;
use crate::support::program::*;

/// The beginning of every hostile name, by which it is found in a command.
const MARK: &str = "zq9";

/// Texts on which a shell, a spreadsheet or a terminal may act.
const PAYLOADS: &[&str] = &[
    "$env:USERNAME",
    "$(calc)",
    "$x",
    "$",
    "`calc`",
    "`n",
    ";calc",
    "&calc",
    "&&calc",
    "|calc",
    "||calc",
    "'calc'",
    "';calc;'",
    "\"calc\"",
    "\";calc;\"",
    "{calc}",
    "@{a=1}",
    "%PATH%",
    "%0a",
    "^&calc",
    "!x!",
    "<in",
    ">out",
    "(calc)",
    "#c",
    "\u{2018};calc;\u{2019}",
    "\u{201c}calc",
    "\ncalc",
    "\r\ncalc",
    "\tcalc",
    " -Force",
    " /c",
    "\u{a0}calc",
    "*",
    "?",
    "[a-z]",
    "~",
    "..\\..\\x",
    "../../x",
    "\\\\evil\\share",
    ":stream",
    "=cmd",
    "+1",
    "@sum",
    "\u{1b}[31m",
    "\u{9b}31m",
    "\u{202e}x",
    "\0",
    ",b",
    "-x",
    "--%",
    "\u{ff04}x",
    "\\",
    "'",
    "\"",
    "''",
    "$$",
    "a$b$",
    "$$'",
];

/// Collects every `line` of a command in a JSON report.
fn commands(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(line)) = members.get("line") {
                found.insert(line.clone());
            }
            members.values().for_each(|member| commands(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| commands(item, found)),
        _ => {}
    }
}

/// Collects the commands between backquotes in the text of an audit. Names may have backquotes too.
fn quoted_commands(text: &str, found: &mut BTreeSet<String>) {
    let tools = [
        "setspn", "netdom", "klist", "nltest", "nslookup", "ipconfig", "repadmin", "netsh", "wevtutil",
        "appcmd",
    ];
    let is_command = |piece: &&str| {
        let first = piece.split(' ').next().unwrap_or_default();
        tools.contains(&first) || (first.contains('-') && first.starts_with(char::is_uppercase))
    };
    found.extend(text.split('`').filter(is_command).map(str::to_owned));
}

/// Fails if a name of the inputs is more than one plain word of the command.
#[track_caller]
fn check_command(line: &str) {
    // A placeholder is not a name. No shell runs it, because a person must replace it first.
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((inside, after)) = after.split_once('>') else { break };
        assert!(!inside.contains(MARK), "{line}");
        plain.push_str(before);
        plain.push_str("placeholder");
        rest = after;
    }
    plain.push_str(rest);
    assert!(!plain.chars().any(char::is_control) && !plain.contains("calc"), "{line:?}");
    for (at, _) in plain.match_indices(MARK) {
        let before = plain[..at].rfind(['\'', ' ', '"']).map_or("", |n| &plain[n..=n]);
        let quoted = before == "'";
        let end = if quoted { '\'' } else { ' ' };
        let word: String = plain[at..].chars().take_while(|c| *c != end && *c != ',' && *c != ')').collect();
        let word = word.trim_end_matches(['"', '\'', ']', '}', ';']);
        let body = if quoted { word.strip_suffix('$').unwrap_or(word) } else { word };
        assert!(
            body.chars().all(|c| c.is_alphanumeric() || "._-/:\\@= ".contains(c))
                && (quoted || !body.contains(' ')),
            "{line:?}: {word:?}"
        );
    }
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let tree = parser.parse(&plain, None).unwrap();
    let mut nodes = vec![tree.root_node()];
    while let Some(node) = nodes.pop() {
        let text = &plain[node.byte_range()];
        let expands = ["variable", "sub_expression", "script_block", "command_invokation_operator"];
        assert!(
            !(expands.contains(&node.kind()) && text.starts_with('$') && text.contains(MARK)),
            "{line}: {text}"
        );
        nodes.extend((0..node.child_count()).filter_map(|n| node.child(n)));
    }
}

/// The payloads alone and joined in pairs.
fn hostile_texts() -> Vec<String> {
    let pairs = PAYLOADS.iter().zip(PAYLOADS.iter().cycle().skip(7));
    let joined = pairs.map(|(a, b)| format!("{MARK}{a}{b}"));
    PAYLOADS.iter().map(|p| format!("{MARK}{p}")).chain(joined).collect()
}

/// Attack 3: names become commands that an administrator copies.
#[test]
fn attack_3_no_name_is_more_than_a_word_of_a_command() {
    let sandbox = Sandbox::new();
    let mut events = Vec::new();
    let (mut spns, mut addresses) =
        ("account,domain,spn,dns_host_name\r\n".to_owned(), "host,address,description\r\n".to_owned());
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for (n, text) in hostile_texts().iter().enumerate() {
        let good = format!("{MARK}{n}.alpha.example.com");
        for (client, server, realm, target) in [
            (&*format!("{text}.evil.example"), "srv9$", "A.COM", "cifs/srv8.a.com"),
            (&*good, &*format!("{text}$"), "A.COM", &*format!("host/{good}")),
            (&*good, text, "A.COM", "HTTP/srv8.a.com"),
            (&*good, "srv9$", text, "cifs/srv8.a.com"),
            (&*good, "srv9$", "A.COM", &*format!("cifs/{text}")),
            (&*good, "srv9$", "A.COM", &*format!("{text}/srv8.a.com")),
            (&*good, "srv9$", "A.COM", text),
            (&*good, &*format!("{MARK}{n}$"), "A.COM", &*format!("MSSQLSvc/srv8.a.com:{text}")),
        ] {
            events.push(kerberos_event4(client, server, realm, target, realm));
        }
        let [account, host] = [cell(&format!("{text}$")), cell(&format!("{text}.a.com"))];
        spns += &format!(
            "{account},a.com,HTTP/srv8.a.com,{host}\r\n{account},a.com,cifs/{MARK}{n}.a.com,{good}\r\n"
        );
        addresses += &format!("{host},192.0.2.1,{}\r\n{good},169.254.95.120,IBM USB\r\n", cell(text));
    }
    sandbox.write("one.evtx", log(events));
    sandbox.write("spns.csv", spns);
    sandbox.write("addresses.csv", addresses);
    let mut found = BTreeSet::new();
    for lists in [&[][..], &["-s", "spns.csv"], &["-i", "addresses.csv", "-s", "spns.csv"]] {
        let run = sandbox.run(&[&["triage", "one.evtx", "-o", "r.json"], lists].concat());
        assert!([0, 3].contains(&run.code()), "{}", run.stderr());
        commands(&serde_json::from_str(&sandbox.text("r.json")).unwrap(), &mut found);
    }
    let of_triage = found.iter().filter(|line| line.contains(MARK)).count();
    let audit = sandbox.run(&["audit", "-i", "addresses.csv", "-s", "spns.csv"]).stdout();
    quoted_commands(&audit, &mut found);
    assert!(of_triage > 100, "{of_triage} of {} commands hold a name of the inputs", found.len());
    found.iter().for_each(|line| check_command(line));
}

#[test]
fn the_check_of_commands_finds_what_is_wrong() {
    for bad in [
        "Resolve-DnsName zq9$env:USERNAME",
        "setspn -Q host/zq9;calc",
        "Get-ADUser 'zq9';calc",
        "ping zq9%PATH%",
        "Get-ADUser zq9$",
        "klist get host/zq9\ncalc",
        "Resolve-DnsName zq9|calc",
        "Get-ADUser \"zq9$x\"",
    ] {
        assert!(std::panic::catch_unwind(|| check_command(bad)).is_err(), "{bad}");
    }
    for good in ["Get-ADUser 'zq9$'", "setspn -Q host/zq9.a.com", "Resolve-DnsName <target host>"] {
        check_command(good);
    }
}

/// Most bytes of the texts of an incident in the most verbose format.
const MAX_TEXTS: u64 = 48 << 10;

/// Attack 1: outputs grow in proportion to the input.
#[test]
fn attack_1_outputs_grow_in_proportion_to_the_input() {
    const EVENTS: usize = 120;
    let sandbox = Sandbox::new();
    let long = |n: usize, len: usize| format!("{n}{}", "x".repeat(len));
    for (name, len) in [("short", 100), ("limit", 1020), ("long", 9000)] {
        for hostile_field in 0..4 {
            let event = |n: usize| {
                let names = ["CLIENT1", "srv9$", "A.COM", "cifs/srv8.a.com"];
                let at = |field: usize| match field == hostile_field {
                    true => long(n, len),
                    false => names[field].to_owned(),
                };
                kerberos_event4(&at(0), &at(1), &at(2), &at(3), &at(2))
            };
            let bytes = sandbox.write("a.evtx", log((0..EVENTS).map(event)));
            let read = std::fs::metadata(bytes).unwrap().len();
            let files = ["r.csv", "r.json", "r.html", "e.csv"];
            sandbox.run(&[&["triage", "a.evtx"], &outputs(&files)[..]].concat());
            for output in files {
                let written = std::fs::metadata(sandbox.path(output)).unwrap().len();
                assert!(
                    written < 40 * read + EVENTS as u64 * MAX_TEXTS,
                    "{name} {hostile_field}: {output} {written} of {read}"
                );
            }
        }
    }
}

/// Attack 12: two logs of one computer that hold different records under one ID and time.
#[test]
fn attack_12_two_records_with_one_key_are_both_counted_and_named() {
    let sandbox = Sandbox::new();
    sandbox.write("a.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("b.evtx", log([four("A", "srv7", 1, 10)]));
    let run = sandbox.run(&["triage", "a.evtx", "b.evtx", "a.evtx"]).exits(0);
    let want = want(&[("A", "cifs/srv7", 1, "new"), ("A", "cifs/srv8", 1, "new")]);
    assert_eq!(reported(&run.stdout()), want);
    let stderr = run.stderr();
    assert!(stderr.contains("say different things in a.evtx and b.evtx"), "{stderr}");
}

/// Attack 13: a row or an object that exceeds a limit is reported.
#[test]
fn attack_13_what_exceeds_a_limit_is_reported_and_exits_with_3() {
    let sandbox = Sandbox::new();
    let object = |n: u8, more: &str| {
        format!(r#"{{"PSComputerName":"SRV{n}","IPAddress":"192.0.2.{n}","InterfaceAlias":"e"{more}}}"#)
    };
    let list = |middle: String| format!("[{},{middle},{}]", object(1, ""), object(3, ""));
    for (name, text) in [
        ("header.csv", format!("host,address,{}\nSRV1,192.0.2.1,\n", "x".repeat(5 << 20))),
        ("huge-number.json", list(object(2, r#","PrefixLength":1e999"#))),
        ("deep.json", list(format!("{}{}", "[".repeat(200_000), "]".repeat(200_000)))),
        ("huge-string.json", list(object(2, &format!(r#","x":"{}""#, "a".repeat(70 << 20))))),
    ] {
        sandbox.write(name, text);
        let run = sandbox.run(&["inventory", name]).exits(3);
        assert!(run.stderr().contains(name), "{}", run.stderr());
        assert!(run.stderr().len() < 2000, "{name}: the message is short");
    }
}

/// Attack 14: a pipe without a writer, and a device without an end, as every input.
#[cfg(unix)]
#[test]
fn attack_14_pipes_and_devices_are_refused_as_every_input() {
    let sandbox = Sandbox::new();
    sandbox.write("A.evtx", log([four("A", "srv8", 1, 10)]));
    sandbox.write("i.csv", "host,address\nSRV1,192.0.2.1\n");
    sandbox.run(&["triage", "A.evtx", "-o", "r.csv"]).exits(0);
    let made = std::process::Command::new("mkfifo").arg(sandbox.path("pipe")).status();
    assert!(made.unwrap().success());
    for endless in ["pipe", "/dev/zero"] {
        for arguments in [
            &["triage", endless][..],
            &["triage", "A.evtx", "-i", endless],
            &["triage", "A.evtx", "-s", endless],
            &["triage", "--files-from", endless],
            &["triage", "A.evtx", "--baseline", endless],
            &["triage", "A.evtx", "--state", endless],
            &["triage", "A.evtx", "--allow", endless],
            &["audit", "-s", "i.csv", "-i", endless],
            &["audit", "-i", "i.csv", "-s", endless],
            &["probe", "--hosts-from", endless],
            &["collect-script", "--report", "r.csv", "-i", endless],
            &["collect-script", "--report", "r.csv", "-s", endless],
            &["explain", "--incident", "i0123456789ab", endless],
            &["extract", endless],
            &["extract", "--files-from", endless],
            &["inventory", endless],
            &["audit", "-i", endless],
            &["audit", "-s", endless],
            &["audit", "-i", "i.csv", "--dns", endless],
            &["audit", "-i", "i.csv", "--allow", endless],
            &["audit", "-i", "i.csv", "--baseline", endless],
            &["collect-script", "--report", endless],
            &["collect-script", "--hosts", endless],
        ] {
            let mut child = sandbox.start(arguments);
            let deadline = Instant::now() + Duration::from_secs(20);
            let status = loop {
                match child.try_wait().unwrap() {
                    Some(status) => break status.code(),
                    None if Instant::now() > deadline => {
                        child.kill().unwrap();
                        panic!("{arguments:?} waits");
                    }
                    None => std::thread::sleep(Duration::from_millis(5)),
                }
            };
            assert!(matches!(status, Some(3 | 4)), "{arguments:?}: {status:?}");
        }
    }
    // In a folder they are skipped.
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    std::fs::rename(sandbox.path("pipe"), sandbox.path("folder/pipe")).unwrap();
    std::fs::copy(sandbox.path("i.csv"), sandbox.path("folder/i.csv")).unwrap();
    sandbox.run(&["inventory", "folder"]).exits(0);
    sandbox.run(&["triage", "A.evtx", "-i", "folder"]).exits(0);
}

/// Attack 15: an extraction with forged counts.
#[test]
fn attack_15_forged_counts_do_not_wrap_in_any_output() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        sandbox.write(&format!("{name}.evtx"), log([four(name, "srv8", 1, 10)]));
    }
    let extraction =
        sandbox.run(&["extract", "--for-triage", "a.evtx", "b.evtx", "c.evtx"]).exits(0).stdout();
    let forged: Vec<String> = extraction
        .lines()
        .map(|line| match serde_json::from_str(line).unwrap() {
            Value::Object(mut members) if members.contains_key("chunks") => {
                for count in ["bytes", "chunks", "records"] {
                    members.insert(count.to_owned(), u64::MAX.into());
                }
                Value::Object(members).to_string()
            }
            _ => line.to_owned(),
        })
        .collect();
    assert_ne!(forged.join("\n"), extraction.trim_end());
    sandbox.write("e.jsonl", forged.join("\n"));
    let files = outputs(&["r.csv", "r.json", "r.html", "r.txt", "s.jsonl", "p.csv"]);
    let run = sandbox.run(&[&["triage", "-v", "e.jsonl"], &files[..]].concat());
    assert!([0, 3].contains(&run.code()), "{}", run.stderr());
    assert!(run.stderr().contains("18,446,744,073,709,551,615 records"), "{}", run.stderr());
    assert!(sandbox.text("r.html").contains("18,446,744,073,709,551,615 records"));
}

/// Attack 15: a baseline with forged counts.
#[test]
fn attack_15_forged_counts_of_a_baseline_do_not_wrap() {
    let sandbox = Sandbox::new();
    sandbox.write("one.evtx", log([four("A", "srv8", 1, 10), four("B", "srv8", 1, 20)]));
    sandbox.write("two.evtx", log([four("A", "srv7", 2, 1500)]));
    sandbox.run(&["triage", "one.evtx", "-o", "one.jsonl"]).exits(0);
    let forged = sandbox.text("one.jsonl").replace("\"events\":1,", &format!("\"events\":{},", u64::MAX));
    assert!(forged.matches("18446744073709551615").count() == 2, "{forged}");
    sandbox.write("one.jsonl", forged);
    let files = outputs(&["r.csv", "r.html", "r.txt", "p.csv"]);
    sandbox.run(&[&["triage", "two.evtx", "--baseline", "one.jsonl"], &files[..]].concat()).exits(0);
    assert!(sandbox.text("p.csv").contains(&u64::MAX.to_string()));
}

/// Attack 8: one clock that runs ahead, in a log that several computers forward to. `support::program::at` is in the past.
#[test]
fn attack_8_a_clock_that_runs_ahead_resolves_nothing_and_is_reported() {
    let sandbox = Sandbox::new();
    let mut events = vec![four("A", "srv8", 1, 10), four("B", "srv7", 2, 11)];
    let mut night = |more| {
        events.push(more);
        sandbox.write("forwarded.evtx", log(events.clone()));
        let run = sandbox.run(&["triage", "forwarded.evtx", "--state", "s.json", "-o", "r.csv"]);
        (reported(&sandbox.text("r.csv")), run.stderr())
    };
    night(four("C", "srv6", 3, 12));
    let (report, stderr) = night(four("B", "srv7", 4, 13).at("2999-01-01T00:00:00Z"));
    assert!(report.iter().all(|row| row.3 != "resolved"), "{report:?}");
    assert!(stderr.contains("in the future"), "{stderr}");
    // The state does not record the log as read to 2999, so a day without events still resolves an incident.
    let (report, _) = night(four("C", "srv6", 5, 3000));
    let resolved: Vec<&str> = report.iter().filter(|row| row.3 == "resolved").map(|row| &*row.1).collect();
    assert!(resolved.contains(&"cifs/srv8"), "{report:?}");
}

/// Only the probe has code that opens connections, and no code starts a program.
#[test]
fn only_the_probe_opens_connections_and_nothing_starts_a_program() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut in_probe = 0;
    for entry in walkdir::WalkDir::new(&root) {
        let path = entry.unwrap().into_path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for word in [
            "TcpStream",
            "UdpSocket",
            "UnixStream",
            "ToSocketAddrs",
            "process::Command",
            "std::os::unix::net",
        ] {
            let found = code.contains(word);
            if path.starts_with(root.join("probe")) && word != "process::Command" {
                in_probe += usize::from(found);
            } else {
                assert!(!found, "{}: {word}", path.display());
            }
        }
    }
    assert!(in_probe > 0);
}

/// Every test that `SECURITY.md` names exists.
#[test]
fn each_promise_names_a_test_that_exists() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["src", "tests/it"] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let path = entry.unwrap().into_path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let document = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let tests =
        document.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.rsplit(" | ").next());
    let mut found = 0;
    for name in tests.flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
        let last = name.rsplit("::").next().unwrap().trim_end_matches('…');
        if last.contains('_') {
            assert!(sources.contains(&format!("fn {last}")), "{name}");
            found += 1;
        }
    }
    assert!(found > 20, "{found}");
}
