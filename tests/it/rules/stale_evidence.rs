//! Inventories that are older than the events, or newer than the trouble.
//!
//! All events happen at noon of 6 October 2026.

use krbtriage::inventory::accounts::Account;

use super::is_diagnosed;
use super::situation::*;

/// The reference case, with the addresses of both hosts.
fn reference_case() -> Situation {
    Situation::asked(SRV1, "host/srv2.beta.example.com", "srv1$", [ALPHA, BETA])
        .owns_on(SRV1, "169.254.95.120", IBM_USB)
        .owns_on(SRV2, "169.254.95.120", IBM_USB)
        .resolves(SRV2, "169.254.95.120")
}

#[test]
fn an_inventory_without_a_date_is_assumed_to_be_from_the_time_of_the_events() {
    is_diagnosed!(reference_case().diagnose(), LoopbackSharedIp, BmcUsbNic, Confirmed).lacks_nothing();
    // In a folder that was unpacked weeks later, all files have the date of that day.
    let unpacked = "2026-11-20T09:00:00Z";
    is_diagnosed!(
        reference_case()
            .written("addresses.csv", unpacked)
            .log_ends("2026-10-06T22:00:00Z", unpacked)
            .diagnose(),
        LoopbackSharedIp,
        BmcUsbNic,
        Confirmed
    )
    .proved_by("nothing shows when addresses.csv was collected");
}

#[test]
fn the_date_in_a_list_comes_before_the_date_of_its_file() {
    let unpacked = "2026-11-20T09:00:00Z";
    let reported = |when| {
        reference_case()
            .written("addresses.csv", unpacked)
            .log_ends("2026-10-06T22:00:00Z", unpacked)
            .collected(when)
            .diagnose()
    };
    let diagnosed = is_diagnosed!(reported("2026-10-06T21:00:00Z"), LoopbackSharedIp, BmcUsbNic, Confirmed);
    assert!(
        !diagnosed.0.evidence().iter().any(|item| item.contains("was collected")),
        "{:#?}",
        diagnosed.0.evidence()
    );
    is_diagnosed!(reported("2026-10-06T11:00:00Z"), LoopbackSharedIp, BmcUsbNic, Likely).proved_by(
        "against it: addresses.csv was collected 2026-10-06T11:00:00Z, before the first of these events",
    );
    // The log lost its date, but not the list.
    is_diagnosed!(reported("2026-10-12T09:00:00Z"), LoopbackSharedIp, BmcUsbNic, Likely).proved_by(
        "addresses.csv is from 2026-10-12T09:00:00Z, and the log of SRV1.alpha.example.com ends 2026-10-06T22:00:00Z: nothing \
         shows that the trouble still went on",
    );
}

#[test]
fn two_events_years_apart_do_not_go_on_for_years() {
    let diagnosed = Situation::asked(SRV1, "host/srv2.beta.example.com", "srv1$", [ALPHA, BETA])
        .at("2022-10-06T12:00:00Z")
        .and_asked(SRV1, "host/srv2.beta.example.com", "srv1$", [ALPHA, BETA])
        .owns_on(SRV1, "169.254.95.120", IBM_USB)
        .owns_on(SRV2, "169.254.95.120", IBM_USB)
        .written("addresses.csv", "2026-12-09T09:00:00Z")
        .log_ends("2026-12-09T08:00:00Z", "2026-12-09T08:00:00Z")
        .diagnose();
    is_diagnosed!(diagnosed, LoopbackSharedIp, BmcUsbNic, Likely)
        .proved_by("continues to 2026-12-09T08:00:00Z without one");
}

#[test]
fn an_inventory_of_before_the_first_event_may_show_what_has_changed_since() {
    is_diagnosed!(
        reference_case().written("addresses.csv", "2026-10-06T11:54:00Z").diagnose(),
        LoopbackSharedIp,
        BmcUsbNic,
        Likely
    )
    .proved_by("against it: addresses.csv was written 2026-10-06T11:54:00Z, before the first of these events")
    .lacks("{ ipconfig /all } > SRV1.alpha.example.com-ipconfig.txt");
    // Clocks of one domain may differ by five minutes.
    let diagnosed = reference_case().written("addresses.csv", "2026-10-06T11:56:00Z").diagnose();
    is_diagnosed!(diagnosed, LoopbackSharedIp, BmcUsbNic, Confirmed);
}

#[test]
fn an_inventory_of_the_day_of_the_events_or_the_next_is_proof() {
    for (made, log_ends) in [
        ("2026-10-06T12:30:00Z", "2026-10-06T12:20:00Z"),
        // The night passed without an event.
        ("2026-10-07T09:00:00Z", "2026-10-07T08:00:00Z"),
        // The trouble was still going on when the inventory was made, although the log ends later.
        ("2026-10-07T09:00:00Z", "2026-10-20T08:00:00Z"),
    ] {
        let diagnosed =
            reference_case().written("addresses.csv", made).log_ends(log_ends, log_ends).diagnose();
        is_diagnosed!(diagnosed, LoopbackSharedIp, BmcUsbNic, Confirmed).lacks_nothing();
    }
}

