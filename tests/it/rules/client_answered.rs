//! B is A, C is another host.

use super::situation::*;
use super::{decides, misses, tests};
use krbtriage::findings::Shape;
use krbtriage::inventory::accounts::Account;

const SHAPE: Shape = Shape::ClientAnswered;

pub const ROWS: &[&str] = tests![
    c_is_another_name_of_a_and_the_spn_is_on_another_account,
    c_is_a_clusters_virtual_computer_and_an_inventory_shows_that_b_is_a_node_of_it,
    c_is_a_clusters_virtual_computer_as_the_account_list_shows,
    c_is_no_host_dns_leads_it_to_a_and_the_spn_is_on_another_account,
    c_is_no_host_but_another_name_of_a_as_an_inventory_shows,
    a_and_c_own_a_common_address_and_the_target_is_dcoms_host_rpcss_or_cs_name_leads_to_it,
    the_name_of_c_resolves_to_an_address_that_a_owns_and_c_does_not,
    a_and_c_own_a_common_address_and_it_is_not_known_where_cs_name_leads,
    c_has_no_service_class_and_no_inventory_knows_it_as_a_host,
    the_addresses_of_both_are_known_none_in_common_that_could_lead_to_a,
    the_addresses_of_a_or_c_are_not_known,
];

const PORTAL: &str = "portal.alpha.example.com";
const PORTAL_SPN: &str = "HTTP/portal.alpha.example.com";

/// SRV1 asked for `target`, and its own account answered.
fn reached_itself(target: &str) -> Situation {
    Situation::asked(SRV1, target, "srv1$", [ALPHA, ALPHA])
}

/// SRV1 asked for a host of the other domain, and its own account answered: the reference case.
fn reached_itself_for_srv2(class: &str) -> Situation {
    Situation::asked(SRV1, &format!("{class}/{SRV2}"), "srv1$", [ALPHA, BETA])
}

#[test]
fn c_is_another_name_of_a_and_the_spn_is_on_another_account() {
    let portal_is_srv1 =
        Account { additional_dns_host_names: vec![PORTAL.into()], ..computer("srv1.alpha.example.com") };
    decides!(
        reached_itself(PORTAL_SPN)
            .account(portal_is_srv1.clone())
            .service("svc_web", &[PORTAL_SPN])
            .whole_list()
            .diagnose(),
        DuplicateSpn,
        Misplaced,
        Confirmed
    )
    .proved_by("portal.alpha.example.com is another name of srv1.alpha.example.com (spns.csv:2)")
    .proved_by("HTTP/portal.alpha.example.com is registered on svc_web of alpha.example.com (spns.csv:2)")
    .lacks_nothing();
    // Nobody owns the SPN.
    misses!(reached_itself(PORTAL_SPN).account(portal_is_srv1).diagnose(), WrongHost, ClusterOrAlias, Likely);
}

/// SRV1 asked for a cluster, whose name object has these SPNs beside its own HOST.
fn cluster(spns: &[&str]) -> Situation {
    let own = &["HOST/clu1.alpha.example.com"];
    reached_itself("host/clu1.alpha.example.com").account(Account {
        dns_host_name: Some("clu1.alpha.example.com".into()),
        ..account("CLU1$", ALPHA, &[spns, own].concat())
    })
}

const VIRTUAL: &str = "MSClusterVirtualServer/clu1.alpha.example.com";

#[test]
fn c_is_a_clusters_virtual_computer_and_an_inventory_shows_that_b_is_a_node_of_it() {
    // The cluster's address is on SRV1.
    let led =
        |to| cluster(&[VIRTUAL]).owns(SRV1, "192.0.2.50").resolves("clu1.alpha.example.com", to).diagnose();
    decides!(led("192.0.2.50"), WrongHost, ClusterOrAlias, Confirmed)
        .proved_by("it owns MSClusterVirtualServer/clu1.alpha.example.com (spns.csv:2)")
        .proved_by("clu1.alpha.example.com resolves to 192.0.2.50 (dns.csv:2), which srv1$ has")
        .lacks_nothing();
    misses!(led("192.0.2.51"), WrongHost, ClusterOrAlias, Likely).lacks("Get-ClusterNode");
    // SRV1 is a node, and there is one cluster.
    let node = || Account {
        spns: ["HOST/SRV1.alpha.example.com", "MSServerClusterMgmtAPI/SRV1.alpha.example.com"]
            .iter()
            .collect(),
        ..computer(SRV1)
    };
    decides!(cluster(&[VIRTUAL]).account(node()).whole_list().diagnose(), WrongHost, ClusterOrAlias, Confirmed)
        .proved_by("srv1$ has the MSServerClusterMgmtAPI SPN of a node (spns.csv:2), and alpha.example.com has one cluster")
        .lacks_nothing();
    decides!(
        cluster(&[VIRTUAL])
            .owns_on(SRV1, "169.254.1.77", "Microsoft Failover Cluster Virtual Adapter")
            .whole_list()
            .diagnose(),
        WrongHost,
        ClusterOrAlias,
        Confirmed
    );
    // Of which cluster, a second one leaves open; and of what is not listed, nothing is known.
    let another = account("CLU2$", ALPHA, &["MSClusterVirtualServer/clu2", "HOST/clu2"]);
    misses!(
        cluster(&[VIRTUAL]).account(node()).account(another).whole_list().diagnose(),
        WrongHost,
        ClusterOrAlias,
        Likely
    );
    misses!(cluster(&[VIRTUAL]).account(node()).diagnose(), WrongHost, ClusterOrAlias, Likely);
}

