//! Assembles the text of the script from fixed parts and the lists of one task.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::queries;
use super::task::Task;
use crate::inventory::accounts::DEFAULT_MAPPINGS;
use crate::text::escape::escape_control;

/// Help and parameters, which a PowerShell script must begin with.
const HEAD: &str = include_str!("head.ps1");

/// Functions of the script, and at the end the code that calls them.
const BODY: [&str; 8] = [
    include_str!("steps.ps1"),
    include_str!("directory.ps1"),
    include_str!("accounts.ps1"),
    include_str!("dns.ps1"),
    include_str!("visit.ps1"),
    include_str!("hosts.ps1"),
    include_str!("logs.ps1"),
    include_str!("main.ps1"),
];

/// Comments of one kind that are written. The others are counted.
const MAX_COMMENTS: usize = 20;

/// Returns the whole script, in ASCII with CRLF so that every Windows editor and code page shows it right.
pub(super) fn text(task: &Task) -> String {
    let mut out = String::from(HEAD);
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    comments("left out: not a host name: ", &task.refused, &mut line);
    comments("left out: in no list: ", &task.unlisted, &mut line);
    comments("for a person: ", &task.for_people, &mut line);
    line("# Hosts to export events from");
    array("LogHosts", task.logs.values(), &mut line);
    line("# Hosts to read addresses and settings of");
    array("AddressHosts", task.addresses.values(), &mut line);
    let pairs: Vec<String> = task.resolve.iter().map(|(name, client)| format!("{client}|{name}")).collect();
    line("# What a name resolves to on a client: client|name");
    array("Resolve", &pairs, &mut line);
    line("# The parts that are collected unless -Only or -Skip say otherwise");
    array("defaultParts", task.parts(), &mut line);
    line("# Channels of the event log, and the events that krbtriage reads in them");
    array("channels", queries::CHANNELS, &mut line);
    // A quote inside a single-quoted text is doubled.
    array("selects", queries::selects().iter().map(|s| s.replace('\'', "''")), &mut line);
    line("# sPNMappings of a new forest");
    line(&format!("$defaultMappings = '{}'", DEFAULT_MAPPINGS));
    format!("{out}{}", BODY.concat()).replace("\r\n", "\n").replace('\n', "\r\n")
}

/// Writes `$NAME = @('a', 'b')` with one item per line.
fn array(name: &str, items: impl IntoIterator<Item: Display>, line: &mut impl FnMut(&str)) {
    line(&format!("${name} = @("));
    for item in items {
        line(&format!("    '{item}'"));
    }
    line(")");
}

fn comments(what: &str, texts: &BTreeSet<String>, line: &mut impl FnMut(&str)) {
    for text in texts.iter().take(MAX_COMMENTS) {
        line(&format!("# {what}{}", comment(text)));
    }
    if texts.len() > MAX_COMMENTS {
        line(&format!("# {what}{} more", texts.len() - MAX_COMMENTS));
    }
}

/// Makes a text safe inside a comment: one line of at most 300 printable ASCII characters.
fn comment(text: &str) -> String {
    escape_control(text)
        .chars()
        .take(300)
        .map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(hosts: &[&str]) -> String {
        let hosts: Vec<String> = hosts.iter().map(|h| (*h).to_owned()).collect();
        text(&Task::of_hosts(&hosts, true))
    }

    #[test]
    fn only_harmless_names_become_code() {
        let hostile = [
            "a'; Remove-Item C:\\ -Recurse; '",
            "$(calc)",
            "a\nInvoke-Expression 'x'",
            "a\u{2028}calc",
            "a\u{2018}b",
            "-Force",
            "..",
            "a b",
            "a`b",
            "srv1#>",
            "",
        ];
        let mut hosts = hostile.to_vec();
        hosts.push("srv1.alpha.example.com");
        let script = made(&hosts);
        let start = script.find("# left out").unwrap();
        let arrays = &script[start..script.find("$channels").unwrap()];
        let code: Vec<&str> =
            arrays.lines().map(str::trim).filter(|l| !l.starts_with('#') && !l.is_empty()).collect();
        for line in &code {
            let harmless = |c: char| c.is_ascii_alphanumeric() || ".-_'|$=@() [],".contains(c);
            assert!(line.chars().all(harmless), "{line}");
        }
        assert_eq!(code.iter().filter(|l| **l == "'srv1.alpha.example.com'").count(), 2);
        assert_eq!(arrays.matches("left out: not a host name").count(), hostile.len());
        assert!(
            script.bytes().all(|b| b == b'\r' || b == b'\n' || (b' '..=b'~').contains(&b)),
            "ASCII, in any code page"
        );
    }

    #[test]
    fn each_host_is_asked_once() {
        let script = made(&["SRV1.alpha.example.com", "srv1.ALPHA.example.com", "srv2"]);
        let logs_and_addresses = 2;
        assert_eq!(script.to_lowercase().matches("    'srv1.alpha.example.com'").count(), logs_and_addresses);
    }

    #[test]
    fn every_function_is_called_and_every_variable_of_a_block_is_its_own() {
        let script = made(&["srv1"]);
        let words = |line: &str| line.split(['(', ' ', '{']).next().unwrap_or_default().to_owned();
        let defined: Vec<String> =
            script.lines().filter_map(|l| l.trim_start().strip_prefix("function ")).map(words).collect();
        assert!(defined.len() >= 40, "{defined:?}");
        for name in &defined {
            assert!(script.matches(name.as_str()).count() > 1, "{name} is never called");
        }
        // A block that a function runs sees the function's variables: a block that uses `$Do` would run itself.
        for runner in ["Invoke-Step", "Read-Part"] {
            let head = script.lines().find(|l| l.contains(&format!("function {runner}("))).unwrap();
            for parameter in head.split('$').skip(1).map(|p| p.split([',', ')']).next().unwrap()) {
                let uses = script.matches(&format!("${parameter}")).count();
                assert!(uses <= 4, "{runner}: ${parameter} is used {uses} times");
            }
        }
    }
}
