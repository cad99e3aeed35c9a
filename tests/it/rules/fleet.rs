//! An address that the whole fleet owns: the evidence that a client reached itself through it, not by its hosts file.

use krbtriage::diagnosis::{Cause, Confidence, Finding};

use super::situation::*;

const CARD: &str = "169.254.95.120";
const SPN: &str = "host/srv2.beta.example.com";

/// SRV1 asked for SRV2 and reached itself. Ten hosts own the same card; DNS resolves SRV2 to its own address.
fn fleet() -> Situation {
    let two = Situation::asked(SRV1, SPN, "srv1$", [ALPHA, BETA])
        .owns_on(SRV1, CARD, IBM_USB)
        .owns_on(SRV2, CARD, IBM_USB)
        .owns(SRV2, "192.0.2.2")
        .resolves(SRV2, "192.0.2.2");
    (0..8).fold(two, |situation, n| situation.owns_on(&format!("node{n}.alpha.example.com"), CARD, IBM_USB))
}

/// Another client of the fleet reached itself when it asked for another target.
fn looped(situation: Situation, client: usize, target: usize) -> Situation {
    situation.and_asked(
        &format!("node{client}.alpha.example.com"),
        &format!("host/node{target}.alpha.example.com"),
        &format!("node{client}$"),
        [ALPHA, ALPHA],
    )
}

/// LsaSrv 6037 on SRV1 for SRV2.
fn not_a_local_name(situation: Situation) -> Situation {
    situation.event("LsaSrv", 6037, SRV1, &[("Program", r"C:\x\WmiPrvSE.exe"), ("TargetName", SPN)])
}

/// The finding for SRV1.
fn of_srv1(situation: Situation) -> Finding {
    let all = situation.diagnose_all();
    all.into_iter().find(|finding| finding.incident.client.eq_ignore_ascii_case(SRV1)).unwrap()
}

fn confidence(situation: Situation) -> Confidence {
    of_srv1(situation).confidence
}

#[test]
fn dns_and_6037_do_not_exclude_a_hosts_file_where_the_whole_fleet_owns_the_address() {
    let finding = of_srv1(not_a_local_name(fleet()).dcom_failed(SRV2));
    assert_eq!(finding.confidence, Confidence::Likely);
    assert!(finding.explanation.contains("hosts file"), "{}", finding.explanation);
    assert!(finding.missing().iter().any(|ask| ask.contains("hosts")), "{:?}", finding.missing());
}

#[test]
fn a_dcom_event_that_names_the_address_excludes_a_hosts_file() {
    assert_eq!(confidence(fleet().dcom_failed(CARD)), Confidence::Confirmed);
}

#[test]
fn a_name_that_resolves_to_the_shared_address_excludes_a_hosts_file() {
    assert_eq!(confidence(fleet().resolves(SRV2, CARD)), Confidence::Confirmed);
}

#[test]
fn the_clients_own_resolver_decides_whether_a_name_led_it_to_itself() {
    assert_eq!(confidence(fleet()), Confidence::Likely);
    assert_eq!(confidence(fleet().resolves_on(SRV1, SRV2, "192.0.2.2")), Confidence::Confirmed);
    let to_itself = of_srv1(fleet().owns(SRV1, "192.0.2.1").resolves_on(SRV1, SRV2, "192.0.2.1"));
    assert!(
        to_itself.cause != Cause::LoopbackSharedIp || to_itself.confidence != Confidence::Confirmed,
        "{}",
        to_itself.explanation
    );
    // The resolver of another client proves nothing about this one.
    assert_eq!(
        confidence(fleet().resolves_on("node0.alpha.example.com", SRV2, "192.0.2.2")),
        Confidence::Likely
    );
}

#[test]
fn an_answer_of_the_resolver_after_the_repair_excludes_no_hosts_file() {
    let late = fleet().resolves_on(SRV1, SRV2, "192.0.2.2").written("names.csv", "2026-12-24T10:00:00Z");
    assert_eq!(confidence(late.log_ends("2026-12-24T09:00:00Z", "2026-12-24T10:00:00Z")), Confidence::Likely);
}

#[test]
fn two_other_clients_and_targets_exclude_a_hosts_file_and_one_does_not() {
    assert_eq!(confidence(looped(looped(fleet(), 0, 1), 2, 3)), Confidence::Confirmed);
    assert_eq!(confidence(looped(fleet(), 0, 1)), Confidence::Likely);
    // All clients may have the same line in their hosts files.
    assert_eq!(confidence(looped(looped(fleet(), 0, 1), 2, 1)), Confidence::Likely);
}

#[test]
fn loops_of_another_class_say_nothing_of_a_program_that_follows_names() {
    let other = |situation: Situation, client: usize, target: usize| {
        situation.and_asked(
            &format!("node{client}.alpha.example.com"),
            &format!("RestrictedKrbHost/node{target}.alpha.example.com"),
            &format!("node{client}$"),
            [ALPHA, ALPHA],
        )
    };
    assert_eq!(confidence(other(other(fleet(), 0, 1), 2, 3)), Confidence::Likely);
}

#[test]
fn loops_that_dns_explains_say_nothing_of_other_clients() {
    let astray = |situation: Situation, target: usize, address: &str| {
        let name = format!("node{target}.alpha.example.com");
        situation.resolves(&name, address)
    };
    let by_dns = astray(astray(looped(looped(fleet(), 0, 1), 2, 3), 1, CARD), 3, CARD);
    assert_eq!(confidence(by_dns), Confidence::Likely);
}

#[test]
fn where_client_and_target_are_the_only_owners_6037_excludes_a_hosts_file() {
    let pair = || {
        Situation::asked(SRV1, SPN, "srv1$", [ALPHA, BETA])
            .owns_on(SRV1, CARD, IBM_USB)
            .owns_on(SRV2, CARD, IBM_USB)
    };
    assert_eq!(confidence(pair()), Confidence::Likely);
    assert_eq!(confidence(not_a_local_name(pair())), Confidence::Confirmed);
}
