//! B is C: the right machine answered.

use super::situation::*;
use super::{decides, is_judged, misses, tests};
use krbtriage::findings::Shape;

const SHAPE: Shape = Shape::TargetAnswered;

pub const ROWS: &[&str] = tests![
    the_exact_spn_is_on_another_account,
    the_spn_is_on_two_or_more_accounts_and_the_kdc_finds_one_that_is_not_b,
    the_kdc_logged_event_11_or_operational_101_for_it,
    the_spn_is_on_b_and_on_others_and_it_is_not_known_whose_the_kdc_finds,
    netlogon_3210_5722_5723_5805_5720_or_5721_for_c_near_the_time,
    kdc_14_16_26_27_or_42_for_the_account_near_the_time,
    netlogon_5788_5789_or_5800_for_c_near_the_time_or_winrm_10154_because_the_spn_is_taken,
    the_spn_list_is_known_and_clean_or_the_target_is_an_account_name,
    grouppolicy_1006_or_1097_on_c_near_the_time,
    several_service_classes_fail_for_the_host_from_any_client,
    nothing_more_is_known_and_the_class_is_one_that_service_accounts_run,
    nothing_more_is_known,
];

const HTTP: &str = "HTTP/srv5.alpha.example.com";
const CIFS: &str = "cifs/srv5.alpha.example.com";

/// SRV1 asked SRV5 for `target`, and SRV5 answered.
fn srv5_answered(target: &str) -> Situation {
    Situation::asked(SRV1, target, "srv5$", [ALPHA, ALPHA])
}

#[test]
fn the_exact_spn_is_on_another_account() {
    decides!(
        srv5_answered(HTTP).account(computer(SRV5)).service("svc_web", &[HTTP]).diagnose(),
        DuplicateSpn,
        Misplaced,
        Confirmed
    )
    .proved_by("HTTP/srv5.alpha.example.com is registered on svc_web of alpha.example.com (spns.csv:2)")
    .lacks_nothing();
    // The service account owns another SPN of that host.
    misses!(
        srv5_answered(HTTP)
            .account(computer(SRV5))
            .service("svc_web", &["HTTP/srv5.alpha.example.com:8080"])
            .diagnose(),
        PasswordMismatch,
        MachineAccount,
        Likely
    );
}

#[test]
fn the_spn_is_on_two_or_more_accounts_and_the_kdc_finds_one_that_is_not_b() {
    let two = || srv5_answered(HTTP).service("svc_web", &[HTTP]).service("svc_old", &[HTTP]);
    decides!(two().account(computer(SRV5)).diagnose(), DuplicateSpn, Duplicate, Confirmed)
        .proved_by("registered on svc_web of alpha.example.com")
        .proved_by("registered on svc_old of alpha.example.com")
        .lacks_nothing();
    // The other owner is of another domain: alpha's KDC finds the one of alpha.
    misses!(
        srv5_answered(HTTP)
            .account(account("SRV5$", ALPHA, &[HTTP]))
            .account(account("svc_web", BETA, &[HTTP]))
            .diagnose(),
        PasswordMismatch,
        MachineAccount,
        Likely
    )
    .proved_by("only another domain's finds the other owner");
}

#[test]
fn the_spn_is_on_b_and_on_others_and_it_is_not_known_whose_the_kdc_finds() {
    let two = || srv5_answered(HTTP).service("svc_web", &[HTTP]).account(account("SRV5$", ALPHA, &[HTTP]));
    decides!(two().diagnose(), DuplicateSpn, Duplicate, Likely)
        .proved_by("registered on svc_web of alpha.example.com")
        .proved_by("registered on SRV5$ of alpha.example.com")
        .lacks("the KDC's event 11 for HTTP/srv5.alpha.example.com");
    // The KDC met both, as it says itself.
    let met = two().kdc(11, &[HTTP, "DS_SERVICE_PRINCIPAL_NAME"]).diagnose();
    misses!(met, DuplicateSpn, Duplicate, Confirmed).lacks_nothing();
}

#[test]
fn the_kdc_logged_event_11_or_operational_101_for_it() {
    let logged = |name| srv5_answered(HTTP).kdc(11, &[name, "DS_SERVICE_PRINCIPAL_NAME"]);
    decides!(logged("http/SRV5.alpha.example.com").diagnose(), DuplicateSpn, Duplicate, Confirmed)
        .proved_by("2026-10-06T12:00:00Z: KDC 11 on dc1.alpha.example.com (http/SRV5.alpha.example.com")
        .lacks("setspn -F -Q \"HTTP/srv5.alpha.example.com\"");
    decides!(logged("HOST/srv5.alpha.example.com").diagnose(), DuplicateSpn, Duplicate, Confirmed);
    decides!(
        srv5_answered(HTTP)
            .event("Microsoft-Windows-Security-Kerberos", 101, SRV1, &[("SPN", HTTP)])
            .diagnose(),
        DuplicateSpn,
        Duplicate,
        Confirmed
    );
    // Another name; another time.
    misses!(logged("HTTP/srv3.alpha.example.com").diagnose(), DuplicateSpn, Misplaced, Possible);
    misses!(logged(HTTP).at("2026-10-05T12:00:00Z").diagnose(), DuplicateSpn, Misplaced, Possible);
}

