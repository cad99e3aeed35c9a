//! Which inventories give which findings.

use super::*;

#[test]
fn the_reference_case_is_found_before_it_happens() {
    let sandbox = sandbox_with(&[("addresses.csv", IMM)]);
    let run = audit(&sandbox, &["-i", "addresses.csv"]);
    assert_eq!((run.code(), run.stderr().as_str()), (0, ""));
    assert!(run.stdout().starts_with(
        "finding_id,status,kind,what,owners,owner_count,adapters,vendor,hurts,evidence,fix\r\n"
    ));
    assert_eq!(rows(&run.stdout()).len(), 1);
    let found = finding(&run, "169.254.95.120");
    assert_eq!(found["kind"], "bmc-usb-nic");
    assert_eq!(found["vendor"], "IBM IMM or Lenovo XCC");
    assert_eq!(found["owners"], "srv1.alpha.example.com; srv2.beta.example.com");
    assert_eq!(
        found["adapters"],
        "IBM USB Remote NDIS Network Device; IBM USB Remote NDIS Network Device #2"
    );
    assert_eq!(
        found["hurts"],
        "srv1.alpha.example.com can reach itself when it connects to srv2.beta.example.com by DCOM or WMI, and \
         srv2.beta.example.com when it connects to srv1.alpha.example.com: both own 169.254.95.120, across 2 domains \
         (alpha.example.com, beta.example.com)"
    );
    assert!(
        found["evidence"].contains("(addresses.csv:3); srv2.beta.example.com owns"),
        "{}",
        found["evidence"]
    );
    let steps: Vec<&str> = found["fix"].split("; ").collect();
    assert!(
        steps[0].contains("Vendor tools that use it lose that path")
            && steps[2].contains("disable the adapter")
            && steps[2].contains("Try one host first"),
        "{steps:?}"
    );
}

/// One address on two hosts for each kind, by address, adapter and MAC.
#[test]
fn every_kind_is_found_with_its_vendor() {
    let cases = [
        ("169.254.95.120", "", "", "bmc-usb-nic", "IBM IMM or Lenovo XCC"),
        ("169.254.96.120", "", "", "bmc-usb-nic", "IBM IMM or Lenovo XCC"),
        ("169.254.0.2", "Remote NDIS Compatible Device", "", "bmc-usb-nic", "Dell iDRAC"),
        ("10.9.9.9", "iDRAC Virtual NIC USB Device #8", "", "bmc-usb-nic", "Dell iDRAC"),
        ("16.1.15.2", "", "", "bmc-usb-nic", "HPE iLO"),
        ("169.254.0.18", "", "", "bmc-usb-nic", "AMI MegaRAC"),
        ("169.254.3.1", "USB Ethernet/RNDIS Gadget", "", "bmc-usb-nic", "Supermicro BMC"),
        ("169.254.182.77", "", "", "bmc-usb-nic", "Oracle ILOM"),
        ("169.254.7.7", "", "36-40-B5-00-53-01", "bmc-usb-nic", "IBM IMM or Lenovo XCC"),
        ("169.254.7.8", "Remote NDIS Compatible Device", "", "bmc-usb-nic", ""),
        ("172.20.80.1", "Hyper-V Virtual Ethernet Adapter", "", "virtual-switch", ""),
        ("192.0.2.80", "Intel X722", "02-BF-C0-00-02-50", "cluster-or-nlb-address", ""),
        ("192.0.2.81", "Intel X722", "", "other", ""),
        ("2001:db8::81", "Intel X722", "", "other", ""),
    ];
    let mut text = String::from("host;address;description;mac\n");
    for (n, (address, description, mac, ..)) in cases.iter().enumerate() {
        for host in ["a", "b"] {
            text.push_str(&format!("{host}{n}.example.com;{address};{description};{mac}\n"));
            text.push_str(&format!("{host}{n}.example.com;10.{n}.0.{};;\n", host.as_bytes()[0]));
        }
    }
    let sandbox = sandbox_with(&[("addresses.csv", &text)]);
    let run = audit(&sandbox, &["-i", "addresses.csv"]);
    assert_eq!(rows(&run.stdout()).len(), cases.len());
    for (address, .., kind, vendor) in cases {
        let found = finding(&run, address);
        assert_eq!((found["kind"].as_str(), found["vendor"].as_str()), (kind, vendor), "{address}");
        assert!(!found["fix"].is_empty() && !found["hurts"].is_empty());
    }
}

