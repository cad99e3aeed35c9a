//! The two lists of the forest.

const ALPHA: &str = "alpha.example.com";
const BETA: &str = "beta.example.com";

/// When both lists were made: after the last event, and before the trouble was over.
const COLLECTED: &str = "2026-10-06T23:30:00Z";

/// srv10 is a node of cluster clu1 and holds its address, 192.0.2.50.
pub const INTERFACES: &str = "\
host,address,interface,description,mac,prefix_length,collected
dc-alpha.alpha.example.com,192.0.2.53,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-35,24,2026-10-06T23:30:00Z
srv1.alpha.example.com,192.0.2.1,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-01,24,2026-10-06T23:30:00Z
srv1.alpha.example.com,169.254.95.120,Ethernet 2,IBM USB Remote NDIS Network Device,36-40-B5-00-53-01,16,2026-10-06T23:30:00Z
srv2.beta.example.com,203.0.113.2,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-02,24,2026-10-06T23:30:00Z
srv2.beta.example.com,169.254.95.120,Ethernet 3,IBM USB Remote NDIS Network Device,36-40-B5-00-53-02,16,2026-10-06T23:30:00Z
srv3.alpha.example.com,192.0.2.3,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-03,24,2026-10-06T23:30:00Z
srv4.alpha.example.com,192.0.2.4,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-04,24,2026-10-06T23:30:00Z
srv5.alpha.example.com,192.0.2.5,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-05,24,2026-10-06T23:30:00Z
srv6.alpha.example.com,192.0.2.6,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-06,24,2026-10-06T23:30:00Z
srv7.alpha.example.com,192.0.2.7,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-07,24,2026-10-06T23:30:00Z
srv7.beta.example.com,203.0.113.7,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-17,24,2026-10-06T23:30:00Z
srv8.alpha.example.com,192.0.2.8,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-08,24,2026-10-06T23:30:00Z
srv9.alpha.example.com,192.0.2.9,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-09,24,2026-10-06T23:30:00Z
srv10.alpha.example.com,192.0.2.10,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-0A,24,2026-10-06T23:30:00Z
srv10.alpha.example.com,192.0.2.50,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-0A,24,2026-10-06T23:30:00Z
srv10.alpha.example.com,169.254.1.77,Local Area Connection* 1,Microsoft Failover Cluster Virtual Adapter,02-00-5E-00-53-0A,16,2026-10-06T23:30:00Z
srv11.alpha.example.com,192.0.2.11,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-0B,24,2026-10-06T23:30:00Z
srv12.alpha.example.com,192.0.2.12,Ethernet,Intel(R) Ethernet Connection X722 for 1GbE,00-00-5E-00-53-0C,24,2026-10-06T23:30:00Z
";

/// Member servers: name, domain, when the password was last set.
const SERVERS: &[(&str, &str, &str)] = &[
    ("srv1", ALPHA, "2026-09-18T04:02:51Z"),
    ("srv2", ALPHA, "2026-09-21T19:40:12Z"),
    ("srv3", ALPHA, "2026-09-25T08:15:33Z"),
    ("srv4", ALPHA, "2026-09-11T23:51:07Z"),
    ("srv5", ALPHA, "2026-09-14T02:33:40Z"),
    // The password changed on 5 October. srv6 was restored to a snapshot of 3 October and has the one before.
    ("srv6", ALPHA, "2026-10-05T02:11:40Z"),
    ("srv7", ALPHA, "2026-09-29T13:27:18Z"),
    ("srv8", ALPHA, "2026-09-30T06:44:59Z"),
    ("srv9", ALPHA, "2026-09-16T15:09:26Z"),
    ("srv10", ALPHA, "2026-09-22T10:58:03Z"),
    ("srv11", ALPHA, "2026-09-27T21:36:45Z"),
    ("srv12", ALPHA, "2026-09-19T17:20:31Z"),
    ("srv2", BETA, "2026-09-24T01:12:09Z"),
    ("srv7", BETA, "2026-09-13T09:03:54Z"),
];

/// The accounts whose SPNs are not those of a member server.
const OTHER_ACCOUNTS: &str = "\
DC-ALPHA$,alpha.example.com,HOST/DC-ALPHA,dc-alpha.alpha.example.com,2026-09-17T22:05:00Z
DC-ALPHA$,alpha.example.com,HOST/dc-alpha.alpha.example.com,dc-alpha.alpha.example.com,2026-09-17T22:05:00Z
DC-ALPHA$,alpha.example.com,ldap/dc-alpha.alpha.example.com,dc-alpha.alpha.example.com,2026-09-17T22:05:00Z
DC-ALPHA$,alpha.example.com,ldap/dc-alpha.alpha.example.com/alpha.example.com,dc-alpha.alpha.example.com,2026-09-17T22:05:00Z
DC-ALPHA$,alpha.example.com,GC/dc-alpha.alpha.example.com/alpha.example.com,dc-alpha.alpha.example.com,2026-09-17T22:05:00Z
clu1$,alpha.example.com,HOST/clu1,clu1.alpha.example.com,2026-09-23T03:30:00Z
clu1$,alpha.example.com,HOST/clu1.alpha.example.com,clu1.alpha.example.com,2026-09-23T03:30:00Z
clu1$,alpha.example.com,MSClusterVirtualServer/clu1,clu1.alpha.example.com,2026-09-23T03:30:00Z
clu1$,alpha.example.com,MSClusterVirtualServer/clu1.alpha.example.com,clu1.alpha.example.com,2026-09-23T03:30:00Z
svc_app,alpha.example.com,HTTP/srv5.alpha.example.com,,2025-11-04T12:00:00Z
svc_web,alpha.example.com,HTTP/portal.alpha.example.com,,2026-10-01T07:45:22Z
svc_sql,alpha.example.com,MSSQLSvc/srv3.alpha.example.com:1433,,2026-06-15T09:10:00Z
svc_sql_old,alpha.example.com,MSSQLSvc/srv3.alpha.example.com:1433,,2023-02-20T14:22:10Z
";

pub fn spns() -> String {
    let mut csv = String::from("account,domain,spn,dns_host_name,password_last_set\n");
    for (name, domain, password) in SERVERS {
        let host = format!("{name}.{domain}");
        for spn in [
            format!("host/{name}"),
            format!("host/{host}"),
            format!("TERMSRV/{name}"),
            format!("WSMAN/{host}"),
            format!("RestrictedKrbHost/{name}"),
        ] {
            csv.push_str(&format!("{name}$,{domain},{spn},{host},{password}\n"));
        }
    }
    csv.push_str(OTHER_ACCOUNTS);
    let dated = |(n, row): (usize, &str)| format!("{row},{}\n", if n == 0 { "collected" } else { COLLECTED });
    csv.lines().enumerate().map(dated).collect()
}
