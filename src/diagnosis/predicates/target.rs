//! The target in the account lists: is it a computer, and which accounts belong to it?

use crate::diagnosis::account_kind::{is_named_after, unused_since};
use crate::diagnosis::case::Case;
use crate::diagnosis::evidence::{AccountName, Fact};
use crate::diagnosis::proof::Repair;
use crate::diagnosis::remedy_input::AccountKind;
use crate::inventory::accounts::Account;
use crate::names::Spn;

/// Is the target's name not that of a computer?
///
/// No inventory has addresses of it, and account lists have computers, but none of its name. The account of a cluster is not a
/// computer. A responder of the target's name is one, even if the lists lack it.
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
        && case.parties.shareable_rows(case.parties.target_id).is_empty()
        && !case.parties.context.accounts.named(target.label()).iter().any(computer)
}

/// Is it the computer account of the target?
pub(super) fn is_of_target(case: &Case<'_>, account: &Account) -> bool {
    let target = case.parties.target_host.as_ref();
    account.is_computer() && target.is_some_and(|target| is_named_after(account, target))
}

/// The fact that the account is disabled, or that its computer is unused; `None` if it is in use.
pub(super) fn out_of_use_fact(case: &Case<'_>, owner: &Account) -> Option<Fact> {
    let account = AccountName::from_account(owner);
    if owner.is_disabled() {
        return Some(Fact::Disabled { account });
    }
    unused_since(owner, case.parties.incident.occurrences.first).map(|set| Fact::Unused { set, account })
}

/// The repair of the target's registration.
pub(in crate::diagnosis) fn repair_of_spn(case: &Case<'_>) -> Repair {
    Repair::Spn(case.parties.spn().map_or_else(|| case.parties.incident.target.to_lowercase(), Spn::key))
}
