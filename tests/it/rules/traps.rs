//! The numbered traps of `docs/causes.md` that are about deciding.

use super::situation::*;
use super::{is_diagnosed, tests};
use krbtriage::inventory::accounts::Account;

pub const TRAPS: &[&str] = tests![
    trap_01_responder_equals_client_is_not_yet_loopback,
    trap_02_0x80070721_with_it_proves_nothing,
    trap_04_an_explicit_spn_on_a_user_shadows_the_computers_host_and_is_no_duplicate,
    trap_05_spns_are_grouped_without_case,
    trap_06_a_duplicate_with_kdc_event_11_and_no_event_4_is_no_incident,
    trap_07_a_computers_own_host_spn_is_never_to_be_moved,
    trap_08_the_reverted_machine_logs_3210_and_the_others_log_event_4,
    trap_10_one_log_can_hold_several_causes,
    trap_12_a_host_under_two_names_does_not_share_addresses_with_itself,
    trap_13_some_addresses_are_never_shared_and_a_clusters_is_shared_on_purpose,
    trap_15_names_may_be_chosen_by_somebody_hostile,
];

#[test]
fn trap_01_responder_equals_client_is_not_yet_loopback() {
    let answered_itself = |target| Situation::asked(SRV1, target, "srv1$", [ALPHA, ALPHA]);
    // A cluster's name on its own node.
    let cluster = account("CLU1$", ALPHA, &["MSClusterVirtualServer/clu1", "HOST/clu1"]);
    is_diagnosed!(
        answered_itself("host/clu1").account(cluster).diagnose(),
        WrongHost,
        ClusterOrAlias,
        Likely
    );
    // A ticket to itself, by each of its names.
    for target in ["host/srv1.alpha.example.com", "host/srv1", "srv1$", "HTTP/SRV1.alpha.example.com:8080"] {
        let diagnosed = answered_itself(target).diagnose();
        assert_ne!(diagnosed.0.cause, krbtriage::diagnosis::Cause::LoopbackSharedIp, "{diagnosed:#?}");
    }
    // A misplaced SPN of its own name.
    let spn = "MSSQLSvc/srv1.alpha.example.com";
    is_diagnosed!(
        answered_itself(spn)
            .account(computer("srv1.alpha.example.com"))
            .service("svc_web", &[spn])
            .diagnose(),
        DuplicateSpn,
        Misplaced,
        Confirmed
    );
    // Another host, and no address: only likely, until an inventory has one that both own.
    let another = || answered_itself("host/srv3.alpha.example.com");
    is_diagnosed!(another().diagnose(), LoopbackSharedIp, AddressesUnknown, Likely)
        .lacks("What are the addresses of srv3.alpha.example.com");
    is_diagnosed!(
        another()
            .owns_on(SRV1, "169.254.95.120", IBM_USB)
            .owns_on(SRV3, "169.254.95.120", IBM_USB)
            .dcom_failed(SRV3)
            .diagnose(),
        LoopbackSharedIp,
        BmcUsbNic,
        Confirmed
    );
}

#[test]
fn trap_02_0x80070721_with_it_proves_nothing() {
    let failed = |situation: Situation, peer| {
        let text = "A security package specific error occurred. (0x80070721)";
        situation
            .event("DCOM", 10006, SRV1, &[("param1", text), ("param2", peer), ("param3", "{8BC3F05E}")])
            .diagnose()
    };
    // The service of this name runs under another account now: the same code, without a loopback.
    let spn = "MSSQLSvc/srv5.alpha.example.com:1433";
    let moved = Situation::asked(SRV1, spn, "svc_sql", [ALPHA, ALPHA]).service("svc_old", &[spn]);
    is_diagnosed!(failed(moved, SRV5), DuplicateSpn, Misplaced, Likely);
    // Where it fits, it is quoted, and still confirms nothing.
    let fits = Situation::asked(SRV1, "host/srv2.beta.example.com", "srv1$", [ALPHA, BETA]);
    is_diagnosed!(failed(fits, SRV2), LoopbackSharedIp, AddressesUnknown, Likely)
        .proved_by("DistributedCOM 10006 on SRV1.alpha.example.com")
        .lacks("What are the addresses of srv2.beta.example.com");
}