#[test]
fn c_is_a_clusters_virtual_computer_as_the_account_list_shows() {
    decides!(cluster(&[VIRTUAL]).diagnose(), WrongHost, ClusterOrAlias, Likely)
        .proved_by("it owns MSClusterVirtualServer/clu1.alpha.example.com (spns.csv:2)")
        .lacks("Get-ClusterNode");
    // An ordinary computer of that name.
    misses!(cluster(&[]).diagnose(), LoopbackSharedIp, AddressesUnknown, Likely);
}

#[test]
fn c_is_no_host_dns_leads_it_to_a_and_the_spn_is_on_another_account() {
    let led = || {
        reached_itself(PORTAL_SPN)
            .owns(SRV1, "192.0.2.1")
            .resolves(PORTAL, "192.0.2.1")
            .service("svc_web", &[PORTAL_SPN])
    };
    decides!(led().diagnose(), DuplicateSpn, Misplaced, Likely)
        .proved_by("portal.alpha.example.com is no computer's name, and resolves to 192.0.2.1")
        .lacks("Get-CimInstance Win32_Service -ComputerName srv1");
    // C is a host of its own.
    misses!(led().owns(PORTAL, "192.0.2.9").diagnose(), WrongHost, StaleDns, Confirmed);
}

#[test]
fn c_is_no_host_but_another_name_of_a_as_an_inventory_shows() {
    let target = "host/portal.alpha.example.com";
    decides!(reached_itself(target).also_called(SRV1, PORTAL).diagnose(), WrongHost, ClusterOrAlias, Likely)
        .proved_by("portal.alpha.example.com is another name of srv1.alpha.example.com (ipconfig.txt:2)")
        .lacks("setspn -F -Q \"host/portal.alpha.example.com\"");
    // In DNS alone.
    decides!(
        reached_itself(target).owns(SRV1, "192.0.2.1").resolves(PORTAL, "192.0.2.1").diagnose(),
        WrongHost,
        ClusterOrAlias,
        Likely
    );
    // The key was A's own: whoever was meant answered.
    misses!(
        reached_itself(target)
            .also_called(SRV1, PORTAL)
            .account(account("SRV1$", ALPHA, &["HOST/portal.alpha.example.com"]))
            .diagnose(),
        PasswordMismatch,
        MachineAccount,
        Likely
    );
}

#[test]
fn a_and_c_own_a_common_address_and_the_target_is_dcoms_host_rpcss_or_cs_name_leads_to_it() {
    let shared = |class| {
        reached_itself_for_srv2(class).owns_on(SRV1, "169.254.95.120", IBM_USB).owns_on(
            SRV2,
            "169.254.95.120",
            IBM_USB,
        )
    };
    for class in ["host", "HOST", "RPCSS"] {
        decides!(shared(class).diagnose(), LoopbackSharedIp, BmcUsbNic, Confirmed)
            .proved_by(
                "SRV1.alpha.example.com owns 169.254.95.120 on IBM USB Remote NDIS Network Device (addresses.csv:2)",
            )
            .proved_by("srv2.beta.example.com owns 169.254.95.120 on IBM USB")
            .shared(&["169.254.95.120"])
            .lacks_nothing();
    }
    decides!(
        shared("cifs").resolves(SRV2, "169.254.95.120").diagnose(),
        LoopbackSharedIp,
        BmcUsbNic,
        Confirmed
    );
    // Another class, and it is not known where the name leads.
    misses!(shared("cifs").diagnose(), LoopbackSharedIp, BmcUsbNic, Likely);
    // The adapter of one side only.
    misses!(
        reached_itself_for_srv2("host").owns_on(SRV1, "169.254.95.120", IBM_USB).diagnose(),
        LoopbackSharedIp,
        BmcUsbNic,
        Likely
    )
    .shared(&[]);
}

