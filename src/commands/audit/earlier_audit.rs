//! Compares an audit with an earlier one, and gives each finding its status.

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
use crate::report::saved_file::{SavedError, SavedFile};

/// Findings of an earlier audit by their ID, in the order of its file.
#[derive(Default)]
pub(super) struct EarlierAudit(IndexMap<String, AuditFinding>);

/// Inputs of this run. They show whether a finding is gone or could not be checked.
pub(super) struct CurrentInputs<'n> {
    pub hosts: &'n Hosts<'n>,
    pub interfaces: &'n AddressInventory,
    pub accounts: &'n AccountInventory,
    pub allow: &'n AllowList,
}

impl EarlierAudit {
    /// Reads an earlier audit. A missing file is an error unless this run writes it: the first of many runs with `--baseline
    /// audit.csv -o audit.csv` has no earlier audit.
    pub(super) fn read(path: &Path, output: &Output) -> Result<Self, SavedError> {
        if !path.exists() && output.path() == Some(path) {
            return Ok(Self::default());
        }
        let saved = SavedFile { path, expected: "an audit of krbtriage (.csv)" };
        let rows = saved.csv_rows(&saved.text()?, &COLUMNS, &[], AuditFinding::from_cells)?;
        let mut findings = IndexMap::new();
        for (_, finding) in rows {
            findings.entry(finding.finding_id.clone()).or_insert(finding);
        }
        Ok(Self(findings))
    }

    /// Gives each finding its status, and adds the earlier findings that this run does not have. They are resolved, or
    /// ongoing if this run could not check them. A resolved finding is kept, so that it is reopened if it returns.
    pub(super) fn compare(
        mut self,
        findings: Vec<AuditFinding>,
        current: &CurrentInputs<'_>,
    ) -> Vec<AuditFinding> {
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
                _ => current.blind_spot(&earlier),
            };
            earlier.status = if blind_spot.is_some() { Status::Ongoing } else { Status::Resolved };
            earlier.evidence.extend(blind_spot.filter(|why| !earlier.evidence.contains(why)));
            earlier
        }));
        all
    }
}

impl CurrentInputs<'_> {
    /// Returns the reason why this run could not check the finding, or `None` if it could. An inventory that cannot be read,
    /// or that has fewer hosts, must not resolve a finding.
    fn blind_spot(&self, finding: &AuditFinding) -> Option<String> {
        match finding.kind {
            AuditKind::DuplicateSpn | AuditKind::HostAliasCollision | AuditKind::SameNameTwoDomains => {
                let read = |f: &InventoryFile| f.rows > 0 && f.read_errors.is_empty();
                let is_complete = !self.accounts.files.is_empty() && self.accounts.files.iter().all(read);
                (!is_complete).then(|| "a later audit had no complete account list".to_owned())
            }
            AuditKind::NameLeadsElsewhere => {
                let name = finding.what.split_once(" -> ").and_then(|(name, _)| HostName::parse(name))?;
                let records = &self.interfaces.resolved;
                let is_listed = records.iter().any(|r| HostName::parse(&r.name).is_some_and(|n| n == name));
                (!is_listed).then(|| format!("a later audit had no DNS record of {name}"))
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
                let remaining = usize::from(!self.hosts.owners_of(address).is_empty());
                let first = unlisted.first()?;
                (unlisted.len() + remaining >= 2)
                    .then(|| format!("a later audit had no addresses of {first}"))
            }
        }
    }
}
