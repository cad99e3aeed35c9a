//! B is a third machine.

use super::situation::*;
use super::{decides, misses, tests};
use krbtriage::findings::Shape;
use krbtriage::inventory::accounts::Account;

const SHAPE: Shape = Shape::OtherAnswered;

pub const ROWS: &[&str] = tests![
    c_is_another_name_of_b_and_the_spn_is_on_another_account,
    c_is_a_clusters_virtual_computer_and_an_inventory_shows_that_b_is_a_node_of_it,
    c_is_a_clusters_virtual_computer_as_the_account_list_shows,
    c_is_no_host_dns_leads_it_to_b_and_the_spn_is_on_another_account,
    c_is_no_host_but_another_name_of_b_as_an_inventory_shows,
    b_and_c_own_a_common_address_that_others_can_reach_and_cs_name_leads_to_it_or_c_has_no_other,
    the_name_of_c_resolves_to_an_address_that_b_owns_and_c_does_not,
    tcpip_4198_or_4199_on_b_or_c_near_the_time_another_machine_has_its_address,
    c_has_no_service_class_and_no_inventory_knows_it_as_a_host,
    an_inventory_knows_c_as_a_host_of_its_own,
    nothing_is_known_of_c,
];

const PORTAL: &str = "portal.alpha.example.com";
const PORTAL_SPN: &str = "HTTP/portal.alpha.example.com";

/// SRV1 asked for `target`, and SRV3 answered.
fn srv3_answered(target: &str) -> Situation {
    Situation::asked(SRV1, target, "srv3$", [ALPHA, ALPHA])
}

fn srv3_answered_for_srv5() -> Situation {
    srv3_answered("cifs/srv5.alpha.example.com")
}

#[test]
fn c_is_another_name_of_b_and_the_spn_is_on_another_account() {
    let portal_is_srv3 = Account { additional_dns_host_names: vec![PORTAL.into()], ..computer(SRV3) };
    decides!(
        srv3_answered(PORTAL_SPN)
            .account(portal_is_srv3.clone())
            .service("svc_web", &[PORTAL_SPN])
            .diagnose(),
        DuplicateSpn,
        Misplaced,
        Confirmed
    )
    .proved_by("portal.alpha.example.com is another name of srv3.alpha.example.com (spns.csv:2)")
    .proved_by("registered on svc_web of alpha.example.com");
    misses!(srv3_answered(PORTAL_SPN).account(portal_is_srv3).diagnose(), WrongHost, ClusterOrAlias, Likely);
}

const SQLCLU: &str = "MSSQLSvc/sqlclu.alpha.example.com:1433";
const CLUSTER: &str = "MSServerCluster/sqlclu.alpha.example.com";

#[test]
fn c_is_a_clusters_virtual_computer_and_an_inventory_shows_that_b_is_a_node_of_it() {
    let on_node = |spns: &[&str]| {
        srv3_answered(SQLCLU)
            .account(account("SQLCLU$", ALPHA, spns))
            .owns(SRV3, "192.0.2.3")
            .owns(SRV3, "192.0.2.60")
            .resolves("sqlclu.alpha.example.com", "192.0.2.60")
    };
    decides!(on_node(&[CLUSTER, SQLCLU]).diagnose(), WrongHost, ClusterOrAlias, Confirmed)
        .proved_by(
            "SQLCLU$ is a cluster's virtual computer: it owns MSServerCluster/sqlclu.alpha.example.com",
        )
        .lacks_nothing();
    // Somebody else owns the SPN that was asked for.
    decides!(on_node(&[CLUSTER]).service("svc_sql", &[SQLCLU]).diagnose(), WrongHost, ClusterOrAlias, Likely)
        .lacks("setspn -F -Q \"MSSQLSvc/sqlclu.alpha.example.com:1433\"");
    // The address is that of the host's own name.
    misses!(on_node(&[CLUSTER, SQLCLU]).resolves(SRV3, "192.0.2.60").diagnose(), WrongHost, StaleDns, Likely);
}

#[test]
fn c_is_a_clusters_virtual_computer_as_the_account_list_shows() {
    let cluster = account("SQLCLU$", ALPHA, &[CLUSTER, SQLCLU]);
    decides!(srv3_answered(SQLCLU).account(cluster.clone()).diagnose(), WrongHost, ClusterOrAlias, Likely)
        .lacks("Get-ClusterNode");
    // A cluster of that name in another domain.
    let in_beta = Account { domain: "beta.example.com".into(), ..cluster };
    misses!(srv3_answered(SQLCLU).account(in_beta).diagnose(), WrongHost, StaleDns, Likely);
}

#[test]
fn c_is_no_host_dns_leads_it_to_b_and_the_spn_is_on_another_account() {
    let led = || {
        srv3_answered(PORTAL_SPN)
            .owns(SRV3, "192.0.2.3")
            .resolves(PORTAL, "192.0.2.3")
            .service("svc_web", &[PORTAL_SPN])
    };
    decides!(led().diagnose(), DuplicateSpn, Misplaced, Likely)
        .proved_by("resolves to 192.0.2.3, which srv3.alpha.example.com owns (dns.csv:2)")
        .lacks("Win32_Service -ComputerName srv3");
    misses!(led().account(computer(PORTAL)).diagnose(), WrongHost, StaleDns, Likely);
}

