//! B is a service account: an account with no machine of its name.

use super::situation::*;
use super::{decides, is_judged, misses, tests};
use krbtriage::findings::Shape;

const SHAPE: Shape = Shape::ServiceAnswered;

pub const ROWS: &[&str] = tests![
    the_name_of_c_leads_to_an_address_that_another_host_owns_and_c_does_not_the_key_is_not_bs,
    the_spn_is_on_another_account_and_b_has_an_spn_of_cs_name,
    the_spn_is_on_another_account_it_is_not_known_that_b_runs_on_c,
    the_spn_is_on_two_or_more_accounts_and_the_kdc_finds_one_that_is_not_b,
    the_kdc_logged_event_11_or_operational_101_for_it,
    the_spn_is_on_b_and_on_others_and_it_is_not_known_whose_the_kdc_finds,
    the_spn_is_on_b_alone_whose_service_failed_to_log_on_service_control_manager,
    the_spn_is_on_b_alone_whose_password_was_set_within_ticket_lifetime_before_the_events,
    kdc_14_16_26_27_or_42_for_the_account_near_the_time,
    the_spn_is_on_b_alone,
    nothing_more_is_known,
];

const SPN: &str = "MSSQLSvc/srv5.alpha.example.com:1433";

/// SRV1 asked SRV5 for its database, and the account svc_sql answered.
fn svc_sql_answered() -> Situation {
    Situation::asked(SRV1, SPN, "svc_sql", [ALPHA, ALPHA])
}

#[test]
fn the_name_of_c_leads_to_an_address_that_another_host_owns_and_c_does_not_the_key_is_not_bs() {
    let led = |to| {
        svc_sql_answered()
            .owns(SRV5, "192.0.2.5")
            .owns(SRV3, "192.0.2.3")
            .resolves(SRV5, to)
            .account(computer(SRV5))
            .service("svc_other", &[SPN])
    };
    decides!(led("192.0.2.3").diagnose(), WrongHost, StaleDns, Confirmed)
        .proved_by(
            "srv5.alpha.example.com resolves to 192.0.2.3 (dns.csv:2), which srv3.alpha.example.com owns",
        )
        .proved_by("MSSQLSvc/srv5.alpha.example.com:1433 is registered on svc_other of alpha.example.com");
    misses!(led("192.0.2.5").diagnose(), DuplicateSpn, Misplaced, Likely);
    // The key was B's.
    misses!(
        svc_sql_answered()
            .owns(SRV5, "192.0.2.5")
            .owns(SRV3, "192.0.2.3")
            .resolves(SRV5, "192.0.2.3")
            .service("svc_sql", &[SPN])
            .diagnose(),
        PasswordMismatch,
        ServiceAccount,
        Likely
    );
}

#[test]
fn an_spn_on_another_computer_keeps_a_stale_name_from_being_confirmed() {
    let judged = svc_sql_answered()
        .owns(SRV5, "192.0.2.5")
        .owns(SRV3, "192.0.2.3")
        .resolves(SRV5, "192.0.2.3")
        .account(account("SRV9$", ALPHA, &["HOST/srv9.alpha.example.com", SPN]))
        .diagnose();
    is_judged!(judged, WrongHost, StaleDns, Likely);
}

#[test]
fn the_spn_is_on_another_account_and_b_has_an_spn_of_cs_name() {
    let with = |spn_of_b| svc_sql_answered().service("svc_other", &[SPN]).service("svc_sql", &[spn_of_b]);
    decides!(with("MSSQLSvc/srv5.alpha.example.com:INSTANCE").diagnose(), DuplicateSpn, Misplaced, Confirmed)
        .proved_by("is registered on svc_other of alpha.example.com (spns.csv:2)")
        .lacks_nothing();
    misses!(with("MSSQLSvc/srv3.alpha.example.com:1433").diagnose(), DuplicateSpn, Misplaced, Likely);
}

#[test]
fn the_spn_is_on_another_account_it_is_not_known_that_b_runs_on_c() {
    decides!(svc_sql_answered().service("svc_other", &[SPN]).diagnose(), DuplicateSpn, Misplaced, Likely)
        .proved_by("is registered on svc_other of alpha.example.com")
        .lacks("Resolve-DnsName srv5.alpha.example.com");
    misses!(
        svc_sql_answered().service("svc_sql", &[SPN]).diagnose(),
        PasswordMismatch,
        ServiceAccount,
        Likely
    );
}

#[test]
fn the_spn_is_on_two_or_more_accounts_and_the_kdc_finds_one_that_is_not_b() {
    // Over two domains the client's KDC finds its own: here the other one, there B.
    let of = |own, other| {
        svc_sql_answered()
            .account(account("svc_sql", own, &[SPN, "MSSQLSvc/srv5.alpha.example.com"]))
            .account(account("svc_old", other, &[SPN]))
    };
    decides!(of(BETA, ALPHA).diagnose(), DuplicateSpn, Duplicate, Likely)
        .proved_by("the KDC of SRV1.alpha.example.com's domain finds svc_old of alpha.example.com first");
    misses!(of(ALPHA, BETA).diagnose(), PasswordMismatch, ServiceAccount, Likely);
    // B is of beta, as its realm says, and clients of alpha find alpha's.
    let of_beta = Situation::asked(SRV1, SPN, "svc_sql", [BETA, ALPHA])
        .account(account("svc_sql", BETA, &[SPN]))
        .service("svc_old", &[SPN])
        .diagnose();
    decides!(of_beta, DuplicateSpn, Duplicate, Confirmed).lacks_nothing();
}

