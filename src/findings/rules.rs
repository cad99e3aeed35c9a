//! The decision: one table, read from the top. The first row whose shape fits and whose proof holds decides.
//!
//! `docs/causes.md` prints this table; a test keeps the two the same. What a row needs to hold is a function in
//! [`super::proofs`]; what speaks against a verdict afterwards is in [`super::conflicts`].

use super::case::{Case, Shape};
use super::proofs::{Proof, hosts, keys, names, registration, shared, unclear};
use super::{Cause, Confidence, Kind, age, conflicts};

/// One row of the decision table.
pub struct Rule {
    pub shape: Shape,
    /// What the inventories and other events say, as the document prints it.
    pub when: &'static str,
    pub cause: Cause,
    /// The proof may name a closer kind (which adapter owns the shared address).
    pub kind: Kind,
    pub confidence: Confidence,
    pub holds: fn(&Case<'_>) -> Option<Proof>,
}

/// What was decided, before it is told.
pub struct Verdict {
    /// Of the row that decided.
    pub when: &'static str,
    pub cause: Cause,
    pub kind: Kind,
    pub confidence: Confidence,
    pub proof: Proof,
    /// What speaks against it.
    pub conflicts: Vec<String>,
    /// Why what proves it may be of another time.
    pub doubts: Vec<String>,
}

const fn rule(
    shape: Shape,
    when: &'static str,
    (cause, kind, confidence): (Cause, Kind, Confidence),
    holds: fn(&Case<'_>) -> Option<Proof>,
) -> Rule {
    Rule { shape, when, cause, kind, confidence, holds }
}

/// The decision table.
#[rustfmt::skip]
pub static RULES: &[Rule] = {
    use Cause::{DuplicateSpn, LoopbackSharedIp, PasswordMismatch, Undetermined, WrongHost};
    use Confidence::{Confirmed, Likely, Possible};
    use Shape::{ClientAnswered, OtherAnswered, SameShortName, ServiceAnswered, TargetAnswered, Unclear};
    &[
        rule(ClientAnswered, "C is another name of A, and the SPN is on another account",
            (DuplicateSpn, Kind::Misplaced, Confirmed), names::alias_with_foreign_spn),
        rule(ClientAnswered, "C is a cluster's virtual computer, and an inventory shows that B is a node of it",
            (WrongHost, Kind::ClusterOrAlias, Confirmed), names::cluster_on_its_node),
        rule(ClientAnswered, "C is a cluster's virtual computer, as the account list shows",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::known_cluster),
        rule(ClientAnswered, "C is no host, DNS leads it to A, and the SPN is on another account",
            (DuplicateSpn, Kind::Misplaced, Likely), names::dns_alias_with_foreign_spn),
        rule(ClientAnswered, "C is no host but another name of A, as an inventory shows",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::known_alias),
        rule(ClientAnswered, "A and C own a common address, and the target is DCOM's (host, RPCSS) or C's name leads to it",
            (LoopbackSharedIp, Kind::OtherSharedAddress, Confirmed), shared::client_shares_address),
        rule(ClientAnswered, "the name of C resolves to an address that A owns and C does not",
            (WrongHost, Kind::StaleDns, Confirmed), shared::name_leads_to_client),
        rule(ClientAnswered, "A and C own a common address, and it is not known where C's name leads",
            (LoopbackSharedIp, Kind::OtherSharedAddress, Likely), shared::client_may_share_address),
        rule(ClientAnswered, "C has no service class, and no inventory knows it as a host",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::bare_name),
        rule(ClientAnswered, "the addresses of both are known, none in common that could lead to A",
            (WrongHost, Kind::StaleDns, Likely), shared::client_shares_nothing),
        rule(ClientAnswered, "the addresses of A or C are not known",
            (LoopbackSharedIp, Kind::AddressesUnknown, Likely), shared::addresses_unknown),

        rule(OtherAnswered, "C is another name of B, and the SPN is on another account",
            (DuplicateSpn, Kind::Misplaced, Confirmed), names::alias_with_foreign_spn),
        rule(OtherAnswered, "C is a cluster's virtual computer, and an inventory shows that B is a node of it",
            (WrongHost, Kind::ClusterOrAlias, Confirmed), names::cluster_on_its_node),
        rule(OtherAnswered, "C is a cluster's virtual computer, as the account list shows",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::known_cluster),
        rule(OtherAnswered, "C is no host, DNS leads it to B, and the SPN is on another account",
            (DuplicateSpn, Kind::Misplaced, Likely), names::dns_alias_with_foreign_spn),
        rule(OtherAnswered, "C is no host but another name of B, as an inventory shows",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::known_alias),
        rule(OtherAnswered, "B and C own a common address that others can reach, and C's name leads to it or C has no other",
            (WrongHost, Kind::SharedAddress, Confirmed), shared::answerer_shares_address),
        rule(OtherAnswered, "the name of C resolves to an address that B owns and C does not",
            (WrongHost, Kind::StaleDns, Confirmed), shared::name_leads_to_answerer),
        rule(OtherAnswered, "Tcpip 4198 or 4199 on B or C near the time: another machine has its address",
            (WrongHost, Kind::SharedAddress, Likely), shared::address_conflict),
        rule(OtherAnswered, "C has no service class, and no inventory knows it as a host",
            (WrongHost, Kind::ClusterOrAlias, Likely), names::bare_name),
        rule(OtherAnswered, "an inventory knows C as a host of its own",
            (WrongHost, Kind::StaleDns, Likely), hosts::target_is_a_host),
        rule(OtherAnswered, "nothing is known of C",
            (WrongHost, Kind::StaleDns, Possible), hosts::another_host),

        rule(SameShortName, "A has that name too, and A and C own a common address",
            (LoopbackSharedIp, Kind::OtherSharedAddress, Likely), shared::namesake_shares_address),
        rule(SameShortName, "the name exists in both domains",
            (DuplicateSpn, Kind::SameNameTwoDomains, Confirmed), hosts::name_in_two_domains),
        rule(SameShortName, "it is not known in which domains the name exists",
            (DuplicateSpn, Kind::SameNameTwoDomains, Possible), hosts::perhaps_two_domains),

        rule(TargetAnswered, "the exact SPN is on another account",
            (DuplicateSpn, Kind::Misplaced, Confirmed), registration::spn_elsewhere),
        rule(TargetAnswered, "the SPN is on two or more accounts, and the KDC finds one that is not B",
            (DuplicateSpn, Kind::Duplicate, Confirmed), registration::spn_twice),
        rule(TargetAnswered, "the KDC logged event 11 (or Operational 101) for it",
            (DuplicateSpn, Kind::Duplicate, Confirmed), registration::kdc_found_duplicate),
        rule(TargetAnswered, "the SPN is on B and on others, and it is not known whose the KDC finds",
            (DuplicateSpn, Kind::Duplicate, Likely), registration::spn_twice_perhaps),
        rule(TargetAnswered, "NETLOGON 3210, 5722, 5723, 5805, 5720 or 5721 for C near the time",
            (PasswordMismatch, Kind::MachineAccount, Confirmed), keys::netlogon_refused),
        rule(TargetAnswered, "KDC 14, 16, 26, 27 or 42 for the account near the time",
            (PasswordMismatch, Kind::EncryptionType, Likely), keys::no_suitable_key),
        rule(TargetAnswered, "NETLOGON 5788, 5789 or 5800 for C near the time, or WinRM 10154 because the SPN is taken",
            (DuplicateSpn, Kind::Duplicate, Likely), registration::names_refused),
        rule(TargetAnswered, "the SPN list is known and clean, or the target is an account name",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::spn_is_clean),
        rule(TargetAnswered, "GroupPolicy 1006 or 1097 on C near the time",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::policy_refused),
        rule(TargetAnswered, "several service classes fail for the host, from any client",
            (PasswordMismatch, Kind::MachineAccount, Likely), keys::several_classes),
        rule(TargetAnswered, "nothing more is known, and the class is one that service accounts run",
            (DuplicateSpn, Kind::Misplaced, Possible), keys::service_class),
        rule(TargetAnswered, "nothing more is known",
            (PasswordMismatch, Kind::MachineAccount, Possible), keys::one_class),

        rule(ServiceAnswered, "the name of C leads to an address that another host owns and C does not; the key is not B's",
            (WrongHost, Kind::StaleDns, Confirmed), registration::service_elsewhere),
        rule(ServiceAnswered, "the SPN is on another account, and B has an SPN of C's name",
            (DuplicateSpn, Kind::Misplaced, Confirmed), registration::spn_elsewhere_for_service),
        rule(ServiceAnswered, "the SPN is on another account; it is not known that B runs on C",
            (DuplicateSpn, Kind::Misplaced, Likely), registration::spn_elsewhere_perhaps),
        rule(ServiceAnswered, "the SPN is on two or more accounts, and the KDC finds one that is not B",
            (DuplicateSpn, Kind::Duplicate, Confirmed), registration::spn_twice),
        rule(ServiceAnswered, "the KDC logged event 11 (or Operational 101) for it",
            (DuplicateSpn, Kind::Duplicate, Confirmed), registration::kdc_found_duplicate),
        rule(ServiceAnswered, "the SPN is on B and on others, and it is not known whose the KDC finds",
            (DuplicateSpn, Kind::Duplicate, Likely), registration::spn_twice_perhaps),
        rule(ServiceAnswered, "the SPN is on B alone, whose service failed to log on (Service Control Manager)",
            (PasswordMismatch, Kind::ServiceAccount, Confirmed), keys::service_logon_failed),
        rule(ServiceAnswered, "the SPN is on B alone, whose password was set within ticket lifetime before the events",
            (PasswordMismatch, Kind::StaleTicket, Likely), keys::password_just_set),
        rule(ServiceAnswered, "KDC 14, 16, 26, 27 or 42 for the account near the time",
            (PasswordMismatch, Kind::EncryptionType, Likely), keys::no_suitable_key),
        rule(ServiceAnswered, "the SPN is on B alone",
            (PasswordMismatch, Kind::ServiceAccount, Likely), keys::spn_is_clean),
        rule(ServiceAnswered, "nothing more is known",
            (DuplicateSpn, Kind::Misplaced, Possible), keys::service_unknown),

        rule(Unclear, "the target is a domain controller's GUID, and another machine than the client answered",
            (PasswordMismatch, Kind::MachineAccount, Possible), unclear::dsa_guid),
        rule(Unclear, "anything else",
            (Undetermined, Kind::NotEnoughData, Possible), unclear::not_enough),
    ]
};

/// Decides one case.
pub fn decide(case: &Case<'_>) -> Verdict {
    let decided = RULES
        .iter()
        .filter(|rule| rule.shape == case.shape)
        .find_map(|rule| (rule.holds)(case).map(|proof| (rule, proof)));
    let Some((rule, proof)) = decided else {
        // Every shape ends in a row that always holds; this keeps a future table from panicking.
        return Verdict {
            when: "",
            cause: Cause::Undetermined,
            kind: Kind::NotEnoughData,
            confidence: Confidence::Possible,
            proof: unclear::nothing(case),
            conflicts: Vec::new(),
            doubts: Vec::new(),
        };
    };
    let kind = proof.kind.unwrap_or(rule.kind);
    let conflicts = conflicts::against(case, rule.cause, kind, &proof);
    let doubts = age::doubts(case, rule.cause, kind, &proof);
    let mut confidence = rule.confidence;
    if !conflicts.is_empty() {
        confidence = confidence.lower();
    }
    if proof.at_most_likely || !doubts.is_empty() {
        confidence = confidence.min(Confidence::Likely);
    }
    Verdict { when: rule.when, cause: rule.cause, kind, confidence, proof, conflicts, doubts }
}

/// The decision table as Markdown, for `docs/causes.md`.
pub fn table() -> String {
    let mut out =
        String::from("| shape | and | cause | kind | confidence |\n| --- | --- | --- | --- | --- |\n");
    let mut last = None;
    for rule in RULES {
        let shape = if last == Some(rule.shape) { "" } else { rule.shape.text() };
        last = Some(rule.shape);
        let kind = match rule.kind {
            Kind::OtherSharedAddress => "by the adapter".to_owned(),
            kind => format!("`{kind}`"),
        };
        out.push_str(&format!(
            "| {shape} | {} | `{}` | {kind} | {} |\n",
            rule.when, rule.cause, rule.confidence
        ));
    }
    out
}