#[test]
fn c_is_no_host_but_another_name_of_b_as_an_inventory_shows() {
    let renamed = |old, new| {
        srv3_answered("cifs/files.alpha.example.com")
            .event("EventLog", 6011, SRV3, &[("", old), ("", new)])
            .at("2026-01-02T08:00:00Z")
            .diagnose()
    };
    decides!(renamed("files", "srv3"), WrongHost, ClusterOrAlias, Likely)
        .proved_by("files.alpha.example.com is another name of srv3.alpha.example.com (EventLog 6011 in System.evtx)")
        .lacks("setspn -F -Q");
    misses!(renamed("files2", "srv3"), WrongHost, StaleDns, Possible);
}

#[test]
fn b_and_c_own_a_common_address_that_others_can_reach_and_cs_name_leads_to_it_or_c_has_no_other() {
    let shared = |address, adapter| {
        srv3_answered_for_srv5().owns_on(SRV3, address, adapter).owns_on(SRV5, address, adapter)
    };
    decides!(shared("192.0.2.50", "Ethernet").diagnose(), WrongHost, SharedAddress, Confirmed)
        .proved_by("srv3.alpha.example.com owns 192.0.2.50")
        .proved_by("srv5.alpha.example.com owns 192.0.2.50")
        .shared(&["192.0.2.50"]);
    decides!(
        shared("192.0.2.50", "Ethernet").owns(SRV5, "192.0.2.5").resolves(SRV5, "192.0.2.50").diagnose(),
        WrongHost,
        SharedAddress,
        Confirmed
    );
    // C may be reached by an address of its own.
    decides!(
        shared("192.0.2.50", "Ethernet").owns(SRV5, "192.0.2.5").diagnose(),
        WrongHost,
        SharedAddress,
        Likely
    )
    .lacks("Resolve-DnsName srv5.alpha.example.com");
    // No other machine reaches a management controller's own network.
    misses!(shared("169.254.95.120", IBM_USB).diagnose(), WrongHost, StaleDns, Likely).shared(&[]);
}

#[test]
fn the_name_of_c_resolves_to_an_address_that_b_owns_and_c_does_not() {
    let led =
        |to| srv3_answered_for_srv5().owns(SRV3, "192.0.2.3").owns(SRV5, "192.0.2.5").resolves(SRV5, to);
    decides!(led("192.0.2.3").diagnose(), WrongHost, StaleDns, Confirmed)
        .proved_by("srv5.alpha.example.com resolves to 192.0.2.3 (dns.csv:2)")
        .proved_by("srv5.alpha.example.com does not own 192.0.2.3, srv3.alpha.example.com does")
        .lacks_nothing();
    misses!(led("192.0.2.5").diagnose(), WrongHost, StaleDns, Likely);
}

#[test]
fn tcpip_4198_or_4199_on_b_or_c_near_the_time_another_machine_has_its_address() {
    let conflict = |id, on, address| {
        srv3_answered_for_srv5().event("Tcpip", id, on, &[("", ""), ("", address), ("", "00:11:22:33:44:55")])
    };
    for (id, on) in [(4198, SRV5), (4199, SRV3)] {
        decides!(conflict(id, on, "192.0.2.5").diagnose(), WrongHost, SharedAddress, Likely)
            .proved_by("address 192.0.2.5, hardware address 00:11:22:33:44:55")
            .shared(&["192.0.2.5"])
            .lacks("-CimSession srv3")
            .lacks("-CimSession srv5.alpha.example.com");
    }
    // The client's own address is in conflict.
    misses!(conflict(4199, SRV1, "192.0.2.1").diagnose(), WrongHost, StaleDns, Possible);
    // B's addresses are listed, and this is none of them.
    misses!(
        conflict(4199, SRV5, "192.0.2.5").owns(SRV3, "192.0.2.3").owns(SRV5, "192.0.2.5").diagnose(),
        WrongHost,
        StaleDns,
        Likely
    );
}

#[test]
fn c_has_no_service_class_and_no_inventory_knows_it_as_a_host() {
    decides!(srv3_answered("clu1").diagnose(), WrongHost, ClusterOrAlias, Likely)
        .proved_by("clu1 has no service class")
        .lacks("Get-ClusterResource");
    misses!(
        srv3_answered("clu1").account(computer("clu1.alpha.example.com")).diagnose(),
        WrongHost,
        StaleDns,
        Likely
    );
}

#[test]
fn an_inventory_knows_c_as_a_host_of_its_own() {
    decides!(srv3_answered_for_srv5().owns(SRV5, "192.0.2.5").diagnose(), WrongHost, StaleDns, Likely)
        .proved_by("srv5.alpha.example.com owns 192.0.2.5 on Ethernet (addresses.csv:2)")
        .lacks("Resolve-DnsName srv5.alpha.example.com")
        .lacks("-CimSession srv3");
    decides!(srv3_answered_for_srv5().account(computer(SRV5)).diagnose(), WrongHost, StaleDns, Likely)
        .proved_by("SRV5$ is a computer of its own (spns.csv:2)");
    misses!(srv3_answered_for_srv5().owns(SRV2, "192.0.2.5").diagnose(), WrongHost, StaleDns, Possible);
}

#[test]
fn nothing_is_known_of_c() {
    decides!(srv3_answered_for_srv5().diagnose(), WrongHost, StaleDns, Possible)
        .proved_by("srv3$ answered for cifs/srv5.alpha.example.com: by their names two machines")
        .lacks("Resolve-DnsName srv5.alpha.example.com")
        .lacks("-CimSession srv5.alpha.example.com")
        .lacks("setspn -F -Q \"cifs/srv5.alpha.example.com\"");
    // It is C that answered.
    misses!(
        Situation::asked(SRV1, "cifs/srv5.alpha.example.com", "srv5$", [ALPHA, ALPHA]).diagnose(),
        PasswordMismatch,
        MachineAccount,
        Possible
    );
}