#[test]
fn netlogon_3210_5722_5723_5805_5720_or_5721_for_c_near_the_time() {
    let on_srv5 = |id| srv5_answered(CIFS).netlogon(id, SRV5, &["ALPHA", "\\\\DC1", "SRV5"]);
    let on_dc1 = |id, name| srv5_answered(CIFS).netlogon(id, DC1, &[name, "Access is denied."]);
    for id in [3210, 5720, 5721] {
        decides!(on_srv5(id).diagnose(), PasswordMismatch, MachineAccount, Confirmed)
            .proved_by(&format!("2026-10-06T12:00:00Z: NETLOGON {id} on srv5.alpha.example.com"))
            .lacks("setspn -F -Q \"cifs/srv5.alpha.example.com\"");
    }
    for id in [5722, 5723, 5805] {
        decides!(on_dc1(id, "SRV5").diagnose(), PasswordMismatch, MachineAccount, Confirmed)
            .proved_by(&format!("NETLOGON {id} on dc1.alpha.example.com"));
        // Of another computer.
        misses!(on_dc1(id, "SRV3").diagnose(), PasswordMismatch, MachineAccount, Possible);
    }
    misses!(on_srv5(3210).at("2026-10-06T12:11:00Z").diagnose(), PasswordMismatch, MachineAccount, Possible);
    // 5719: no domain controller was reached, which says nothing of keys.
    misses!(
        srv5_answered(CIFS).netlogon(5719, SRV5, &["ALPHA"]).diagnose(),
        PasswordMismatch,
        MachineAccount,
        Possible
    );
}

#[test]
fn kdc_14_16_26_27_or_42_for_the_account_near_the_time() {
    for id in [14, 16, 26, 27] {
        decides!(
            srv5_answered(CIFS).kdc(id, &["srv5$", "srv5$", "18 17", "23"]).diagnose(),
            PasswordMismatch,
            EncryptionType,
            Likely
        )
        .proved_by(&format!("KDC {id} on dc1.alpha.example.com"))
        .lacks("msDS-SupportedEncryptionTypes");
    }
    decides!(srv5_answered(CIFS).kdc(42, &["srv5$"]).diagnose(), PasswordMismatch, EncryptionType, Likely);
    misses!(
        srv5_answered(CIFS).kdc(14, &["srv3$", "srv3$"]).diagnose(),
        PasswordMismatch,
        MachineAccount,
        Possible
    );
}

#[test]
fn netlogon_5788_5789_or_5800_for_c_near_the_time_or_winrm_10154_because_the_spn_is_taken() {
    for id in [5788, 5789] {
        let names = ["HOST/srv5.alpha.example.com", "HOST/SRV5"];
        decides!(srv5_answered(CIFS).netlogon(id, SRV5, &names).diagnose(), DuplicateSpn, Duplicate, Likely)
            .proved_by(&format!("NETLOGON {id} on srv5.alpha.example.com"))
            .lacks("setspn -F -Q \"cifs/srv5.alpha.example.com\"");
    }
    let two_accounts = |name| srv5_answered(CIFS).netlogon(5800, DC1, &["\\\\DC1", name]);
    decides!(two_accounts("SRV5$").diagnose(), DuplicateSpn, Duplicate, Likely);
    misses!(two_accounts("SRV3$").diagnose(), PasswordMismatch, MachineAccount, Possible);
    let wsman = |error| {
        let spns = [("spn1", "WSMAN/srv5.alpha.example.com"), ("spn2", "WSMAN/srv5"), ("error", error)];
        srv5_answered("WSMAN/srv5.alpha.example.com").event("Microsoft-Windows-WinRM", 10154, SRV5, &spns)
    };
    decides!(wsman("8647").diagnose(), DuplicateSpn, Duplicate, Likely);
    // It lacks the right to write them.
    misses!(wsman("8344").diagnose(), PasswordMismatch, MachineAccount, Possible);
    // The domain does not know its password, which is why it cannot write anything.
    misses!(
        srv5_answered(CIFS)
            .netlogon(5788, SRV5, &["a", "b"])
            .netlogon(3210, SRV5, &["DC1", "ALPHA"])
            .diagnose(),
        PasswordMismatch,
        MachineAccount,
        Likely
    );
}