#[test]
fn an_address_that_every_host_has_gives_no_finding() {
    let mut text = String::from("host,address\n");
    for host in ["a.example.com", "b.example.com"] {
        for address in ["127.0.0.1", "::1", "fe80::1%4", "224.0.0.251", "0.0.0.0", "169.254.255.255"] {
            text.push_str(&format!("{host},{address}\n"));
        }
    }
    let run = audit(&sandbox_with(&[("a.csv", &text)]), &["-i", "a.csv", "--fail-on", "any"]);
    // Without a prefix length, 169.254.255.255 is not known to be a broadcast address.
    assert_eq!(kinds(&run), pairs(&[("169.254.255.255", "renamed-or-duplicate-host")]));
    assert_eq!(run.code(), 1);
}

#[test]
fn a_machine_under_two_names_is_reported_as_one() {
    let text = "host,address,mac\nold.example.com,192.0.2.1,00-00-5E-00-53-01\nold.example.com,192.0.2.2,00-00-5E-00-53-02\n\
        new.example.com,192.0.2.1,00-00-5E-00-53-01\nnew.example.com,192.0.2.2,00-00-5E-00-53-02\n";
    let run = audit(&sandbox_with(&[("a.csv", text)]), &["-i", "a.csv"]);
    assert_eq!(
        kinds(&run),
        pairs(&[("192.0.2.1", "renamed-or-duplicate-host"), ("192.0.2.2", "renamed-or-duplicate-host")])
    );
    assert!(finding(&run, "192.0.2.1")["fix"].contains("Compare serial numbers"));
}

#[test]
fn hosts_under_several_names_are_merged_before_anything_is_compared() {
    // Three computers: under short and full name, under the name typed to reach it, and under the name in the directory.
    let sandbox = sandbox_with(&[
        ("a.csv", "host,address\nSRV1,192.0.2.1\nsrv1.alpha.example.com,192.0.2.1\n"),
        (
            "b.json",
            r#"[{"DNSHostName":"SRV5","PSComputerName":"web5","IPAddress":["192.0.2.5"],"IPEnabled":true},
                {"DNSHostName":"SRV5","PSComputerName":"srv5.alpha.example.com","IPAddress":["192.0.2.5"],"IPEnabled":true}]"#,
        ),
        ("c.csv", "host,address\nsrv6.alpha.example.com,192.0.2.6\nsrv6.res.example.net,192.0.2.6\n"),
        (
            "accounts.csv",
            "account,domain,spn,dns_host_name\nSRV6$,alpha.example.com,HOST/srv6,srv6.res.example.net\n",
        ),
    ]);
    let run = audit(&sandbox, &["-i", "a.csv", "-i", "b.json", "-i", "c.csv", "-s", "accounts.csv"]);
    assert_eq!((kinds(&run), run.stderr().as_str()), (vec![], ""));
    // Only the directory shows that these two are one.
    let run = audit(&sandbox, &["-i", "c.csv"]);
    assert_eq!(kinds(&run), pairs(&[("192.0.2.6", "renamed-or-duplicate-host")]));
}

/// A capture or wmic has only `SRV7`, and both domains have a srv7.
#[test]
fn a_short_name_of_two_hosts_is_not_a_third_owner() {
    let full = "host,address\nsrv7.alpha.example.com,192.0.2.7\nsrv7.beta.example.com,203.0.113.7\n\
        srv7.beta.example.com,169.254.95.120\nsrv1.alpha.example.com,169.254.95.120\n";
    let short = "host,address\nSRV7,192.0.2.7\nSRV7,203.0.113.7\nSRV7,169.254.95.120\n";
    let sandbox = sandbox_with(&[("full.csv", full), ("short.csv", short)]);
    let run = audit(&sandbox, &["-i", "full.csv", "-i", "short.csv"]);
    assert_eq!(kinds(&run), pairs(&[("169.254.95.120", "bmc-usb-nic")]));
    assert_eq!(finding(&run, "169.254.95.120")["owners"], "srv1.alpha.example.com; srv7.beta.example.com");
    // With an address that neither has, it is another machine.
    sandbox.write("short.csv", format!("{short}SRV7,198.51.100.7\n"));
    let run = audit(&sandbox, &["-i", "full.csv", "-i", "short.csv"]);
    assert_eq!(finding(&run, "192.0.2.7")["owners"], "srv7; srv7.alpha.example.com");
}

#[test]
fn an_address_of_20_000_hosts_is_one_finding() {
    let mut text = String::from("host,address,description\n");
    for i in 0..20_000 {
        text.push_str(&format!("srv{i:05}.d{}.example.com,169.254.95.120,\n", i % 3));
        text.push_str(&format!("srv{i:05}.d{}.example.com,10.1.{}.{},\n", i % 3, i / 250, i % 250));
    }
    let sandbox = sandbox_with(&[("a.csv", &text)]);
    let run = audit(&sandbox, &["-i", "a.csv"]);
    let found = finding(&run, "169.254.95.120");
    assert_eq!((rows(&run.stdout()).len(), found["owner_count"].as_str()), (1, "20000"));
    assert!(found["owners"].ends_with("; and 19900 more") && found["owners"].len() < 32_767);
    assert!(
        found["hurts"].contains("each of the 20000 hosts") && found["hurts"].contains("across 3 domains")
    );
    assert!(found["fix"].contains("On all of the 20000 hosts but one, disable the adapter"));
}

