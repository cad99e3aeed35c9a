//! Inventories that contradict each other, and names that prove less than they seem to. The simulation found each as a wrong
//! `confirmed`.

use super::is_diagnosed;
use super::situation::*;
use krbtriage::inventory::Source;
use krbtriage::inventory::accounts::Account;

const PORTAL: &str = "portal.alpha.example.com";
const PORTAL_SPN: &str = "cifs/portal.alpha.example.com";

#[test]
fn a_client_that_owns_the_address_itself_would_have_reached_itself() {
    let asked = || Situation::asked(SRV1, "cifs/srv5.alpha.example.com", "srv3$", [ALPHA, ALPHA]);
    let led = || {
        asked()
            .owns(SRV3, "192.0.2.3")
            .owns(SRV5, "192.0.2.5")
            .registers(SRV5, "192.0.2.3")
            .account(computer(SRV5))
            .password_set("2026-09-20T03:00:00Z")
    };
    is_diagnosed!(led().diagnose(), WrongHost, StaleDns, Confirmed);
    is_diagnosed!(led().owns(SRV1, "192.0.2.3").diagnose(), WrongHost, StaleDns, Likely)
        .proved_by("against it: SRV1.alpha.example.com itself owns 192.0.2.3 (addresses.csv:2)");
    let shared = || asked().owns(SRV3, "192.0.2.5").owns(SRV5, "192.0.2.5").resolves(SRV5, "192.0.2.5");
    let day = "2026-10-06T13:00:00Z";
    is_diagnosed!(shared().collected(day).diagnose(), WrongHost, SharedAddress, Confirmed);
    is_diagnosed!(
        shared().owns(SRV1, "192.0.2.5").collected(day).diagnose(),
        WrongHost,
        SharedAddress,
        Likely
    );
}

#[test]
fn without_an_owner_of_the_spn_there_would_be_no_ticket() {
    let led = |spns: &[&str]| {
        Situation::asked(SRV1, "cifs/srv5.alpha.example.com", "srv3$", [ALPHA, ALPHA])
            .owns(SRV3, "192.0.2.3")
            .owns(SRV5, "192.0.2.5")
            .registers(SRV5, "192.0.2.3")
            .account(account("SRV5$", ALPHA, spns))
            .password_set("2026-09-20T03:00:00Z")
            .whole_list()
            .diagnose()
    };
    is_diagnosed!(led(&["HOST/srv5.alpha.example.com"]), WrongHost, StaleDns, Confirmed);
    is_diagnosed!(led(&["HOST/other.alpha.example.com"]), WrongHost, StaleDns, Likely)
        .proved_by("against it: no account in the lists has cifs/srv5.alpha.example.com");
}

#[test]
fn a_realm_that_is_neither_as_nor_cs_domain_was_brought_in_by_b() {
    // The target is SRV5 of alpha, and the realms are beta and alpha, so there may be a SRV5 in beta too.
    let spn = "MSSQLSvc/srv5.alpha.example.com";
    let answered = || {
        Situation::asked(SRV1, spn, "srv5$", [BETA, ALPHA]).account(computer(SRV5)).service("svc_web", &[spn])
    };
    is_diagnosed!(answered().diagnose(), DuplicateSpn, Misplaced, Likely)
        .proved_by("srv5$ may be another machine than the name suggests");
    // A complete list of beta has no SRV5.
    is_diagnosed!(answered().whole_list().diagnose(), DuplicateSpn, Misplaced, Confirmed);
}

#[test]
fn a_name_that_a_machine_gave_up_may_be_another_ones_by_now() {
    let asked =
        || Situation::asked(SRV1, PORTAL_SPN, "srv3$", [ALPHA, ALPHA]).service("svc_web", &[PORTAL_SPN]);
    let renamed = asked()
        .account(computer(SRV3))
        .event("EventLog", 6011, SRV3, &[("", "PORTAL"), ("", "SRV3")])
        .at("2026-01-02T08:00:00Z");
    is_diagnosed!(renamed.diagnose(), DuplicateSpn, Misplaced, Likely)
        .lacks("What is portal.alpha.example.com");
    // An additional name of an account is not the name of another machine.
    let also = Account { additional_dns_host_names: vec![PORTAL.into()], ..computer(SRV3) };
    is_diagnosed!(asked().account(also).diagnose(), DuplicateSpn, Misplaced, Confirmed);
}

