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
use super::{Cause, Confidence, Kind, RemedyInput};
use view::{Occasion, View};

/// The steps for an incident.
pub(crate) fn steps(input: &RemedyInput) -> Vec<Step> {
    steps_for(&View::new(input, Occasion::Incident))
}

/// The steps for the kind in the view.
fn steps_for(view: &View<'_>) -> Vec<Step> {
    let input = view.input;
    let mut steps = match (input.kind, input.cause) {
        (Kind::BmcUsbNic, _) => address::management_card(view),
        (Kind::VirtualSwitch, _) => address::virtual_switch(view),
        (Kind::ClusterOrNlbAddress, _) => cluster::shared_on_purpose(view),
        (Kind::OtherSharedAddress | Kind::SharedAddress, _) => address::shared_address(view),
        (Kind::AddressesUnknown, _) => address::unknown_address(view),
        (Kind::Misplaced, _) => registration::misplaced(view),
        (Kind::Duplicate, _) => registration::duplicate(view),
        (Kind::LeftoverAccount, _) => registration::leftover(view),
        (Kind::SameNameTwoDomains, _) => name::same_name(view),
        (Kind::NameTakenOver, _) => name::taken_over(view),
        (Kind::ClusterOrAlias, _) => name::alias(view),
        (Kind::StaleDns, _) => name::stale_dns(view),
        (Kind::KernelMode, _) => web::kernel_mode(view),
        (Kind::TwoServices, _) => web::two_services(view),
        (Kind::SharedName, _) => cluster::shared_name(view),
        (Kind::ClusterNameAccount, _) => cluster::cluster_name_account(view),
        (Kind::MachineAccount, _) => key::machine_account(view),
        (Kind::ServiceAccount, _) => key::service_account(view),
        (Kind::ManagedServiceAccount, _) => key::managed_account(view),
        (Kind::EncryptionType, _) => key::encryption_type(view),
        (Kind::StaleTicket, _) => key::stale_ticket(view),
        (Kind::Trust, _) => foreign::trust(view),
        (Kind::Keytab, _) => foreign::keytab(view),
        (Kind::AzureFiles, _) => foreign::azure_files(view),
        (Kind::EntraSeamlessSso, _) => foreign::entra(view),
        (Kind::NotEnoughData, _) => name::not_enough_data(view),
    };
    hold_back(&mut steps, input.confidence);
    steps
}

/// The steps for a kind, with placeholders for all names.
pub(crate) fn general(cause: Cause, kind: Kind) -> Vec<Step> {
    steps(&RemedyInput::general(cause, kind))
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
