//! `krbtriage collect-script`: a PowerShell script that exports what triage wants.
//!
//! The script runs with an administrator's rights, and names may come from a report, so from logs, so from somebody
//! hostile: only names of letters, digits, `.`, `-` and `_` get into it, in single quotes; others are named in a comment.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

use super::paths::protect_inputs;
use crate::files::describe_read_error;
use crate::findings::{Wanted, wanted};
use crate::output::{Output, OutputError};
use crate::report::Row;
use crate::report::baseline::{self, BaselineError};
use crate::text::escape::escape_control;

/// The part of the script that is the same for everybody.
const BODY: &str = include_str!("collect_script.ps1");

/// Names that are refused, shown in the comment; the rest is counted.
const SHOWN: usize = 20;

/// What a script is asked for.
#[derive(Debug, Clone)]
pub struct Config {
    /// Hosts to export logs and addresses from.
    pub hosts: Vec<String>,
    /// Files with a host a line; `#` begins a comment.
    pub lists: Vec<PathBuf>,
    /// A report: only what its `missing` asks for is collected.
    pub report: Option<PathBuf>,
    pub output: Output,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("--hosts {}: {}", path.display(), describe_read_error(path, source))]
    List { path: PathBuf, source: io::Error },
    #[error("no host is named; name some, or a list with --hosts, or a report with --report")]
    NoHosts,
    #[error("{}: the report's column missing asks for nothing that a script can collect, so there is nothing to do", .0.display())]
    NothingMissing(PathBuf),
    #[error("--report {0}")]
    Report(#[from] BaselineError),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Error {
    /// The command line asks for something impossible, whatever the inputs hold.
    pub fn is_wrong_use(&self) -> bool {
        match self {
            Self::NoHosts => true,
            Self::Output(error) => error.is_wrong_use(),
            _ => false,
        }
    }
}

/// What the script will collect. Names by their lower case, so that each is asked once.
#[derive(Debug, Default)]
struct Task {
    logs: BTreeMap<String, String>,
    addresses: BTreeMap<String, String>,
    controllers: bool,
    accounts: bool,
    dns: bool,
    /// (name, client)
    resolve: BTreeSet<(String, String)>,
    refused: BTreeSet<String>,
    /// Items of `missing` that only a person can find out.
    for_people: BTreeSet<String>,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Names that are no host names and are only in comments.
    pub left_out: usize,
    /// `None` for standard output.
    pub written: Option<PathBuf>,
}

/// Makes the script.
pub fn run(config: &Config) -> Result<Outcome, Error> {
    config.output.check()?;
    let inputs = config.lists.iter().chain(&config.report).map(PathBuf::as_path);
    let protected = protect_inputs(config.output.path(), inputs)?;
    let mut task = Task::default();
    if let Some(path) = &config.report {
        for row in baseline::read(path)? {
            task.add_missing(&row);
        }
        if task.is_empty() {
            return Err(Error::NothingMissing(path.clone()));
        }
    } else {
        for host in hosts(config)? {
            if let Some(host) = task.name(&host) {
                task.logs.insert(host.to_lowercase(), host.clone());
                task.addresses.insert(host.to_lowercase(), host);
            }
        }
        (task.controllers, task.accounts, task.dns) = (true, true, true);
        if task.logs.is_empty() && task.refused.is_empty() {
            return Err(Error::NoHosts);
        }
    }
    let written = config.output.write(&protected, |out| out.write_all(task.script().as_bytes()))?;
    Ok(Outcome { left_out: task.refused.len(), written })
}

fn hosts(config: &Config) -> Result<Vec<String>, Error> {
    let mut hosts = config.hosts.clone();
    for path in &config.lists {
        let failed = |source| Error::List { path: path.clone(), source };
        let text = std::fs::read(path).map_err(failed)?;
        let text = crate::text::decode::decode(&text).into_owned();
        let names = text.lines();
        hosts.extend(
            names
                .map(|l| l.split('#').next().unwrap_or_default().trim().to_owned())
                .filter(|l| !l.is_empty()),
        );
    }
    Ok(hosts)
}