#[test]
fn the_spn_list_is_known_and_clean_or_the_target_is_an_account_name() {
    decides!(
        srv5_answered(CIFS).account(computer(SRV5)).password_set("2026-09-20T03:00:00Z").diagnose(),
        PasswordMismatch,
        MachineAccount,
        Likely
    )
    .proved_by("is registered nowhere itself, its HOST form is on SRV5$ of alpha.example.com")
    .proved_by("its password was last set 2026-09-20T03:00:00Z")
    .lacks("Test-ComputerSecureChannel");
    for target in ["srv5$", "ALPHA\\SRV5$", "srv5$@ALPHA.EXAMPLE.COM"] {
        decides!(srv5_answered(target).diagnose(), PasswordMismatch, MachineAccount, Likely)
            .proved_by("the target is the account itself");
    }
    // A list that does not have the SPN.
    misses!(
        srv5_answered(CIFS).account(computer(SRV3)).diagnose(),
        PasswordMismatch,
        MachineAccount,
        Possible
    );
}

#[test]
fn grouppolicy_1006_or_1097_on_c_near_the_time() {
    let failed = |code| {
        srv5_answered(CIFS).event(
            "Microsoft-Windows-GroupPolicy",
            1006,
            SRV5,
            &[("SupportInfo1", "1"), ("ErrorCode", code), ("ErrorDescription", "")],
        )
    };
    decides!(failed("49").diagnose(), PasswordMismatch, MachineAccount, Likely)
        .proved_by("GroupPolicy 1006 on srv5.alpha.example.com")
        .lacks("Test-ComputerSecureChannel");
    decides!(
        srv5_answered(CIFS).event("Microsoft-Windows-GroupPolicy", 1097, SRV5, &[]).diagnose(),
        PasswordMismatch,
        MachineAccount,
        Likely
    );
    // 81: the LDAP server cannot be reached.
    misses!(failed("81").diagnose(), PasswordMismatch, MachineAccount, Possible);
}

#[test]
fn several_service_classes_fail_for_the_host_from_any_client() {
    let all = srv5_answered(CIFS)
        .and_asked("pc9.alpha.example.com", "host/srv5.alpha.example.com", "srv5$", [ALPHA, ALPHA])
        .judge_all();
    assert_eq!(all.len(), 2);
    for finding in all {
        decides!(Judged(finding), PasswordMismatch, MachineAccount, Likely)
            .proved_by("2 service classes fail for srv5.alpha.example.com")
            .lacks("Test-ComputerSecureChannel")
            .lacks("setspn -F -Q");
    }
    // One class from two clients; two classes of two hosts.
    for (target, by) in [(CIFS, "srv5$"), ("host/srv3.alpha.example.com", "srv3$")] {
        for finding in
            srv5_answered(CIFS).and_asked("pc9.alpha.example.com", target, by, [ALPHA, ALPHA]).judge_all()
        {
            misses!(Judged(finding), PasswordMismatch, MachineAccount, Possible);
        }
    }
}

#[test]
fn nothing_more_is_known_and_the_class_is_one_that_service_accounts_run() {
    for class in ["HTTP", "http", "MSSQLSvc"] {
        decides!(
            srv5_answered(&format!("{class}/srv5.alpha.example.com")).diagnose(),
            DuplicateSpn,
            Misplaced,
            Possible
        )
        .lacks("setspn -F -Q");
    }
    misses!(srv5_answered(CIFS).diagnose(), PasswordMismatch, MachineAccount, Possible);
}

#[test]
fn nothing_more_is_known() {
    decides!(srv5_answered(CIFS).diagnose(), PasswordMismatch, MachineAccount, Possible)
        .lacks("setspn -F -Q \"cifs/srv5.alpha.example.com\"")
        .lacks("wevtutil epl System C:\\Windows\\Temp\\srv5-System.evtx /r:srv5");
    misses!(srv5_answered(HTTP).diagnose(), DuplicateSpn, Misplaced, Possible);
}

/// `ALPHA` is the domain `ALPHA.EXAMPLE.COM`: an account named so was taken for a namesake of another domain.
#[test]
fn an_account_named_with_its_netbios_domain_is_the_one_that_answered() {
    let asked = |client, realms| Situation::asked(client, "ALPHA\\SRV5$", "srv5$", realms);
    for (client, realms) in [(SRV1, [ALPHA, ALPHA]), (SRV2, [ALPHA, BETA]), (SRV2, [ALPHA, ALPHA])] {
        for situation in [asked(client, realms), asked(client, realms).account(computer(SRV5))] {
            let judged = is_judged!(situation.diagnose(), PasswordMismatch, MachineAccount, Likely);
            assert_eq!(judged.row().0, Shape::TargetAnswered, "{judged:#?}");
        }
    }
    // Of a domain that no realm is.
    let judged = Situation::asked(SRV1, "GAMMA\\SRV5$", "srv5$", [ALPHA, ALPHA]).diagnose();
    assert_eq!(judged.row().0, Shape::SameShortName, "{judged:#?}");
}
