//! The task of one script: what to collect, and from which hosts.
//!
//! A name becomes code only if it has letters, digits, `.`, `-` and `_` alone. A name that only a responder reported is
//! not a destination: whoever answers chooses it (`docs/causes.md`).

use std::collections::{BTreeMap, BTreeSet};

use super::listed::ListedHosts;
use crate::diagnosis::Collectable;
use crate::report::Row;

/// Names by their lower case, so that each is asked once.
#[derive(Debug, Default)]
pub(super) struct Task {
    pub logs: BTreeMap<String, String>,
    pub addresses: BTreeMap<String, String>,
    pub controllers: bool,
    pub accounts: bool,
    pub dns: bool,
    /// (name, client)
    pub resolve: BTreeSet<(String, String)>,
    /// Texts that are not host names.
    pub refused: BTreeSet<String>,
    /// Host names that no list has.
    pub unlisted: BTreeSet<String>,
    /// Items of `missing` that only a person can answer.
    pub for_people: BTreeSet<String>,
}

impl Task {
    /// Collects everything from these hosts. `controllers` adds the logs of every domain controller.
    pub(super) fn of_hosts(hosts: &[String], controllers: bool) -> Self {
        let mut task = Self { controllers, accounts: true, dns: true, ..Self::default() };
        for host in hosts {
            if let Some(host) = task.name(host) {
                task.logs.insert(host.to_lowercase(), host.clone());
                task.addresses.insert(host.to_lowercase(), host);
            }
        }
        task
    }

    /// Collects what the rows of a report are missing.
    pub(super) fn of_report(rows: &[Row], listed: &ListedHosts) -> Self {
        let mut task = Self::default();
        for row in rows {
            task.add_missing(row, listed);
        }
        task
    }

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

    /// The name of a host that may be visited.
    fn destination(&mut self, name: &str, listed: &ListedHosts) -> Option<String> {
        let name = self.name(name)?;
        if !listed.has(&name) {
            self.unlisted.insert(name);
            return None;
        }
        Some(name)
    }

    fn add_missing(&mut self, row: &Row, listed: &ListedHosts) {
        for text in &row.collect {
            // For an incident that may be over, only that question matters.
            match text.parse::<Collectable>() {
                Ok(Collectable::SystemLog(host)) => self.add(Collectable::SystemLog(host), listed),
                Ok(collect) if row.status.is_present() => self.add(collect, listed),
                Ok(_) | Err(_) => {}
            }
        }
        if row.status.is_present() {
            let for_people = row.missing.iter().filter(|item| item.is_for_people());
            self.for_people.extend(for_people.map(|item| item.text().into_owned()));
        }
    }

    fn add(&mut self, request: Collectable, listed: &ListedHosts) {
        match request {
            Collectable::Addresses(host) => {
                if let Some(host) = self.destination(&host, listed) {
                    self.addresses.insert(host.to_lowercase(), host);
                }
            }
            Collectable::SystemLog(host) => {
                if let Some(host) = self.destination(&host, listed) {
                    self.logs.insert(host.to_lowercase(), host);
                }
            }
            Collectable::ControllerLogs => self.controllers = true,
            Collectable::Accounts => self.accounts = true,
            Collectable::Resolution { name, client } => {
                // The name is looked up, not visited: its domain decides.
                let Some(name) = self.name(&name) else { return };
                if !listed.has_domain_of(&name) {
                    self.unlisted.insert(name);
                } else if let Some(client) = self.destination(&client, listed) {
                    self.dns = true;
                    self.resolve.insert((name.to_lowercase(), client.to_lowercase()));
                }
            }
            // The script does not collect these yet.
            Collectable::HostState(_) | Collectable::Tickets(_) => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts().is_empty()
    }

    /// The parts of the script that the task needs, in the order in which the script runs them.
    pub(super) fn parts(&self) -> Vec<&'static str> {
        let hosts = !self.addresses.is_empty();
        [
            ("Accounts", self.accounts),
            ("Dns", self.dns),
            ("Addresses", hosts),
            ("Settings", hosts),
            ("Names", hosts || !self.resolve.is_empty()),
            ("Logs", !self.logs.is_empty()),
            ("ControllerLogs", self.controllers),
        ]
        .into_iter()
        .filter_map(|(part, needed)| needed.then_some(part))
        .collect()
    }
}