#[test]
fn trap_04_an_explicit_spn_on_a_user_shadows_the_computers_host_and_is_no_duplicate() {
    for class in ["MSSQLSvc", "cifs"] {
        let spn = format!("{class}/srv5.alpha.example.com");
        let diagnosed = is_diagnosed!(
            Situation::asked(SRV1, &spn, "srv5$", [ALPHA, ALPHA])
                .account(computer(SRV5))
                .service("svc_web", &[&spn])
                .whole_list()
                .diagnose(),
            DuplicateSpn,
            Misplaced,
            Confirmed
        )
        .proved_by(&format!("{spn} is registered on svc_web"));
        assert!(!diagnosed.0.evidence().iter().any(|e| e.contains("registered on SRV5$")), "{diagnosed:#?}");
    }
    // HOST does not cover WSMAN, which is registered on the computer itself.
    let wsman = "WSMAN/srv5.alpha.example.com";
    let mut srv5 = computer(SRV5);
    srv5.spns = srv5.spns.iter().chain([wsman]).collect();
    is_diagnosed!(
        Situation::asked(SRV1, wsman, "srv5$", [ALPHA, ALPHA]).account(srv5).whole_list().diagnose(),
        PasswordMismatch,
        MachineAccount,
        Likely
    );
}

#[test]
fn trap_05_spns_are_grouped_without_case() {
    is_diagnosed!(
        Situation::asked(SRV1, "HTTP/Portal.alpha.example.com", "svc_web", [ALPHA, ALPHA])
            .service("svc_web", &["http/portal.ALPHA.example.com"])
            .service("svc_old", &["Http/PORTAL.alpha.example.com"])
            .diagnose(),
        DuplicateSpn,
        Duplicate,
        Likely
    );
}

#[test]
fn trap_06_a_duplicate_with_kdc_event_11_and_no_event_4_is_no_incident() {
    let spn = "HTTP/srv5.alpha.example.com";
    let two = || Situation::default().service("svc_web", &[spn]).service("svc_old", &[spn]);
    assert_eq!(two().kdc(11, &[spn, "DS_SERVICE_PRINCIPAL_NAME"]).diagnose_all().len(), 0);
    // It proves nothing about event 4 for another SPN.
    is_diagnosed!(
        two()
            .kdc(11, &[spn, "DS_SERVICE_PRINCIPAL_NAME"])
            .and_asked(SRV1, "cifs/srv3.alpha.example.com", "srv3$", [ALPHA, ALPHA])
            .diagnose(),
        PasswordMismatch,
        MachineAccount,
        Possible
    );
}

#[test]
fn trap_07_a_computers_own_host_spn_is_never_to_be_moved() {
    let diagnosed = is_diagnosed!(
        Situation::asked(SRV1, "HOST/srv5.alpha.example.com", "srv5$", [ALPHA, ALPHA])
            .service("svc_web", &["HOST/srv5.alpha.example.com"])
            .diagnose(),
        DuplicateSpn,
        Misplaced,
        Confirmed
    );
    let steps = &diagnosed.0.fix();
    let removal = steps.iter().filter(|step| step.contains("setspn -D"));
    for step in removal {
        assert!(step.starts_with("Only if"), "{steps:#?}");
    }
    assert!(steps.iter().any(|step| step.contains("HOST")), "{steps:#?}");
}

#[test]
fn trap_08_the_reverted_machine_logs_3210_and_the_others_log_event_4() {
    let with_3210_on = |host| {
        Situation::asked(SRV1, "cifs/srv5.alpha.example.com", "srv5$", [ALPHA, ALPHA])
            .netlogon(3210, host, &["ALPHA", "\\\\DC1"])
            .diagnose()
    };
    is_diagnosed!(with_3210_on(SRV5), PasswordMismatch, MachineAccount, Confirmed)
        .proved_by("NETLOGON 3210 on srv5.alpha.example.com");
    // NETLOGON 3210 on the client is about the client.
    is_diagnosed!(with_3210_on(SRV1), PasswordMismatch, MachineAccount, Possible);
    // NETLOGON 3210 on a namesake in another domain is about the namesake.
    is_diagnosed!(with_3210_on("srv5.beta.example.com"), PasswordMismatch, MachineAccount, Possible);
}

#[test]
fn trap_10_one_log_can_hold_several_causes() {
    let spn = "HTTP/srv5.alpha.example.com";
    let all = Situation::asked(SRV1, "host/srv2.beta.example.com", "srv1$", [ALPHA, BETA])
        .and_asked(SRV1, spn, "srv5$", [ALPHA, ALPHA])
        .and_asked(SRV1, "cifs/srv3.alpha.example.com", "srv3$", [ALPHA, ALPHA])
        .and_asked(SRV1, "cifs/srv3.alpha.example.com", "srv3$", [ALPHA, BETA])
        .netlogon(3210, SRV3, &["ALPHA", "\\\\DC1"])
        .account(computer(SRV5))
        .service("svc_web", &[spn])
        .diagnose_all();
    let mut causes: Vec<_> = all.iter().map(|f| (&*f.incident.target, f.cause.name())).collect();
    causes.sort_unstable();
    assert_eq!(
        causes,
        [
            (spn, "duplicate-spn"),
            ("cifs/srv3.alpha.example.com", "password-mismatch"),
            ("cifs/srv3.alpha.example.com", "password-mismatch"),
            ("host/srv2.beta.example.com", "loopback-shared-ip"),
        ]
    );
}

