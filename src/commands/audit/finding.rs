//! Findings of an audit. `docs/audit.md` documents their columns.

use std::borrow::Cow;

use crate::diagnosis::{AuditSubject, Cause, Kind, audit_steps, general_fix};
use crate::inventory::addresses::vendors::AdapterKind;
use crate::report::Status;
use crate::report::item::StepItem;
use crate::report::row::{join, split};

/// Columns of an audit in CSV, in their order.
pub const COLUMNS: [&str; 11] = [
    "finding_id",
    "status",
    "kind",
    "what",
    "owners",
    "owner_count",
    "adapters",
    "vendor",
    "hurts",
    "evidence",
    "fix",
];

/// Maximum number of names in one cell. Excel truncates a cell at 32,767 characters, and thousands of hosts may share an
/// address.
pub(super) const MAX_SHOWN: usize = 100;
/// Maximum number of pieces of evidence in one finding.
pub(super) const MAX_EVIDENCE: usize = 6;

/// Kind of a finding: the reason why incidents can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditKind {
    BmcUsbNic,
    VirtualSwitch,
    ClusterOrNlbAddress,
    OtherSharedAddress,
    RenamedOrDuplicateHost,
    NameLeadsElsewhere,
    DuplicateSpn,
    HostAliasCollision,
    SameNameTwoDomains,
}

impl AuditKind {
    pub const ALL: [Self; 9] = [
        Self::BmcUsbNic,
        Self::VirtualSwitch,
        Self::ClusterOrNlbAddress,
        Self::OtherSharedAddress,
        Self::RenamedOrDuplicateHost,
        Self::NameLeadsElsewhere,
        Self::DuplicateSpn,
        Self::HostAliasCollision,
        Self::SameNameTwoDomains,
    ];

    /// Kinds that no incident has, explained in `docs/audit.md`.
    pub const AUDIT_ONLY: [Self; 3] =
        [Self::HostAliasCollision, Self::NameLeadsElsewhere, Self::RenamedOrDuplicateHost];

    /// Returns the name in the CSV.
    pub fn name(self) -> &'static str {
        match self {
            Self::BmcUsbNic => "bmc-usb-nic",
            Self::VirtualSwitch => "virtual-switch",
            Self::ClusterOrNlbAddress => "cluster-or-nlb-address",
            Self::OtherSharedAddress => "other",
            Self::RenamedOrDuplicateHost => "renamed-or-duplicate-host",
            Self::NameLeadsElsewhere => "name-leads-elsewhere",
            Self::DuplicateSpn => "duplicate-spn",
            Self::HostAliasCollision => "host-alias-collision",
            Self::SameNameTwoDomains => "same-name-two-domains",
        }
    }

    /// Finds the kind with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Explains the kind in a clause.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::BmcUsbNic => "a management card's adapter has the same address on several hosts",
            Self::VirtualSwitch => "a virtual switch has the same address on several hosts",
            Self::ClusterOrNlbAddress => "hosts share the address of a cluster on purpose",
            Self::OtherSharedAddress => "several hosts own one address",
            Self::RenamedOrDuplicateHost => "several names have all addresses in common",
            Self::NameLeadsElsewhere => "DNS resolves a name to another host's address",
            Self::DuplicateSpn => "an SPN is registered on several accounts",
            Self::HostAliasCollision => "an explicit SPN hides the SPN that a computer's HOST SPN implies",
            Self::SameNameTwoDomains => "accounts in two domains have the same name",
        }
    }

    /// Returns the label for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::RenamedOrDuplicateHost => "One machine with several names",
            Self::NameLeadsElsewhere => "Name resolves to another host",
            Self::HostAliasCollision => "SPN that hides a HOST SPN",
            Self::BmcUsbNic
            | Self::VirtualSwitch
            | Self::ClusterOrNlbAddress
            | Self::OtherSharedAddress
            | Self::DuplicateSpn
            | Self::SameNameTwoDomains => self.incident_kind().map_or("", Kind::label),
        }
    }

    /// Reports whether several machines own one address.
    pub fn is_shared_address(self) -> bool {
        matches!(
            self,
            Self::BmcUsbNic | Self::VirtualSwitch | Self::ClusterOrNlbAddress | Self::OtherSharedAddress
        )
    }

    /// Reports whether the owners are accounts and not hosts.
    pub fn is_about_accounts(self) -> bool {
        matches!(self, Self::DuplicateSpn | Self::HostAliasCollision | Self::SameNameTwoDomains)
    }

    /// Returns the cause of the incidents that such a finding can produce.
    pub fn cause(self) -> Cause {
        match self {
            Self::BmcUsbNic
            | Self::VirtualSwitch
            | Self::ClusterOrNlbAddress
            | Self::OtherSharedAddress
            | Self::RenamedOrDuplicateHost => Cause::LoopbackSharedIp,
            Self::NameLeadsElsewhere => Cause::WrongHost,
            Self::DuplicateSpn | Self::HostAliasCollision | Self::SameNameTwoDomains => Cause::DuplicateSpn,
        }
    }

    /// Returns the kind of the incidents that such a finding can produce; `None` for one machine with two names.
    pub fn incident_kind(self) -> Option<Kind> {
        match self {
            Self::BmcUsbNic => Some(Kind::BmcUsbNic),
            Self::VirtualSwitch => Some(Kind::VirtualSwitch),
            Self::ClusterOrNlbAddress => Some(Kind::ClusterOrNlbAddress),
            Self::OtherSharedAddress => Some(Kind::OtherSharedAddress),
            Self::RenamedOrDuplicateHost => None,
            Self::NameLeadsElsewhere => Some(Kind::StaleDns),
            Self::DuplicateSpn => Some(Kind::Duplicate),
            Self::HostAliasCollision => Some(Kind::Misplaced),
            Self::SameNameTwoDomains => Some(Kind::SameNameTwoDomains),
        }
    }

    /// Returns the steps that fix such a finding, with placeholders for names.
    pub fn general_steps(self) -> Vec<String> {
        match self.incident_kind() {
            Some(kind) => general_fix(kind),
            None => steps(AuditSubject::OneMachine { names: &[] })
                .iter()
                .map(|step| step.text().into_owned())
                .collect(),
        }
    }
}