#[test]
fn an_inventory_of_after_the_trouble_may_show_what_was_changed_in_between() {
    let made = |when, ends| reference_case().written("addresses.csv", when).log_ends(ends, ends).diagnose();
    is_diagnosed!(made("2026-10-09T09:00:00Z", "2026-10-09T08:00:00Z"), LoopbackSharedIp, BmcUsbNic, Likely)
        .proved_by(
            "against it: the last of these events is from 2026-10-06T12:00:00Z, and the log of SRV1.alpha.example.com continues \
             to 2026-10-09T08:00:00Z without one, while addresses.csv is from 2026-10-09T09:00:00Z",
        )
        .lacks("Does SRV1.alpha.example.com log event 4 today")
        .lacks("What are the addresses of srv2.beta.example.com");
    // The member of an archive has no known date. The log shows that the trouble is over.
    is_diagnosed!(made("", "2026-10-09T08:00:00Z"), LoopbackSharedIp, BmcUsbNic, Likely)
        .proved_by("addresses.csv has no known date");
    // The log was exported at once, and the addresses days later.
    is_diagnosed!(made("2026-10-09T09:00:00Z", "2026-10-06T13:00:00Z"), LoopbackSharedIp, BmcUsbNic, Likely)
        .proved_by("nothing shows that the trouble still went on when it was collected");
}

#[test]
fn a_trouble_of_every_week_is_not_over_after_three_days() {
    let weekly = |last: &str| {
        Situation::asked(SRV1, "host/srv2.beta.example.com", "srv1$", [ALPHA, BETA])
            .at(last)
            .and_asked(SRV1, "host/srv2.beta.example.com", "srv1$", [ALPHA, BETA])
            .owns_on(SRV1, "169.254.95.120", IBM_USB)
            .owns_on(SRV2, "169.254.95.120", IBM_USB)
            .resolves(SRV2, "169.254.95.120")
            .written("addresses.csv", "2026-10-09T09:00:00Z")
            .log_ends("2026-10-09T08:00:00Z", "2026-10-09T08:00:00Z")
            .diagnose()
    };
    is_diagnosed!(weekly("2026-09-29T12:00:00Z"), LoopbackSharedIp, BmcUsbNic, Confirmed);
    is_diagnosed!(weekly("2026-10-05T12:00:00Z"), LoopbackSharedIp, BmcUsbNic, Likely);
}

#[test]
fn one_list_of_the_time_is_enough_for_a_fact() {
    let diagnosed = reference_case()
        .owns_as(SRV1, "169.254.95.120", IBM_USB, "again.csv")
        .owns_as(SRV2, "169.254.95.120", IBM_USB, "again.csv")
        .written("addresses.csv", "2026-10-01T09:00:00Z")
        .written("again.csv", "2026-10-06T13:00:00Z")
        .diagnose();
    is_diagnosed!(diagnosed, LoopbackSharedIp, BmcUsbNic, Confirmed);
}

#[test]
fn names_and_addresses_without_a_date_prove_nothing_where_the_dates_were_lost() {
    let wrongly_resolved = || {
        Situation::asked(SRV1, "cifs/srv5.alpha.example.com", "srv3$", [ALPHA, ALPHA])
            .owns(SRV3, "192.0.2.3")
            .owns(SRV5, "192.0.2.5")
            .registers(SRV5, "192.0.2.3")
            .account(Account {
                password_last_set: Some("2026-09-20T03:00:00Z".parse().unwrap()),
                ..computer(SRV5)
            })
    };
    let lost = |situation: Situation, made| {
        situation
            .written("addresses.csv", made)
            .written("dns.csv", made)
            .log_ends("2026-10-06T22:00:00Z", "2026-11-20T09:00:00Z")
            .diagnose()
    };
    is_diagnosed!(wrongly_resolved().diagnose(), WrongHost, StaleDns, Confirmed);
    is_diagnosed!(lost(wrongly_resolved(), "2026-11-20T09:00:00Z"), WrongHost, StaleDns, Likely)
        .proved_by("the date of addresses.csv is unknown")
        .lacks("Resolve-DnsName srv5.alpha.example.com");
    // The column `collected` has their dates.
    let reported = lost(wrongly_resolved().collected("2026-10-06T21:00:00Z"), "2026-11-20T09:00:00Z");
    is_diagnosed!(reported, WrongHost, StaleDns, Confirmed);
    // The log lost its date, and these did not.
    is_diagnosed!(lost(wrongly_resolved(), "2026-10-06T22:00:00Z"), WrongHost, StaleDns, Confirmed);
}

#[test]
fn an_account_list_of_after_the_trouble_may_show_a_registration_that_came_since() {
    let spn = "MSSQLSvc/srv5.alpha.example.com";
    let elsewhere = || {
        Situation::asked(SRV1, spn, "srv5$", [ALPHA, ALPHA])
            .account(computer(SRV5))
            .service("svc_web", &[spn])
    };
    let made =
        |ends| elsewhere().written("spns.csv", "2026-10-09T09:00:00Z").log_ends(ends, "2026-11-20T09:00:00Z");
    is_diagnosed!(made("2026-10-09T08:00:00Z").diagnose(), DuplicateSpn, Misplaced, Likely)
        .lacks("Does SRV1.alpha.example.com log event 4 today")
        .lacks("setspn -F -Q");
    // The proof of an event does not depend on a list.
    let with_event = made("2026-10-09T08:00:00Z").kdc(11, &[spn, "DS_SERVICE_PRINCIPAL_NAME"]);
    is_diagnosed!(
        with_event.account(account("SRV5$", ALPHA, &[spn])).diagnose(),
        DuplicateSpn,
        Duplicate,
        Likely
    );
}

/// A crafted log has the last possible time, to which nothing can be added.
#[test]
fn events_at_the_end_of_all_time_are_judged_too() {
    for when in ["9999-12-30T22:00:00Z", "-009999-01-02T01:59:59Z"] {
        let diagnosed = reference_case()
            .at(when)
            .account(Account {
                when_changed: Some(when.parse().unwrap()),
                ..computer("srv2.beta.example.com")
            })
            .written("addresses.csv", "2026-10-09T09:00:00Z")
            .log_ends("2026-10-09T08:00:00Z", "2026-10-19T08:00:00Z")
            .diagnose_all();
        assert_eq!(diagnosed.len(), 1);
    }
}