#[test]
fn trap_12_a_host_under_two_names_does_not_share_addresses_with_itself() {
    let asked = || {
        Situation::asked(SRV1, "host/portal.alpha.example.com", "srv1$", [ALPHA, ALPHA])
            .owns_on("srv1", "169.254.95.120", IBM_USB)
            .owns_on(SRV1, "192.0.2.1", "Ethernet")
            .owns_on("portal.alpha.example.com", "192.0.2.1", "Ethernet")
    };
    // Two exports of one host, before and after it was renamed.
    is_diagnosed!(
        asked().event("EventLog", 6011, SRV1, &[("", "PORTAL"), ("", "SRV1")]).diagnose(),
        WrongHost,
        ClusterOrAlias,
        Likely
    )
    .shared(&[]);
    // Without that event they are two hosts that share an address.
    is_diagnosed!(asked().diagnose(), LoopbackSharedIp, OtherSharedAddress, Likely);
    // Short and full name are one host without such an event.
    let itself = Situation::asked(SRV1, "host/SRV1", "srv1$", [ALPHA, ALPHA])
        .owns("srv1", "192.0.2.1")
        .owns(SRV1, "192.0.2.1");
    is_diagnosed!(itself.diagnose(), PasswordMismatch, MachineAccount, Possible).shared(&[]);
}

#[test]
fn trap_13_some_addresses_are_never_shared_and_a_clusters_is_shared_on_purpose() {
    let both_own = |address, adapter| {
        Situation::asked(SRV1, "host/srv3.alpha.example.com", "srv1$", [ALPHA, ALPHA])
            .owns(SRV1, "192.0.2.1")
            .owns(SRV3, "192.0.2.3")
            .owns_on(SRV1, address, adapter)
            .owns_on(SRV3, address, adapter)
            .diagnose()
    };
    for address in [
        "127.0.0.1",
        "127.8.9.1",
        "::1",
        "0.0.0.0",
        "::",
        "fe80::1",
        "224.0.0.251",
        "ff02::fb",
        "255.255.255.255",
    ] {
        is_diagnosed!(both_own(address, "Ethernet"), WrongHost, StaleDns, Likely).shared(&[]);
    }
    let cluster = "Microsoft Failover Cluster Virtual Adapter";
    let diagnosed =
        is_diagnosed!(both_own("169.254.1.43", cluster), LoopbackSharedIp, ClusterOrNlbAddress, Likely);
    assert!(diagnosed.0.fix()[0].contains("on purpose"), "{:#?}", diagnosed.0.fix());
}

#[test]
fn trap_15_names_may_be_chosen_by_somebody_hostile() {
    let shared = |by| {
        Situation::asked(SRV1, "host/srv3.alpha.example.com", by, [ALPHA, ALPHA])
            .owns_on(SRV1, "169.254.95.120", IBM_USB)
            .owns_on(SRV3, "169.254.95.120", IBM_USB)
            .dcom_failed(SRV3)
            .diagnose()
    };
    is_diagnosed!(shared("SRV1$"), LoopbackSharedIp, BmcUsbNic, Confirmed);
    // Each would equal the client's account if names were cleaned or normalised: a zero-width space, a Cyrillic letter, a
    // full-width letter, a change of direction, NUL, escape, a blank, a machine of another realm.
    for by in [
        "srv\u{200b}1$",
        "\u{455}rv1$",
        "\u{ff53}rv1$",
        "srv1\u{202e}$",
        "srv1\0$",
        "\u{1b}[0msrv1$",
        "srv 1$",
        "srv1$$",
        "srv1$@EVIL.EXAMPLE",
        "srv1.evil.example$",
    ] {
        let diagnosed = shared(by);
        assert_eq!(&*diagnosed.0.incident.answered_by, by, "names are not changed");
        assert!(
            diagnosed.0.confidence < krbtriage::diagnosis::Confidence::Confirmed,
            "{by:?} is treated as the client: {diagnosed:#?}"
        );
        for command in &diagnosed.0.missing() {
            // Commands are between backquotes.
            let commands: Vec<&str> = command.split('`').skip(1).step_by(2).collect();
            assert!(!commands.iter().any(|line| line.contains(by)), "{by:?} reaches a command: {command:?}");
        }
    }
    // An account list may be hostile too.
    let spn = "HTTP/srv5.alpha.example.com";
    let evil = Account { name: "svc\u{200b}_web".into(), ..account("", ALPHA, &[spn]) };
    is_diagnosed!(
        Situation::asked(SRV1, spn, "svc_web", [ALPHA, ALPHA]).account(evil).diagnose(),
        DuplicateSpn,
        Misplaced,
        Likely
    )
    .proved_by("registered on svc\u{200b}_web");
}