#[test]
fn a_name_that_resolves_to_another_host_is_found() {
    let sandbox = sandbox_with(&[
        ("a.csv", "host,address\nsrv8.example.com,192.0.2.8\nsrv9.example.com,192.0.2.9\n"),
        (
            "dns.csv",
            "HostName,RecordType,ZoneName,Data\nsrv8,A,example.com,192.0.2.9\nsrv9,A,example.com,192.0.2.9\n\
             www,A,example.com,192.0.2.9\nsrv8,A,example.com,192.0.2.8\n",
        ),
    ]);
    let run = audit(&sandbox, &["-i", "a.csv", "--dns", "dns.csv"]);
    assert_eq!(kinds(&run), pairs(&[("srv8.example.com -> 192.0.2.9", "name-leads-elsewhere")]));
    let found = &rows(&run.stdout())[0];
    assert_eq!(found["owners"], "srv9.example.com");
    assert!(found["evidence"].contains("(dns.csv:2)"), "{}", found["evidence"]);
}

#[test]
fn spn_lists_alone_give_findings() {
    let accounts = "account,domain,spn,dns_host_name
krbtgt,alpha.example.com,kadmin/changepw,
krbtgt,beta.example.com,kadmin/changepw,
svc_sql,alpha.example.com,MSSQLSvc/srv3.alpha.example.com:1433,
svc_old,beta.example.com,mssqlsvc/SRV3.alpha.example.com:1433,
svc_app,alpha.example.com,HTTP/srv5.alpha.example.com,
SRV5$,alpha.example.com,HOST/srv5.alpha.example.com,srv5.alpha.example.com
SRV7$,alpha.example.com,HOST/srv7.alpha.example.com,srv7.alpha.example.com
SRV7$,alpha.example.com,HOST/srv7,srv7.alpha.example.com
SRV7$,alpha.example.com,cifs/srv7,srv7.alpha.example.com
SRV7$,beta.example.com,HOST/srv7.beta.example.com,srv7.beta.example.com
SRV7$,beta.example.com,HOST/SRV7,srv7.beta.example.com
SRV9$,alpha.example.com,HOST/srv9.alpha.example.com,srv9.alpha.example.com
SRV9$,alpha.example.com,cifs/srv9.alpha.example.com,srv9.alpha.example.com
";
    let sandbox = sandbox_with(&[("spns.csv", accounts)]);
    let run = audit(&sandbox, &["--spns", "spns.csv"]);
    assert_eq!((run.code(), run.stderr().as_str()), (0, ""));
    assert_eq!(
        kinds(&run),
        pairs(&[
            ("MSSQLSvc/srv3.alpha.example.com:1433", "duplicate-spn"),
            ("HTTP/srv5.alpha.example.com", "host-alias-collision"),
            ("SRV7$", "same-name-two-domains"),
        ])
    );
    let sql = finding(&run, "MSSQLSvc/srv3.alpha.example.com:1433");
    assert_eq!(sql["owners"], "svc_sql of alpha.example.com; svc_old of beta.example.com");
    assert!(sql["evidence"].contains("(spns.csv:4)") && sql["fix"].contains("setspn -D"), "{sql:?}");
    let http = finding(&run, "HTTP/srv5.alpha.example.com");
    assert_eq!(http["owners"], "svc_app of alpha.example.com; SRV5$ of alpha.example.com");
    assert!(http["fix"].contains("HOST SPN"), "{http:?}");
    // The SPNs with the short name are evidence of this finding, not findings of their own.
    let same = finding(&run, "SRV7$");
    assert!(
        same["evidence"].contains("SPNs with the short name that more than one of them has: HOST/srv7"),
        "{}",
        same["evidence"]
    );
    // A forest whose HOST alias covers only cifs has no such collision.
    let run = audit(&sandbox, &["--spns", "spns.csv", "--spn-mappings", "host=cifs"]);
    assert!(!run.stdout().contains("host-alias-collision"), "{}", run.stdout());
}

#[test]
fn hostile_names_stay_text() {
    let text = "host,address,description\nsrv1,192.0.2.1,+x\nsrv2,192.0.2.1,\u{202e}\u{1b}[31mx\n=cmd|calc,192.0.2.1,\n";
    let run = audit(&sandbox_with(&[("a.csv", text)]), &["-i", "a.csv"]);
    let found = &rows(&run.stdout())[0];
    for cell in found.values() {
        assert!(
            !cell.starts_with(['=', '+', '-', '@']) && !cell.contains(['\u{1b}', '\u{202e}', '\n']),
            "{cell}"
        );
    }
}