impl From<AdapterKind> for AuditKind {
    fn from(adapter: AdapterKind) -> Self {
        match adapter {
            AdapterKind::BmcUsbNic(_) => Self::BmcUsbNic,
            AdapterKind::VirtualSwitch => Self::VirtualSwitch,
            AdapterKind::ClusterOrNlb => Self::ClusterOrNlbAddress,
            AdapterKind::Other => Self::OtherSharedAddress,
        }
    }
}

/// Returns the steps that fix a finding.
pub(super) fn steps(found: AuditSubject<'_>) -> Vec<StepItem> {
    audit_steps(found).into_iter().map(StepItem::new).collect()
}

/// A finding of an audit. Its texts are not escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFinding {
    /// `a` and 12 hexadecimal digits. The same finding has the same ID in every run.
    pub finding_id: String,
    pub status: Status,
    pub kind: AuditKind,
    /// The address, the SPN, the account's name, or `name -> address`.
    pub what: String,
    /// Hosts or accounts, in order; at most [`MAX_SHOWN`].
    pub owners: Vec<String>,
    pub owner_count: usize,
    /// Different descriptions of the adapters with the address. At most [`MAX_SHOWN`], then `and N more`.
    pub adapters: Vec<String>,
    /// Vendor of a management card, else empty.
    pub vendor: String,
    /// Effect of the finding on hosts and accounts, as a sentence without a full stop.
    pub hurts: String,
    pub evidence: Vec<String>,
    pub fix: Vec<StepItem>,
}

impl AuditFinding {
    /// Returns the cells in the order of [`COLUMNS`], not yet escaped.
    pub fn cells(&self) -> [Cow<'_, str>; COLUMNS.len()] {
        let mut owners = join(&self.owners);
        if self.owner_count > self.owners.len() {
            owners.push_str(&format!("; and {} more", self.owner_count - self.owners.len()));
        }
        [
            (&self.finding_id).into(),
            self.status.name().into(),
            self.kind.name().into(),
            (&self.what).into(),
            owners.into(),
            self.owner_count.to_string().into(),
            join(&self.adapters).into(),
            (&self.vendor).into(),
            (&self.hurts).into(),
            join(&self.evidence).into(),
            join(self.fix.iter().map(StepItem::text)).into(),
        ]
    }

    /// Parses the cells of an earlier audit. Fails with a clause about the row.
    pub fn from_cells(cells: &[Cow<'_, str>]) -> Result<Self, String> {
        let [id, status, kind, what, owners, count, adapters, vendor, hurts, evidence, fix] = cells else {
            return Err("it has too few cells".to_owned());
        };
        let status = Status::ALL.into_iter().find(|s| s.name() == status);
        let owner_count: usize =
            count.parse().map_err(|_| format!("owner_count \"{count}\" is not a number"))?;
        let mut owners = split(owners);
        // The last item is the number of owners that were left out.
        if owner_count >= owners.len() && owners.len() > MAX_SHOWN {
            owners.truncate(MAX_SHOWN);
        }
        Ok(Self {
            finding_id: id.to_string(),
            status: status.ok_or("its status is not valid")?,
            kind: AuditKind::by_name(kind).ok_or_else(|| format!("\"{kind}\" is not a valid kind"))?,
            what: what.to_string(),
            owners,
            owner_count,
            adapters: split(adapters),
            vendor: vendor.to_string(),
            hurts: hurts.to_string(),
            evidence: split(evidence),
            fix: split(fix).iter().map(|step| StepItem::from_cell(step)).collect(),
        })
    }
}

/// Keeps [`MAX_SHOWN`] items, and adds the number of the others.
pub(super) fn limit_items(items: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = items.len().saturating_sub(MAX_SHOWN);
    let mut shown: Vec<String> = items.take(MAX_SHOWN).collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_read_back_as_it_was_written() {
        for owner_count in [1, MAX_SHOWN, 20_000] {
            let owners = (0..owner_count.min(MAX_SHOWN)).map(|i| format!("srv{i}")).collect();
            let finding = AuditFinding {
                finding_id: "a0123456789ab".into(),
                status: Status::Reopened,
                kind: AuditKind::NameLeadsElsewhere,
                what: "srv1 -> 192.0.2.1".into(),
                owners,
                owner_count,
                adapters: vec![],
                vendor: String::new(),
                hurts: "who".into(),
                evidence: vec!["a (i.csv:1)".into(), "b".into()],
                fix: vec![StepItem::from_cell("do this")],
            };
            let cells = finding.cells();
            assert_eq!(AuditFinding::from_cells(&cells), Ok(finding.clone()), "{owner_count}");
        }
    }

    #[test]
    fn every_kind_has_a_name_of_its_own_and_steps() {
        for kind in AuditKind::ALL {
            assert_eq!(AuditKind::by_name(kind.name()), Some(kind));
            assert!(!kind.general_steps().is_empty());
        }
    }
}
