//! The decision table. Rows of one topology are together; the one that proves most is first, and the last always matches.

use super::rivals::{
    LOGON_RIVALS, LOOPBACK_RIVALS, MISPLACED_ALIAS_RIVALS, MISPLACED_RIVALS, MISPLACED_SERVICE_RIVALS,
    NO_RIVALS, ONE_MACHINE, REFUSED_RIVALS, SHARED_RIVALS, TAKEN_OVER,
};
use super::rule::{Rival, Rule};
use crate::diagnosis::case::Case;
use crate::diagnosis::connection::Topology;
use crate::diagnosis::predicates::{addresses, hosts, keys, names, registration, undetermined};
use crate::diagnosis::proof::Proof;
use crate::diagnosis::verdict::{Cause, Confidence, Kind};

/// The verdict of a row.
type Conclusion = (Cause, Kind, Confidence);

const fn rule(
    topology: Topology,
    when: &'static str,
    (cause, kind, confidence): Conclusion,
    matches: fn(&Case<'_>) -> Option<Proof>,
) -> Rule {
    Rule { topology, when, cause, kind, confidence, rivals: NO_RIVALS, matches }
}

/// A row that can confirm if all these rivals are excluded.
const fn proves(
    topology: Topology,
    when: &'static str,
    (cause, kind): (Cause, Kind),
    rivals: &'static [Rival],
    matches: fn(&Case<'_>) -> Option<Proof>,
) -> Rule {
    Rule { topology, when, cause, kind, confidence: Confidence::Confirmed, rivals, matches }
}

/// The rows of the decision table, in the order in which they are tried.
#[rustfmt::skip]
pub static RULES: &[Rule] = {
    use Cause::{DuplicateSpn, LoopbackSharedIp, PasswordMismatch, Undetermined, WrongHost};
    use Confidence::{Likely, Possible};
    use Topology::{
        ClientAnswered, CloudService, DomainTarget, OtherAnswered, OwnerAnswered, RealmTarget, SameShortName, ServiceAnswered,
        ServiceName, TargetAnswered, Unclear,
    };
    &[
        rule(RealmTarget, "anything else is known or not",
            (PasswordMismatch, Kind::Trust, Possible), undetermined::realm_target),

        rule(CloudService, "the target is an Azure file share",
            (PasswordMismatch, Kind::AzureFiles, Likely), undetermined::azure_files),
        rule(CloudService, "the target is the Seamless SSO service of Entra ID",
            (PasswordMismatch, Kind::EntraSeamlessSso, Likely), undetermined::entra_sso),

        rule(DomainTarget, "every domain controller answers for it",
            (Undetermined, Kind::NotEnoughData, Possible), undetermined::domain_target),

        proves(OwnerAnswered, "NETLOGON 3210 on the responder, about its own domain",
            (PasswordMismatch, Kind::MachineAccount), REFUSED_RIVALS, keys::password_rejected),
        rule(OwnerAnswered, "FailoverClustering 1206, 1207 or 1218 for the account, which is a cluster's name",
            (PasswordMismatch, Kind::ClusterNameAccount, Likely), keys::cluster_account_failed),
        rule(OwnerAnswered, "Directory Service 2095, 2103 or 2168 to 2170 on the responder: a restored domain controller",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::controller_restored),
        proves(OwnerAnswered, "a service of the account failed to log on with a wrong password (Service Control Manager 7038)",
            (PasswordMismatch, Kind::ServiceAccount), LOGON_RIVALS, keys::service_logon_failed),
        rule(OwnerAnswered, "KDC 14, 16, 26, 27, 42, 203, 204, 208 or 209 for the service or its account near the time",
            (PasswordMismatch, Kind::EncryptionType, Likely), keys::no_suitable_key),
        rule(OwnerAnswered, "NETLOGON 5722, 5723, 5805, 5720 or 5721 for the responder, and no routine password change",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::session_refused),
        rule(OwnerAnswered, "the owner was changed, other than by a new password, within ticket lifetime before the events",
            (PasswordMismatch, Kind::StaleTicket, Likely), keys::owner_just_changed),
        rule(OwnerAnswered, "the password of the user account was set within ticket lifetime before the events",
            (PasswordMismatch, Kind::StaleTicket, Likely), keys::password_just_set),
        rule(OwnerAnswered, "the account allows AES only, and its password is years old",
            (PasswordMismatch, Kind::EncryptionType, Likely), keys::aes_only),
        rule(OwnerAnswered, "nothing more is known",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::only_owner),

        rule(ServiceName, "the account lists have one owner of the SPN",
            (PasswordMismatch, Kind::Keytab, Likely), keys::keytab_of_owner),
        rule(ServiceName, "nothing more is known",
            (PasswordMismatch, Kind::Keytab, Possible), keys::keytab),

        proves(ClientAnswered, "the target is another name of the client, and the SPN is on another account",
            (DuplicateSpn, Kind::Misplaced), MISPLACED_ALIAS_RIVALS, names::alias_with_foreign_spn),
        rule(ClientAnswered, "FailoverClustering 1206, 1207 or 1218 for the target's name, which is a cluster's",
            (PasswordMismatch, Kind::ClusterNameAccount, Likely), keys::cluster_account_failed),
        rule(ClientAnswered, "the target is a cluster's name, and an inventory shows that the client is a node of it",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::cluster_on_its_node),
        rule(ClientAnswered, "the target is a cluster's name, as the account list shows",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::known_cluster),
        rule(ClientAnswered, "a CNAME resolves the target to the client, and the SPN is on another account",
            (DuplicateSpn, Kind::NameTakenOver, Likely), names::cname_with_foreign_spn),
        rule(ClientAnswered, "the target is not a computer, DNS resolves it to the client, and the SPN is on another account",
            (DuplicateSpn, Kind::Misplaced, Likely), names::dns_alias_with_foreign_spn),
        rule(ClientAnswered, "the target is not a computer, but another name of the client, as an inventory shows",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::known_alias),
        proves(ClientAnswered, "client and target own a common address, and the class is one of RPC (host, RestrictedKrbHost, \
            RPCSS) or the target's name resolves to it",
            (LoopbackSharedIp, Kind::OtherSharedAddress), LOOPBACK_RIVALS, addresses::client_shares_address),
        rule(ClientAnswered, "the target's name resolves to an address of the client, and its own account is out of use",
            (DuplicateSpn, Kind::NameTakenOver, Likely), addresses::name_taken_over),
        proves(ClientAnswered, "the target's name resolves to an address of the client, by a lease or a dynamic record",
            (WrongHost, Kind::StaleDns), &[TAKEN_OVER], addresses::name_registered_itself),
        rule(ClientAnswered, "the target's name resolves to an address that the client owns and the target does not",
            (WrongHost, Kind::StaleDns, Likely), addresses::name_resolves_to_host),
        rule(ClientAnswered, "client and target own a common address, and it is unknown what the target's name resolves to",
            (LoopbackSharedIp, Kind::OtherSharedAddress, Likely), addresses::client_may_share_address),
        rule(ClientAnswered, "the target's name resolves to an address of the client, and no inventory has the target as a host",
            (WrongHost, Kind::ClusterOrAlias, Likely), addresses::name_of_responder),
        rule(ClientAnswered, "client and target resolve to one address",
            (WrongHost, Kind::StaleDns, Likely), addresses::names_resolve_to_one_address),
        rule(ClientAnswered, "the target has no service class, and no inventory has it as a host",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::bare_name),
        rule(ClientAnswered, "the addresses of both are known, and they share none that resolves to the client",
            (WrongHost, Kind::StaleDns, Likely), addresses::client_shares_nothing),
        rule(ClientAnswered, "the SPN is on a service account, and the target is not a computer",
            (DuplicateSpn, Kind::SharedName, Likely), names::name_of_a_service),
        rule(ClientAnswered, "the class is one that service accounts have, and nothing is known of the target",
            (DuplicateSpn, Kind::Misplaced, Possible), registration::site_on_client),
        rule(ClientAnswered, "the addresses of client or target are unknown",
            (LoopbackSharedIp, Kind::AddressesUnknown, Likely), addresses::addresses_unknown),

        proves(OtherAnswered, "the target is another name of the responder, and the SPN is on another account",
            (DuplicateSpn, Kind::Misplaced), MISPLACED_ALIAS_RIVALS, names::alias_with_foreign_spn),
        rule(OtherAnswered, "FailoverClustering 1206, 1207 or 1218 for the target's name, which is a cluster's",
            (PasswordMismatch, Kind::ClusterNameAccount, Likely), keys::cluster_account_failed),
        rule(OtherAnswered, "the target is a cluster's name, and an inventory shows that the responder is a node of it",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::cluster_on_its_node),
        rule(OtherAnswered, "the target is a cluster's name, as the account list shows",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::known_cluster),
        rule(OtherAnswered, "a CNAME resolves the target to the responder, and the SPN is on another account",
            (DuplicateSpn, Kind::NameTakenOver, Likely), names::cname_with_foreign_spn),
        rule(OtherAnswered, "the target is not a computer, DNS resolves it to the responder, and the SPN is on another account",
            (DuplicateSpn, Kind::Misplaced, Likely), names::dns_alias_with_foreign_spn),
        rule(OtherAnswered, "the target is not a computer, but another name of the responder, as an inventory shows",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::known_alias),
        proves(OtherAnswered, "responder and target own a common address that others can reach, and the target's name resolves \
            to it or the target has no other",
            (WrongHost, Kind::SharedAddress), SHARED_RIVALS, addresses::responder_shares_address),
        rule(OtherAnswered, "the target's name resolves to an address of the responder, and its own account is out of use",
            (DuplicateSpn, Kind::NameTakenOver, Likely), addresses::name_taken_over),
        proves(OtherAnswered, "the target's name resolves to an address of the responder, by a lease or a dynamic record",
            (WrongHost, Kind::StaleDns), &[TAKEN_OVER], addresses::name_registered_itself),
        rule(OtherAnswered, "the target's name resolves to an address that the responder owns and the target does not",
            (WrongHost, Kind::StaleDns, Likely), addresses::name_resolves_to_host),
        rule(OtherAnswered, "Tcpip 4198 or 4199 on responder or target near the time: another machine has its address",
            (WrongHost, Kind::SharedAddress, Likely), addresses::address_conflict),
        rule(OtherAnswered, "the target's name resolves to an address of the responder, and no inventory has the target as a host",
            (WrongHost, Kind::ClusterOrAlias, Likely), addresses::name_of_responder),
        rule(OtherAnswered, "responder and target resolve to one address",
            (WrongHost, Kind::StaleDns, Likely), addresses::names_resolve_to_one_address),
        rule(OtherAnswered, "the SPN is on a service account, and the target is not a computer",
            (DuplicateSpn, Kind::SharedName, Likely), names::name_of_a_service),
        rule(OtherAnswered, "the SPN is on the target's computer, and an account that no list has answered",
            (DuplicateSpn, Kind::Misplaced, Possible), registration::perhaps_managed_account),
        rule(OtherAnswered, "the target has no service class, and no inventory has it as a host",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::bare_name),
        rule(OtherAnswered, "the inventories have target and responder as two hosts",
            (WrongHost, Kind::StaleDns, Likely), hosts::target_is_a_host),
        rule(OtherAnswered, "nothing more is known",
            (WrongHost, Kind::StaleDns, Possible), hosts::another_host),

        rule(SameShortName, "the responder's name is cut to 15 characters, and begins the names of client and target",
            (Undetermined, Kind::NotEnoughData, Possible), hosts::cut_name),
        rule(SameShortName, "the client has that name too, and client and target own a common address",
            (LoopbackSharedIp, Kind::OtherSharedAddress, Likely), addresses::namesake_shares_address),
        proves(SameShortName, "the name exists in both domains",
            (DuplicateSpn, Kind::SameNameTwoDomains), &[ONE_MACHINE], hosts::name_in_two_domains),
        rule(SameShortName, "it is unknown in which domains the name exists",
            (DuplicateSpn, Kind::SameNameTwoDomains, Possible), hosts::perhaps_two_domains),

        rule(TargetAnswered, "the exact SPN is on a disabled account",
            (DuplicateSpn, Kind::LeftoverAccount, Likely), registration::leftover_owner),
        proves(TargetAnswered, "the exact SPN is on another account",
            (DuplicateSpn, Kind::Misplaced), MISPLACED_RIVALS, registration::spn_elsewhere),
        proves(TargetAnswered, "the SPN is on accounts of two domains, and the client's KDC finds one that is not the responder",
            (DuplicateSpn, Kind::Duplicate), MISPLACED_RIVALS, registration::spn_twice),
        rule(TargetAnswered, "the SPN is on several accounts, and it is unknown which the KDC finds",
            (DuplicateSpn, Kind::Duplicate, Likely), registration::spn_twice_perhaps),
        proves(TargetAnswered, "NETLOGON 3210 on the target, about its own domain",
            (PasswordMismatch, Kind::MachineAccount), REFUSED_RIVALS, keys::password_rejected),
        rule(TargetAnswered, "Directory Service 2095, 2103 or 2168 to 2170 on the target: a restored domain controller",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::controller_restored),
        rule(TargetAnswered, "a KDC logged event 11 (or Operational 101) for the SPN",
            (DuplicateSpn, Kind::Duplicate, Likely), registration::kdc_found_duplicate),
        rule(TargetAnswered, "KDC 14, 16, 26, 27, 42, 203, 204, 208 or 209 for the service or its account near the time",
            (PasswordMismatch, Kind::EncryptionType, Likely), keys::no_suitable_key),
        rule(TargetAnswered, "NETLOGON 5722, 5723, 5805, 5720 or 5721 for the target, and no routine password change",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::session_refused),
        rule(TargetAnswered, "NETLOGON 5788, 5789 or 5800 for the target, or WinRM 10154, SQL Server 26037 or Directory Service 2974 because the SPN is \
            taken",
            (DuplicateSpn, Kind::Duplicate, Likely), registration::names_refused),
        rule(TargetAnswered, "the target is the account itself",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::account_target),
        rule(TargetAnswered, "GroupPolicy 1006 or 1097 on the target near the time, for the computer itself",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::policy_refused),
        rule(TargetAnswered, "several service classes fail for the host, from any client",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::several_classes),
        rule(TargetAnswered, "nothing more is known, and the class is one that service accounts have",
            (DuplicateSpn, Kind::Misplaced, Possible), registration::class_of_service_accounts),
        rule(TargetAnswered, "nothing more is known",
            (PasswordMismatch, Kind::MachineAccount, Possible), keys::single_class),

        rule(ServiceAnswered, "the target is the account itself",
            (PasswordMismatch, Kind::ServiceAccount, Likely), keys::account_target),
        proves(ServiceAnswered, "the target's name resolves to another host by a lease or a dynamic record, and the responder has \
            an SPN of that host",
            (WrongHost, Kind::StaleDns), &[TAKEN_OVER], registration::service_of_other_host),
        rule(ServiceAnswered, "the target's name resolves to an address of another host, and the key is not the responder's",
            (WrongHost, Kind::StaleDns, Likely), registration::service_elsewhere),
        rule(ServiceAnswered, "the SPN is on a disabled account",
            (DuplicateSpn, Kind::LeftoverAccount, Likely), registration::leftover_owner),
        proves(ServiceAnswered, "the SPN is on another account, and the responder has an SPN of the target's name",
            (DuplicateSpn, Kind::Misplaced), MISPLACED_SERVICE_RIVALS, registration::spn_elsewhere_for_service),
        rule(ServiceAnswered, "the SPN is on another account; it is unknown whether the responder serves the target",
            (DuplicateSpn, Kind::Misplaced, Likely), registration::spn_elsewhere_of_unknown_host),
        proves(ServiceAnswered, "the SPN is on accounts of two domains, and the client's KDC finds one that is not the responder",
            (DuplicateSpn, Kind::Duplicate), MISPLACED_SERVICE_RIVALS, registration::spn_twice),
        rule(ServiceAnswered, "the SPN is on several accounts, and it is unknown which the KDC finds",
            (DuplicateSpn, Kind::Duplicate, Likely), registration::spn_twice_perhaps),
        rule(ServiceAnswered, "a service of the account failed to log on with a wrong password (Service Control Manager 7038)",
            (PasswordMismatch, Kind::ServiceAccount, Likely), keys::service_logon_failed),
        rule(ServiceAnswered, "a KDC logged event 11 (or Operational 101) for the SPN",
            (DuplicateSpn, Kind::Duplicate, Likely), registration::kdc_found_duplicate),
        rule(ServiceAnswered, "KDC 14, 16, 26, 27, 42, 203, 204, 208 or 209 for the service or its account near the time",
            (PasswordMismatch, Kind::EncryptionType, Likely), keys::no_suitable_key),
        rule(ServiceAnswered, "nothing more is known",
            (DuplicateSpn, Kind::Misplaced, Possible), registration::unknown_service),

        rule(Unclear, "the target is a domain controller's GUID, and another machine than the client answered",
            (PasswordMismatch, Kind::MachineAccount, Possible), undetermined::directory_server),
        rule(Unclear, "anything else",
            (Undetermined, Kind::NotEnoughData, Possible), |case| Some(undetermined::nothing_known(case))),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    /// A list in a report is split at `; `, and the blank was lost in a rival's text.
    #[test]
    fn no_rival_has_the_separator_of_lists() {
        for rival in RULES.iter().flat_map(|rule| rule.rivals) {
            for excluded in [true, false] {
                let text = rival.fact(excluded).to_string();
                assert!(!text.contains("; "), "{text}");
            }
        }
    }
}