#[test]
fn a_stale_name_does_not_make_another_host_the_one_that_was_meant() {
    const SPN: &str = "MSSQLSvc/srv5.alpha.example.com:1433";
    let failed_on_srv3 = || {
        let values = [("param1", "MSSQLSERVER"), ("param2", "ALPHA\\svc_sql"), ("param3", "%%1326")];
        Situation::asked(SRV1, SPN, "svc_sql", [ALPHA, ALPHA])
            .service("svc_sql", &[SPN])
            .owns(SRV3, "192.0.2.3")
            .resolves(SRV5, "192.0.2.3")
            .event("Service Control Manager", 7038, SRV3, &values)
    };
    // Without other data, srv5 may be a name of SRV3.
    is_diagnosed!(failed_on_srv3().diagnose(), PasswordMismatch, ServiceAccount, Confirmed);
    // An inventory shows that it is another host.
    is_diagnosed!(
        failed_on_srv3().owns(SRV5, "192.0.2.5").diagnose(),
        PasswordMismatch,
        ServiceAccount,
        Likely
    );
}

#[test]
fn names_that_tell_which_of_two_shared_addresses_was_taken_must_be_of_the_time() {
    let nlb = "Microsoft Network Load Balancing Filter Device";
    let two = || {
        Situation::asked(SRV1, "host/srv3.alpha.example.com", "srv1$", [ALPHA, ALPHA])
            .owns_on(SRV1, "192.0.2.80", nlb)
            .owns_on(SRV3, "192.0.2.80", nlb)
            .owns_on(SRV1, "169.254.95.120", IBM_USB)
            .owns_on(SRV3, "169.254.95.120", IBM_USB)
            .resolves(SRV3, "192.0.2.80")
    };
    is_diagnosed!(two().diagnose(), LoopbackSharedIp, ClusterOrNlbAddress, Confirmed);
    is_diagnosed!(
        two().written("dns.csv", "2026-09-01T08:00:00Z").diagnose(),
        LoopbackSharedIp,
        ClusterOrNlbAddress,
        Likely
    )
    .proved_by("dns.csv was written 2026-09-01T08:00:00Z");
}

#[test]
fn lists_that_disagree_on_an_owner_say_which_and_where() {
    let spn = "MSSQLSvc/srv5.alpha.example.com";
    let old = Some(Source { file: "old.csv".into(), line: 9, collected: None });
    let asked = || {
        Situation::asked(SRV1, spn, "srv5$", [ALPHA, ALPHA])
            .account(computer(SRV5))
            .account(Account { source: old.clone(), ..account("svc_web", ALPHA, &[spn]) })
    };
    is_diagnosed!(asked().diagnose(), DuplicateSpn, Misplaced, Confirmed);
    is_diagnosed!(asked().whole_list().diagnose(), DuplicateSpn, Misplaced, Likely)
        .proved_by("against it: the account lists disagree whether svc_web has the SPN (old.csv:9 says so)");
}

/// Text copied from Windows 2003, and events of a workgroup, have short names.
#[test]
fn a_short_name_in_a_log_may_be_another_domains_machine() {
    let asked = || Situation::asked(SRV1, "cifs/srv5.alpha.example.com", "srv5$", [ALPHA, ALPHA]);
    let refused = |computer: &str| asked().netlogon(3210, computer, &["ALPHA", "\\\\DC1"]).diagnose();
    is_diagnosed!(refused(SRV5), PasswordMismatch, MachineAccount, Confirmed);
    is_diagnosed!(refused("SRV5"), PasswordMismatch, MachineAccount, Likely).proved_by("names no domain");
    // The short name of a domain controller's log is in the domain of the controller.
    let session = |controller: &str| asked().netlogon(5722, controller, &["SRV5", "SRV5$", "%%5"]).diagnose();
    is_diagnosed!(session("dc1.alpha.example.com"), PasswordMismatch, MachineAccount, Likely);
    is_diagnosed!(session("DC1"), PasswordMismatch, MachineAccount, Likely);
}

#[test]
fn a_duplicate_that_another_domains_kdc_met_was_not_met_by_this_client() {
    let spn = "cifs/srv5.alpha.example.com";
    let met = |controller: &str| {
        Situation::asked(SRV1, spn, "srv5$", [ALPHA, ALPHA])
            .event("Microsoft-Windows-Kerberos-Key-Distribution-Center", 11, controller, &[("Name", spn)])
            .diagnose()
    };
    is_diagnosed!(met("dc1.alpha.example.com"), DuplicateSpn, Duplicate, Likely);
    is_diagnosed!(met("DC1"), DuplicateSpn, Duplicate, Likely);
    is_diagnosed!(met("dc1.gamma.example.com"), DuplicateSpn, Duplicate, Likely)
        .proved_by("of another domain");
}
