//! The steps for a finding of an audit, before anything fails. They are those for an incident, with the names of
//! the finding.

use std::net::IpAddr;

use super::view::{Occasion, View};
use super::{Step, steps_for};
use crate::diagnosis::{AccountFacts, IncidentName, Kind, RemedyInput, SharedAddress};
use crate::names::Spn;

/// The subject of an audit's finding, with names from the inventories.
#[derive(Debug, Clone, Copy)]
pub(crate) enum AuditSubject<'a> {
    /// Several hosts own one address. The kind is one of a loopback.
    Address { kind: Kind, shared: &'a SharedAddress, hosts: &'a [String] },
    /// Several names have all addresses in common, as one machine or a copy has.
    OneMachine { names: &'a [String] },
    /// A name resolves to an address of another host.
    Name { name: &'a str, address: IpAddr, host: &'a str },
    /// Several accounts own one SPN.
    Spn { spn: &'a Spn, owners: &'a [AccountFacts] },
    /// An account owns the exact SPN, and a computer the `HOST` SPN that covers it.
    HostAlias { spn: &'a Spn, owners: &'a [AccountFacts], computer: Option<&'a AccountFacts> },
    /// Accounts of one name in several domains.
    SameName { name: &'a str, domains: &'a [String] },
}

/// The steps for a finding of an audit.
pub(crate) fn audit_steps(found: AuditSubject<'_>) -> Vec<Step> {
    let absent = IncidentName::default;
    let known = |text: Option<&str>| {
        text.map_or_else(absent, |text| IncidentName { text: text.into(), is_known: true })
    };
    let (kind, first, second) = match found {
        AuditSubject::OneMachine { names } => return one_machine(names),
        AuditSubject::Address { kind, hosts, .. } => {
            (kind, known(hosts.first().map(String::as_str)), known(hosts.get(1).map(String::as_str)))
        }
        AuditSubject::Name { name, .. } => (Kind::StaleDns, absent(), known(Some(name))),
        AuditSubject::Spn { spn, .. } => (Kind::Duplicate, absent(), known(Some(&spn.host))),
        AuditSubject::HostAlias { spn, .. } => (Kind::Misplaced, absent(), known(Some(&spn.host))),
        AuditSubject::SameName { name, .. } => {
            (Kind::SameNameTwoDomains, absent(), known(Some(name.trim_end_matches('$'))))
        }
    };
    let mut input = RemedyInput { client: first, target_host: second, ..RemedyInput::general(kind) };
    match found {
        AuditSubject::OneMachine { .. } => {}
        AuditSubject::Address { shared, .. } => input.addresses = vec![shared.clone()],
        AuditSubject::Name { address, host, .. } => {
            input.addresses = vec![SharedAddress { address, adapter: "".into(), owners: 1, hosts: 0 }];
            input.responder_host = Some(known(Some(host)));
        }
        AuditSubject::Spn { spn, owners } => {
            input.target = spn.to_string().into();
            input.owners = owners.to_vec();
        }
        AuditSubject::HostAlias { spn, owners, computer } => {
            input.target = spn.to_string().into();
            input.owners = owners.to_vec();
            input.responder_account = computer.cloned().map(Box::new);
        }
        AuditSubject::SameName { domains, .. } => input.realms = domains.to_vec(),
    }
    let mut steps = steps_for(&View::new(&input, Occasion::Audit));
    if matches!(kind, Kind::ClusterOrNlbAddress | Kind::OtherSharedAddress) {
        steps.push(
            Step::read("Put the address into the file for --allow, so that the next audit skips it.")
                .when("hosts share the address on purpose"),
        );
    }
    steps
}

/// The steps for names that have all addresses in common.
fn one_machine(names: &[String]) -> Vec<Step> {
    let names = match names {
        [] => "These names".to_owned(),
        names => names.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(", "),
    };
    vec![
        Step::note(format!(
            "{names} have all addresses in common. Change nothing before you know whether it is one machine."
        )),
        Step::read("Compare serial numbers and MAC addresses of the machines behind these names.").run(
            super::Command::at("each of them", "Get-CimInstance Win32_BIOS | Select-Object SerialNumber"),
        ),
        Step::host("Leave the old name out of the inventory, and remove its DNS record once nobody uses it.")
            .only_if("it is one machine that was renamed")
            .risk("programs that still use the old name fail.")
            .undo("Add the record again.", []),
        Step::host("Give the copy its own name and addresses before it joins the domain again.")
            .only_if("it is a copy of the machine")
            .risk("the copy is away until it has joined the domain.")
            .undo("Nothing to undo.", [])
            .verify("Export again and run krbtriage audit: it no longer lists this.", []),
    ]
}