impl Task {
    /// The name, if it can be nothing but a name.
    fn name(&mut self, name: &str) -> Option<String> {
        let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_name = !name.is_empty()
            && name.len() <= 255
            && name.chars().all(harmless)
            // Not an option, not `.` or `..`: it becomes a file's name too.
            && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            self.refused.insert(name.to_owned());
            return None;
        }
        Some(name.to_owned())
    }

    fn add_missing(&mut self, row: &Row) {
        for item in &row.missing {
            // Of what is over only one thing matters: whether it is over.
            let all = wanted(item).into_iter();
            let all = all.filter(|w| row.status.is_present() || matches!(w, Wanted::LogOf(_)));
            let before = self.refused.len();
            let mut any = false;
            for one in all {
                any = true;
                self.add(one);
            }
            if !any && row.status.is_present() && self.refused.len() == before {
                self.for_people.insert(item.clone());
            }
        }
    }

    fn add(&mut self, wanted: Wanted) {
        match wanted {
            Wanted::AddressesOf(host) => {
                if let Some(host) = self.name(&host) {
                    self.addresses.insert(host.to_lowercase(), host);
                }
            }
            Wanted::LogOf(host) => {
                if let Some(host) = self.name(&host) {
                    self.logs.insert(host.to_lowercase(), host);
                }
            }
            Wanted::ControllersLogs => self.controllers = true,
            Wanted::Accounts => self.accounts = true,
            Wanted::Resolve { name, client } => {
                if let (Some(name), Some(client)) = (self.name(&name), self.name(&client)) {
                    self.dns = true;
                    self.resolve.insert((name.to_lowercase(), client.to_lowercase()));
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.logs.is_empty()
            && self.addresses.is_empty()
            && self.resolve.is_empty()
            && !(self.controllers || self.accounts || self.dns)
    }

    /// The whole script, in CRLF: Windows' editors and `more` want it so.
    fn script(&self) -> String {
        let mut head = String::new();
        let mut line = |text: &str| {
            head.push_str(text);
            head.push('\n');
        };
        line(
            "# Exports what krbtriage wants. Made by `krbtriage collect-script`; read it before you run it:",
        );
        line("#   powershell -ExecutionPolicy Bypass -File collect.ps1 -Folder collected");
        line("# It changes nothing on the hosts; on each it makes one temporary file and removes it.");
        line("#Requires -Version 5.1");
        line("[CmdletBinding()]");
        line("param(");
        line("    # Where everything goes.");
        line("    [string] $Folder = 'krbtriage-collected'");
        line(")");
        line("");
        for (i, name) in self.refused.iter().enumerate() {
            if i == SHOWN {
                line(&format!("# and {} more names", self.refused.len() - SHOWN));
                break;
            }
            line(&format!("# left out, because it is no host name: {}", comment(name)));
        }
        for item in &self.for_people {
            line(&format!("# not for a script: {}", comment(item)));
        }
        array("LogHosts", "System logs of", self.logs.values(), &mut line);
        array("AddressHosts", "Addresses of", self.addresses.values(), &mut line);
        let pairs: Vec<String> =
            self.resolve.iter().map(|(name, client)| format!("{client}|{name}")).collect();
        array("Resolve", "What a name leads to on a client (client|name)", pairs.iter(), &mut line);
        for (name, wanted, what) in [
            ("ControllerLogs", self.controllers, "System logs of all domain controllers of the forest"),
            ("Accounts", self.accounts, "Accounts and their SPNs, of every domain of the forest"),
            ("DnsRecords", self.dns, "A, AAAA and CNAME records of the DNS zones"),
        ] {
            line(&format!("# {what}"));
            line(&format!("${name} = ${}", if wanted { "true" } else { "false" }));
        }
        line("");
        format!("{head}{BODY}").replace("\r\n", "\n").replace('\n', "\r\n")
    }
}

/// `$NAME = @('a', 'b')`, an item a line.
fn array<'a>(name: &str, what: &str, items: impl Iterator<Item = &'a String>, line: &mut impl FnMut(&str)) {
    line(&format!("# {what}"));
    line(&format!("${name} = @("));
    for item in items {
        line(&format!("    '{item}'"));
    }
    line(")");
}

/// Text that stays in its comment: one line of printable ASCII, and not endless.
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
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("collect.ps1");
        let config = Config {
            hosts: hosts.iter().map(|h| (*h).to_owned()).collect(),
            lists: Vec::new(),
            report: None,
            output: Output::File(path.clone()),
        };
        run(&config).unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn only_harmless_names_become_code() {
        let hostile = [
            "a'; Remove-Item C:\\ -Recurse; '",
            "$(calc)",
            "a\nInvoke-Expression 'x'",
            "a\u{2028}calc",
            "a‘b",
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
        let arrays = &script[..script.find("Set-StrictMode").unwrap()];
        let code: Vec<&str> =
            arrays.lines().map(str::trim).filter(|l| !l.starts_with('#') && !l.is_empty()).collect();
        for line in &code {
            let harmless = |c: char| c.is_ascii_alphanumeric() || ".-_'|$=@() [],".contains(c);
            assert!(line.chars().all(harmless), "{line}");
        }
        assert_eq!(code.iter().filter(|l| **l == "'srv1.alpha.example.com'").count(), 2);
        assert_eq!(arrays.matches("left out, because it is no host name").count(), hostile.len());
        assert!(
            script.bytes().all(|b| b == b'\r' || b == b'\n' || (b' '..=b'~').contains(&b)),
            "ASCII, in any code page"
        );
    }

    #[test]
    fn each_host_is_asked_once() {
        let script = made(&["SRV1.alpha.example.com", "srv1.ALPHA.example.com", "srv2"]);
        assert_eq!(
            script.to_lowercase().matches("    'srv1.alpha.example.com'").count(),
            2,
            "logs and addresses"
        );
    }

    #[test]
    fn quotes_and_brackets_of_the_script_are_balanced() {
        // No PowerShell stands ready where the tests run; this finds a lost bracket at least.
        let script = made(&["srv1"]);
        let mut open = Vec::new();
        for (number, line) in script.lines().enumerate() {
            let mut chars = line.chars().peekable();
            let mut quote = None;
            while let Some(c) = chars.next() {
                match (quote, c) {
                    (None, '#') => break,
                    (None, '\'' | '"') => quote = Some(c),
                    (Some('"'), '`') => drop(chars.next()),
                    (Some(q), c) if q == c => quote = None,
                    (None, '(' | '{' | '[') => open.push((c, number + 1)),
                    (None, ')' | '}' | ']') => {
                        let from = open.pop().unwrap_or_else(|| panic!("line {}: {c}", number + 1));
                        assert!(
                            ["()", "{}", "[]"].contains(&&*format!("{}{c}", from.0)),
                            "lines {} and {}",
                            from.1,
                            number + 1
                        );
                    }
                    _ => {}
                }
            }
            assert_eq!(quote, None, "line {}: {line}", number + 1);
        }
        assert_eq!(open, []);
    }

    #[test]
    fn every_function_that_is_called_is_there() {
        let script = made(&["srv1"]);
        let called = |name: &str| script.matches(name).count() - 1;
        let defined: Vec<&str> = script
            .lines()
            .filter_map(|l| l.strip_prefix("function "))
            .map(|l| l.split([' ', '(', '{']).next().unwrap())
            .collect();
        assert!(defined.len() >= 5, "{defined:?}");
        for name in defined {
            assert!(called(name) > 0, "{name} is never called");
        }
    }
}