#[test]
fn the_spn_is_on_b_and_on_others_and_it_is_not_known_whose_the_kdc_finds() {
    let two = || svc_sql_answered().service("svc_sql", &[SPN]).service("svc_old", &[SPN]);
    decides!(two().diagnose(), DuplicateSpn, Duplicate, Likely)
        .proved_by("registered on svc_sql of alpha.example.com")
        .proved_by("registered on svc_old of alpha.example.com")
        .lacks("the KDC's event 11 for MSSQLSvc/srv5.alpha.example.com:1433");
    let met = two().kdc(11, &[SPN, "DS_SERVICE_PRINCIPAL_NAME"]).diagnose();
    misses!(met, DuplicateSpn, Duplicate, Confirmed).lacks_nothing();
}

#[test]
fn the_kdc_logged_event_11_or_operational_101_for_it() {
    let logged = |name| svc_sql_answered().kdc(11, &[name, "DS_SERVICE_PRINCIPAL_NAME"]).diagnose();
    decides!(logged(SPN), DuplicateSpn, Duplicate, Confirmed)
        .proved_by("KDC 11 on dc1.alpha.example.com (MSSQLSvc/srv5.alpha.example.com:1433");
    misses!(logged("MSSQLSvc/srv5.alpha.example.com"), DuplicateSpn, Misplaced, Possible);
}

#[test]
fn the_spn_is_on_b_alone_whose_service_failed_to_log_on_service_control_manager() {
    let failed = |id, values: &[(&str, &str)]| {
        svc_sql_answered().service("svc_sql", &[SPN]).event("Service Control Manager", id, SRV5, values)
    };
    let as_svc_sql = [("param1", "MSSQLSERVER"), ("param2", "ALPHA\\svc_sql"), ("param3", "%%1326")];
    decides!(failed(7038, &as_svc_sql).diagnose(), PasswordMismatch, ServiceAccount, Confirmed)
        .proved_by("Service Control Manager 7038 on srv5.alpha.example.com");
    let as_another = [("param1", "MSSQLSERVER"), ("param2", "ALPHA\\svc_old"), ("param3", "%%1326")];
    misses!(failed(7038, &as_another).diagnose(), PasswordMismatch, ServiceAccount, Likely);
}

#[test]
fn the_spn_is_on_b_alone_whose_password_was_set_within_ticket_lifetime_before_the_events() {
    let set = |when| svc_sql_answered().service("svc_sql", &[SPN]).password_set(when).diagnose();
    // A key that is lacking fails with any password, old or new.
    decides!(set("2026-10-06T02:00:01Z"), PasswordMismatch, StaleTicket, Likely)
        .proved_by("its password was last set 2026-10-06T02:00:01Z")
        .proved_by("all events lie within 10 hours after that")
        .lacks("msDS-SupportedEncryptionTypes");
    misses!(set("2026-10-06T01:59:59Z"), PasswordMismatch, ServiceAccount, Likely);
    misses!(set("2026-10-06T12:00:01Z"), PasswordMismatch, ServiceAccount, Likely);
}

#[test]
fn kdc_14_16_26_27_or_42_for_the_account_near_the_time() {
    let logged = |account| svc_sql_answered().kdc(14, &[SPN, account]).diagnose();
    decides!(logged("svc_sql"), PasswordMismatch, EncryptionType, Likely)
        .proved_by("KDC 14 on dc1.alpha.example.com")
        .lacks("msDS-SupportedEncryptionTypes");
    decides!(
        svc_sql_answered().service("svc_sql", &[SPN]).kdc(42, &["svc_sql"]).diagnose(),
        PasswordMismatch,
        EncryptionType,
        Likely
    );
    misses!(
        svc_sql_answered().kdc(14, &["cifs/srv3.alpha.example.com", "srv3$"]).diagnose(),
        DuplicateSpn,
        Misplaced,
        Possible
    );
}

#[test]
fn the_spn_is_on_b_alone() {
    decides!(
        svc_sql_answered().service("svc_sql", &[SPN]).diagnose(),
        PasswordMismatch,
        ServiceAccount,
        Likely
    )
    .proved_by("is registered on svc_sql of alpha.example.com (spns.csv:2)")
    .lacks("Get-ADUser svc_sql -Properties PasswordLastSet");
    // A svc_sql of a domain that no realm names is another account.
    misses!(
        svc_sql_answered().account(account("svc_sql", BETA, &[SPN])).diagnose(),
        DuplicateSpn,
        Misplaced,
        Likely
    );
}

#[test]
fn nothing_more_is_known() {
    decides!(svc_sql_answered().diagnose(), DuplicateSpn, Misplaced, Possible)
        .proved_by("svc_sql answered, an account that is no host named in the event")
        .lacks("setspn -F -Q \"MSSQLSvc/srv5.alpha.example.com:1433\"")
        .lacks("Resolve-DnsName srv5.alpha.example.com");
    misses!(
        svc_sql_answered().owns("svc_sql.alpha.example.com", "192.0.2.8").diagnose(),
        WrongHost,
        StaleDns,
        Possible
    );
}
