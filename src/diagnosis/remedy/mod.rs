//! The fix of an incident, as steps in a safe order. Triage, audit, `explain` and the page show the same
//! steps.
//!
//! The first step is a note that says whether the fix is safe now and what it can break. Checks come before
//! changes. If the cause is not confirmed, each change has a condition.
//!
//! [`step`] has the type, and [`view`] the names of the incident for texts and commands. Each other file has the
//! fixes of one group of kinds, and [`audit`] those of an audit.

mod address;
mod audit;
mod cluster;
mod controller;
mod foreign;
mod key;
mod name;
mod registration;
mod step;
#[cfg(test)]
mod tests;
mod view;
mod web;

pub(crate) use audit::{AuditSubject, audit_steps};
pub(crate) use step::{Effect, Step};

use super::command::{Command, NameRole};
use super::{Confidence, Kind, RemedyInput};
use view::{Occasion, View};

/// The steps for an incident.
pub(crate) fn steps(input: &RemedyInput) -> Vec<Step> {
    steps_for(&View::new(input, Occasion::Incident))
}

/// The steps for the kind in the view.
fn steps_for(view: &View<'_>) -> Vec<Step> {
    let input = view.input;
    let mut steps = match input.kind {
        Kind::BmcUsbNic => address::management_card(view),
        Kind::VirtualSwitch => address::virtual_switch(view),
        Kind::ClusterOrNlbAddress => cluster::shared_on_purpose(view),
        Kind::OtherSharedAddress | Kind::SharedAddress => address::shared_address(view),
        Kind::AddressesUnknown => address::unknown_address(view),
        Kind::Misplaced => registration::misplaced(view),
        Kind::Duplicate => registration::duplicate(view),
        Kind::LeftoverAccount => registration::leftover(view),
        Kind::SameNameTwoDomains => name::same_name(view),
        Kind::NameTakenOver => name::taken_over(view),
        Kind::ClusterOrAlias => name::alias(view),
        Kind::StaleDns => name::stale_dns(view),
        Kind::KernelMode => web::kernel_mode(view),
        Kind::TwoServices => web::two_services(view),
        Kind::SharedName => cluster::shared_name(view),
        Kind::ClusterNameAccount => cluster::cluster_name_account(view),
        Kind::MachineAccount => key::machine_account(view),
        Kind::ServiceAccount => key::service_account(view),
        Kind::ManagedServiceAccount => key::managed_account(view),
        Kind::EncryptionType => key::encryption_type(view),
        Kind::StaleTicket => key::stale_ticket(view),
        Kind::Trust => foreign::trust(view),
        Kind::Keytab => foreign::keytab(view),
        Kind::AzureFiles => foreign::azure_files(view),
        Kind::EntraSeamlessSso => foreign::entra(view),
        Kind::NotEnoughData => name::not_enough_data(view),
    };
    hold_back(&mut steps, input.confidence);
    steps
}

/// The steps for a kind, with placeholders for all names.
pub(crate) fn general(kind: Kind) -> Vec<Step> {
    steps(&RemedyInput::general(kind))
}

/// Adds a warning to the note and a condition to each change, if the cause is not confirmed.
fn hold_back(steps: &mut [Step], confidence: Confidence) {
    let before = match confidence {
        Confidence::Confirmed => return,
        Confidence::Likely => {
            "The cause is likely, not confirmed: do the checks that this report asks for first."
        }
        Confidence::Possible => {
            "Change nothing yet: the cause is only possible, and others fit as well. Do the checks that \
             this report asks for first."
        }
    };
    for step in steps {
        match step.effect {
            Effect::Note => step.action = format!("{before} {}", step.action).into(),
            _ if step.changes() && step.condition.is_none() => {
                step.condition = Some("Only if the checks confirm this cause".into());
            }
            _ => {}
        }
    }
}