#[test]
fn the_name_of_c_resolves_to_an_address_that_a_owns_and_c_does_not() {
    let led = |to| {
        reached_itself_for_srv2("cifs").owns(SRV1, "192.0.2.1").owns(SRV2, "198.51.100.2").resolves(SRV2, to)
    };
    decides!(led("192.0.2.1").diagnose(), WrongHost, StaleDns, Confirmed)
        .proved_by("srv2.beta.example.com resolves to 192.0.2.1 (dns.csv:2)")
        .proved_by("srv2.beta.example.com does not own 192.0.2.1")
        .lacks_nothing();
    // It leads where it should.
    misses!(led("198.51.100.2").diagnose(), WrongHost, StaleDns, Likely);
    // C's own addresses are not known: it may own this one too.
    misses!(
        reached_itself_for_srv2("cifs").owns(SRV1, "192.0.2.1").resolves(SRV2, "192.0.2.1").diagnose(),
        WrongHost,
        ClusterOrAlias,
        Likely
    );
}

#[test]
fn a_and_c_own_a_common_address_and_it_is_not_known_where_cs_name_leads() {
    let shared = || reached_itself_for_srv2("cifs").owns(SRV1, "192.0.2.77").owns(SRV2, "192.0.2.77");
    decides!(shared().diagnose(), LoopbackSharedIp, OtherSharedAddress, Likely)
        .shared(&["192.0.2.77"])
        .lacks("Resolve-DnsName srv2.beta.example.com");
    // DNS leads to another address of C.
    misses!(
        shared().owns(SRV2, "198.51.100.2").resolves(SRV2, "198.51.100.2").diagnose(),
        WrongHost,
        StaleDns,
        Likely
    );
}

#[test]
fn c_has_no_service_class_and_no_inventory_knows_it_as_a_host() {
    decides!(reached_itself("clu1").diagnose(), WrongHost, ClusterOrAlias, Likely)
        .proved_by("clu1 has no service class")
        .lacks("Resolve-DnsName clu1, Get-ADComputer");
    misses!(
        reached_itself("clu1").owns("clu1.alpha.example.com", "192.0.2.9").diagnose(),
        LoopbackSharedIp,
        AddressesUnknown,
        Likely
    );
    misses!(
        reached_itself("clu1").account(computer("clu1.alpha.example.com")).diagnose(),
        LoopbackSharedIp,
        AddressesUnknown,
        Likely
    );
}

#[test]
fn the_addresses_of_both_are_known_none_in_common_that_could_lead_to_a() {
    let known = || reached_itself_for_srv2("host").owns(SRV1, "192.0.2.1");
    decides!(known().owns(SRV2, "198.51.100.2").diagnose(), WrongHost, StaleDns, Likely)
        .proved_by("SRV1.alpha.example.com owns 192.0.2.1, srv2.beta.example.com owns 198.51.100.2")
        .lacks("drivers\\etc\\hosts");
    misses!(known().diagnose(), LoopbackSharedIp, AddressesUnknown, Likely);
}

#[test]
fn the_addresses_of_a_or_c_are_not_known() {
    decides!(reached_itself_for_srv2("host").diagnose(), LoopbackSharedIp, AddressesUnknown, Likely)
        .lacks("Get-NetIPAddress -CimSession SRV1.alpha.example.com")
        .lacks("Get-NetIPAddress -CimSession srv2.beta.example.com");
    // Of one side they are: only the other is asked for, and nothing is shared yet.
    let one_side = decides!(
        reached_itself_for_srv2("host").owns_on(SRV1, "169.254.95.120", IBM_USB).diagnose(),
        LoopbackSharedIp,
        BmcUsbNic,
        Likely
    )
    .lacks("-CimSession srv2.beta.example.com")
    .shared(&[]);
    assert_eq!(one_side.0.missing.len(), 1);
    // C answered, not A.
    misses!(
        Situation::asked(SRV1, "host/srv2.beta.example.com", "srv2$", [BETA, BETA]).diagnose(),
        PasswordMismatch,
        MachineAccount,
        Possible
    );
}
