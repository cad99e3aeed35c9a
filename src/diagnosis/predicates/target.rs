//! The target in the account lists: a computer, an account of its own, one that is out of use.

use crate::diagnosis::account_class::unused_since;
use crate::diagnosis::case::Case;
use crate::diagnosis::evidence::{AccountName, Fact};
use crate::diagnosis::proof::Repair;
use crate::diagnosis::subject::AccountKind;
use crate::inventory::accounts::Account;
use crate::names::{HostName, Spn};

/// No inventory has the target as a host with addresses, and no list has a computer of its name though some has computers. A
/// cluster's account is not a computer. A responder of the target's name is a computer that a short list lacks.
pub(super) fn is_no_computer(case: &Case<'_>) -> bool {
    let Some(target) = &case.parties.target_host else { return false };
    let computer = |account: &&Account| {
        account.is_computer()
            && !matches!(
                AccountKind::from_account(account),
                AccountKind::ClusterName | AccountKind::ManagedService
            )
    };
    let itself = case.parties.responder_host.as_ref().is_some_and(|host| host.same_label(target));
    !itself
        && case.parties.context.accounts.lists_computers()
        && case.parties.shareable(case.parties.target_id).is_empty()
        && !case.parties.context.accounts.named(target.label()).iter().any(computer)
}

/// The account is the target's own.
pub(super) fn is_of_target(case: &Case<'_>, account: &Account) -> bool {
    let name = HostName::parse(account.name.trim_end_matches('$'));
    account.is_computer()
        && name.zip(case.parties.target_host.as_ref()).is_some_and(|(name, target)| name.same_label(target))
}

/// The account is disabled, or its computer has not set its password for long.
pub(super) fn out_of_use(case: &Case<'_>, owner: &Account) -> Option<Fact> {
    let account = AccountName::from_account(owner);
    if owner.is_disabled() {
        return Some(Fact::Disabled { account });
    }
    unused_since(owner, case.parties.incident.occurrences.first).map(|set| Fact::Unused { set, account })
}

/// Repair of an SPN: one registration.
pub(in crate::diagnosis) fn repair_of_spn(case: &Case<'_>) -> Repair {
    Repair::Spn(case.parties.spn().map_or_else(|| case.parties.incident.target.to_lowercase(), Spn::key))
}
