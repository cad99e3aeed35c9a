//! Compares an audit with an earlier one: what is new, what is gone, what came back.

use std::net::IpAddr;
use std::path::Path;

use indexmap::IndexMap;

use super::finding::{AuditFinding, AuditKind, COLUMNS};
use crate::commands::allow_list::AllowList;
use crate::inventory::InventoryFile;
use crate::inventory::accounts::AccountInventory;
use crate::inventory::addresses::AddressInventory;
use crate::inventory::hosts::Hosts;
use crate::names::HostName;
use crate::output::Output;
use crate::report::Status;
use crate::report::saved::{Saved, SavedError};

/// The findings of an earlier audit, in its order.
#[derive(Default)]
pub(super) struct EarlierAudit(IndexMap<String, AuditFinding>);

/// The inputs of this run, to distinguish a finding that is gone from one that was not checked.
pub(super) struct Now<'n> {
    pub hosts: &'n Hosts<'n>,
    pub interfaces: &'n AddressInventory,
    pub accounts: &'n AccountInventory,
    pub allow: &'n AllowList,
}

impl EarlierAudit {
    /// A missing file is accepted if this run writes it: `--baseline audit.csv -o audit.csv` every night
    /// starts a series. Any other missing file is a mistake.
    pub(super) fn read(path: &Path, output: &Output) -> Result<Self, SavedError> {
        if !path.exists() && output.path() == Some(path) {
            return Ok(Self::default());
        }
        let saved = Saved { path, what: "an audit of krbtriage (.csv)" };
        let rows = saved.csv_rows(&saved.text()?, &COLUMNS, &[], AuditFinding::from_cells)?;
        let mut findings = IndexMap::new();
        for (_, finding) in rows {
            findings.entry(finding.finding_id.clone()).or_insert(finding);
        }
        Ok(Self(findings))
    }

    /// Gives each finding its status, and adds the earlier ones that this run does not have, so that one that
    /// returns is recognised. They are resolved, or ongoing if this run's inventories could not show them.
    pub(super) fn compare(mut self, findings: Vec<AuditFinding>, now: &Now<'_>) -> Vec<AuditFinding> {
        let mut all = findings;
        for finding in &mut all {
            finding.status = match self.0.shift_remove(&finding.finding_id).map(|earlier| earlier.status) {
                None => Status::New,
                Some(Status::Resolved) => Status::Reopened,
                Some(Status::New | Status::Ongoing | Status::Reopened) => Status::Ongoing,
            };
        }
        all.extend(self.0.into_values().map(|mut earlier| {
            let blind_spot = match earlier.status {
                Status::Resolved => None,
                _ => now.blind_spot(&earlier),
            };
            earlier.status = if blind_spot.is_some() { Status::Ongoing } else { Status::Resolved };
            earlier.evidence.extend(blind_spot.filter(|why| !earlier.evidence.contains(why)));
            earlier
        }));
        all
    }
}

impl Now<'_> {
    /// Why this run could not show the finding even if it still exists; `None` if it could. An inventory that
    /// could not be read today, or that has fewer hosts, must not make a finding come and go.
    fn blind_spot(&self, finding: &AuditFinding) -> Option<String> {
        match finding.kind {
            AuditKind::DuplicateSpn | AuditKind::HostAliasCollision | AuditKind::SameNameTwoDomains => {
                let read = |f: &InventoryFile| f.rows > 0 && f.read_errors.is_empty();
                let whole = !self.accounts.files.is_empty() && self.accounts.files.iter().all(read);
                (!whole).then(|| "a later audit had no complete account list".to_owned())
            }
            AuditKind::NameLeadsElsewhere => {
                let name = finding.what.split_once(" -> ").and_then(|(name, _)| HostName::parse(name))?;
                let records = &self.interfaces.resolved;
                let listed = records.iter().any(|r| HostName::parse(&r.name).is_some_and(|n| n == name));
                (!listed).then(|| format!("a later audit had no DNS record of {name}"))
            }
            AuditKind::BmcUsbNic
            | AuditKind::VirtualSwitch
            | AuditKind::ClusterOrNlbAddress
            | AuditKind::OtherSharedAddress
            | AuditKind::RenamedOrDuplicateHost => {
                let address: IpAddr = finding.what.parse().ok()?;
                if self.allow.has_address(address) {
                    return None;
                }
                let is_listed = |text: &String| {
                    let host = HostName::parse(text).and_then(|name| self.hosts.find(&name));
                    host.is_some_and(|id| !self.hosts.owned(id).is_empty())
                };
                let unlisted: Vec<&String> = finding.owners.iter().filter(|text| !is_listed(text)).collect();
                let has_it = usize::from(!self.hosts.owners_of(address).is_empty());
                let first = unlisted.first()?;
                (unlisted.len() + has_it >= 2).then(|| format!("a later audit had no addresses of {first}"))
            }
        }
    }
}
