//! `krbtriage audit` and `krbtriage inventory` through the real binary.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

/// A folder with files, and what the binary says there.
struct Bench(TempDir);

struct Run {
    status: i32,
    out: String,
    err: String,
}

impl Bench {
    fn with(files: &[(&str, &str)]) -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            bench.write(name, text);
        }
        bench
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_krbtriage"))
            .env("TZ", "UTC")
            .current_dir(self.0.path())
            .args(arguments)
            .output()
            .unwrap();
        Run {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn audit(&self, arguments: &[&str]) -> Run {
        self.run(&[&["audit"], arguments].concat())
    }
}

type Finding = HashMap<String, String>;

impl Run {
    fn findings(&self) -> Vec<Finding> {
        let mut reader = csv::Reader::from_reader(self.out.as_bytes());
        reader.deserialize().map(Result::unwrap).collect()
    }

    /// The finding of this address, name or SPN.
    fn of(&self, what: &str) -> Finding {
        let found: Vec<Finding> = self.findings().into_iter().filter(|f| f["what"] == what).collect();
        assert_eq!(found.len(), 1, "{what}: {}{}", self.out, self.err);
        found.into_iter().next().unwrap()
    }

    /// `what` and `kind` of each.
    fn kinds(&self) -> Vec<(String, String)> {
        self.findings().into_iter().map(|f| (f["what"].clone(), f["kind"].clone())).collect()
    }

    fn statuses(&self) -> Vec<(String, String)> {
        self.findings().into_iter().map(|f| (f["what"].clone(), f["status"].clone())).collect()
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

const IMM: &str = "host,address,interface,description,mac,prefix_length
srv1.alpha.example.com,192.0.2.1,Ethernet,Intel X722,00-00-5E-00-53-01,24
srv1.alpha.example.com,169.254.95.120,Ethernet 2,IBM USB Remote NDIS Network Device,36-40-B5-00-53-01,16
srv2.beta.example.com,203.0.113.2,Ethernet,Intel X722,00-00-5E-00-53-02,24
srv2.beta.example.com,169.254.95.120,Ethernet 3,IBM USB Remote NDIS Network Device #2,36-40-B5-00-53-02,16
";

#[test]
fn the_reference_case_before_it_hurts() {
    let bench = Bench::with(&[("addresses.csv", IMM)]);
    let run = bench.audit(&["-i", "addresses.csv"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert!(run.out.starts_with(
        "finding_id,status,kind,what,owners,owner_count,adapters,vendor,hurts,evidence,fix\r\n"
    ));
    assert_eq!(run.findings().len(), 1);
    let found = run.of("169.254.95.120");
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

/// One address on hosts of each kind, and what it is called.
#[test]
fn every_kind_with_its_vendor() {
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
    let bench = Bench::with(&[("addresses.csv", &text)]);
    let run = bench.audit(&["-i", "addresses.csv"]);
    assert_eq!(run.findings().len(), cases.len());
    for (address, .., kind, vendor) in cases {
        let found = run.of(address);
        assert_eq!((found["kind"].as_str(), found["vendor"].as_str()), (kind, vendor), "{address}");
        assert!(!found["fix"].is_empty() && !found["hurts"].is_empty());
    }
}

#[test]
fn what_is_on_every_host_is_no_finding() {
    let mut text = String::from("host,address\n");
    for host in ["a.example.com", "b.example.com"] {
        for address in ["127.0.0.1", "::1", "fe80::1%4", "224.0.0.251", "0.0.0.0", "169.254.255.255"] {
            text.push_str(&format!("{host},{address}\n"));
        }
    }
    let run = Bench::with(&[("a.csv", &text)]).audit(&["-i", "a.csv", "--fail-on", "any"]);
    // 169.254.255.255 is an address like any other; nobody said it is a broadcast one.
    assert_eq!(run.kinds(), pairs(&[("169.254.255.255", "renamed-or-duplicate-host")]));
    assert_eq!(run.status, 1);
}

#[test]
fn a_machine_under_two_names_is_said_to_be_one() {
    let text = "host,address,mac\nold.example.com,192.0.2.1,00-00-5E-00-53-01\nold.example.com,192.0.2.2,00-00-5E-00-53-02\n\
        new.example.com,192.0.2.1,00-00-5E-00-53-01\nnew.example.com,192.0.2.2,00-00-5E-00-53-02\n";
    let run = Bench::with(&[("a.csv", text)]).audit(&["-i", "a.csv"]);
    assert_eq!(
        run.kinds(),
        pairs(&[("192.0.2.1", "renamed-or-duplicate-host"), ("192.0.2.2", "renamed-or-duplicate-host")])
    );
    assert!(run.of("192.0.2.1")["fix"].contains("Compare serial numbers"));
}

#[test]
fn hosts_under_several_names_are_merged_before_anything_is_compared() {
    // The same computer as its short name, in full, by the name typed to reach it, and by what the directory says.
    let bench = Bench::with(&[
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
    let run = bench.audit(&["-i", "a.csv", "-i", "b.json", "-i", "c.csv", "-s", "accounts.csv"]);
    assert_eq!((run.kinds(), run.err.as_str()), (vec![], ""));
    // Without the directory nobody knows that these two are one.
    let run = bench.audit(&["-i", "c.csv"]);
    assert_eq!(run.kinds(), pairs(&[("192.0.2.6", "renamed-or-duplicate-host")]));
}

/// A capture or wmic knows only `SRV7`, and there is a srv7 in both domains.
#[test]
fn a_short_name_of_two_hosts_is_no_third_owner() {
    let full = "host,address\nsrv7.alpha.example.com,192.0.2.7\nsrv7.beta.example.com,203.0.113.7\n\
        srv7.beta.example.com,169.254.95.120\nsrv1.alpha.example.com,169.254.95.120\n";
    let short = "host,address\nSRV7,192.0.2.7\nSRV7,203.0.113.7\nSRV7,169.254.95.120\n";
    let bench = Bench::with(&[("full.csv", full), ("short.csv", short)]);
    let run = bench.audit(&["-i", "full.csv", "-i", "short.csv"]);
    assert_eq!(run.kinds(), pairs(&[("169.254.95.120", "bmc-usb-nic")]));
    assert_eq!(run.of("169.254.95.120")["owners"], "srv1.alpha.example.com; srv7.beta.example.com");
    // With an address that neither has, it is another machine.
    bench.write("short.csv", &format!("{short}SRV7,198.51.100.7\n"));
    let run = bench.audit(&["-i", "full.csv", "-i", "short.csv"]);
    assert_eq!(run.of("192.0.2.7")["owners"], "srv7; srv7.alpha.example.com");
}

#[test]
fn an_address_of_20_000_hosts_is_one_finding() {
    let mut text = String::from("host,address,description\n");
    for i in 0..20_000 {
        text.push_str(&format!("srv{i:05}.d{}.example.com,169.254.95.120,\n", i % 3));
        text.push_str(&format!("srv{i:05}.d{}.example.com,10.1.{}.{},\n", i % 3, i / 250, i % 250));
    }
    let bench = Bench::with(&[("a.csv", &text)]);
    let run = bench.audit(&["-i", "a.csv"]);
    let found = run.of("169.254.95.120");
    assert_eq!((run.findings().len(), found["owner_count"].as_str()), (1, "20000"));
    assert!(found["owners"].ends_with("; and 19900 more") && found["owners"].len() < 32_767);
    assert!(
        found["hurts"].contains("each of the 20000 hosts") && found["hurts"].contains("across 3 domains")
    );
    assert!(found["fix"].contains("On all of the 20000 hosts but one, disable the adapter"));
}

#[test]
fn allowed_addresses_and_networks_are_passed() {
    let text = "host,address\na.example.com,192.0.2.80\na.example.com,10.0.0.1\nb.example.com,192.0.2.80\nb.example.com,10.0.0.2\n\
        a.example.com,2001:db8::80\nb.example.com,2001:db8::80\na.example.com,198.51.100.9\nb.example.com,198.51.100.9\n";
    let bench = Bench::with(&[
        ("a.csv", text),
        ("allow.txt", "# the web farm\r\n192.0.2.80   # NLB\r\n\r\n2001:db8::/64\r\n"),
        ("wrong.txt", "192.0.2.80\n192.0.2.300\n"),
    ]);
    let run = bench.audit(&["-v", "-i", "a.csv", "--allow", "allow.txt"]);
    assert_eq!(run.kinds(), pairs(&[("198.51.100.9", "other")]));
    assert!(run.err.ends_with("\n1 finding, 2 allowed by --allow\n"), "{}", run.err);
    // Who sees it on the screen is not reported again.
    let run = bench.audit(&["-v", "-i", "a.csv", "--allow", "allow.txt", "--format", "text"]);
    assert!(run.out.starts_with("1 finding, 2 shared addresses allowed\n"), "{}", run.out);
    assert!(!run.err.contains("finding"), "{}", run.err);
    let run = bench.audit(&["-i", "a.csv", "--allow", "wrong.txt"]);
    assert_eq!(run.status, 4);
    assert!(
        run.err.contains("wrong.txt: line 2: \"192.0.2.300\" is not an address, a network or a problem"),
        "{}",
        run.err
    );
    let run = bench.audit(&["-i", "a.csv", "--allow", "nothing.txt"]);
    assert!(run.status == 4 && run.err.contains("nothing.txt: there is no such file"), "{}", run.err);
}

#[test]
fn names_that_lead_to_another_host() {
    let bench = Bench::with(&[
        ("a.csv", "host,address\nsrv8.example.com,192.0.2.8\nsrv9.example.com,192.0.2.9\n"),
        (
            "dns.csv",
            "HostName,RecordType,ZoneName,Data\nsrv8,A,example.com,192.0.2.9\nsrv9,A,example.com,192.0.2.9\n\
             www,A,example.com,192.0.2.9\nsrv8,A,example.com,192.0.2.8\n",
        ),
    ]);
    let run = bench.audit(&["-i", "a.csv", "--dns", "dns.csv"]);
    assert_eq!(run.kinds(), pairs(&[("srv8.example.com -> 192.0.2.9", "name-leads-elsewhere")]));
    let found = &run.findings()[0];
    assert_eq!(found["owners"], "srv9.example.com");
    assert!(found["evidence"].contains("(dns.csv:2)"), "{}", found["evidence"]);
}

#[test]
fn what_came_back_since_an_earlier_audit() {
    let switched_off =
        IMM.replace("srv2.beta.example.com,169.254.95.120", "srv2.beta.example.com,203.0.113.3");
    let bench = Bench::with(&[("a.csv", IMM)]);
    let nightly = ["-i", "a.csv", "--baseline", "audit.csv", "-o", "audit.csv", "--fail-on", "new"];
    let night = |expected: i32| {
        let run = bench.audit(&nightly);
        let why = "Exit status 1, because --fail-on new holds for 1:\n  169.254.95.120: bmc-usb-nic\n";
        let said = if expected == 1 { why } else { "" };
        assert_eq!((run.status, run.err.as_str(), run.out.as_str()), (expected, said, ""));
        let out = fs::read_to_string(bench.0.path().join("audit.csv")).unwrap();
        Run { out, ..run }.statuses()
    };
    let status = |status: &str| pairs(&[("169.254.95.120", status)]);
    assert_eq!(night(1), status("new"), "the file is not there yet");
    assert_eq!(night(0), status("ongoing"));
    bench.write("a.csv", &switched_off);
    assert_eq!(night(0), status("resolved"));
    assert_eq!(night(0), status("resolved"));
    // A firmware update.
    bench.write("a.csv", IMM);
    assert_eq!(night(1), status("reopened"));
    assert_eq!(night(0), status("ongoing"));
    // An address that nobody was asked for today has not gone.
    bench.write("a.csv", IMM.split_once("srv2").unwrap().0);
    assert_eq!(night(0), status("ongoing"));
    let text = fs::read_to_string(bench.0.path().join("audit.csv")).unwrap();
    assert!(text.contains("a later audit had no addresses of srv2.beta.example.com"), "{text}");
    assert_eq!(night(0), status("ongoing"));
    assert_eq!(fs::read_to_string(bench.0.path().join("audit.csv")).unwrap(), text, "said once");
    bench.write("a.csv", &switched_off);
    assert_eq!(night(0), status("resolved"));
}

/// Bug 4 of the review: only `triage --baseline` read what a spreadsheet program saves.
#[test]
fn a_spreadsheet_program_may_have_saved_the_earlier_audit() {
    let bench = Bench::with(&[("a.csv", IMM)]);
    assert_eq!(bench.audit(&["-i", "a.csv", "-o", "audit.csv"]).status, 0);
    let csv = std::fs::read_to_string(bench.0.path().join("audit.csv")).unwrap();
    let mut semicolons = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    rows.records().for_each(|row| semicolons.write_record(&row.unwrap()).unwrap());
    let utf16: Vec<u8> = format!("\u{feff}{csv}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [("semicolons.csv", semicolons.into_inner().unwrap()), ("utf16.csv", utf16)] {
        std::fs::write(bench.0.path().join(name), bytes).unwrap();
        let run = bench.audit(&["-i", "a.csv", "--baseline", name, "--fail-on", "new"]);
        assert_eq!(run.status, 0, "{name}: {}", run.err);
    }
}

#[test]
fn a_baseline_that_is_none_is_refused() {
    let bench = Bench::with(&[("a.csv", IMM), ("other.csv", "a,b\n1,2\n")]);
    for (baseline, said) in
        [("missing.csv", "there is no such file"), ("other.csv", "this is not an audit of krbtriage")]
    {
        let run = bench.audit(&["-i", "a.csv", "--baseline", baseline, "-o", "out.csv"]);
        assert!(run.status == 4 && run.err.contains(baseline) && run.err.contains(said), "{}", run.err);
        assert!(!bench.0.path().join("out.csv").exists());
    }
}

#[test]
fn fail_on_and_the_exit_status() {
    let bench = Bench::with(&[
        ("a.csv", IMM),
        ("clean.csv", "host,address\na.example.com,192.0.2.1\n"),
        ("broken.csv", "host,address\na.example.com,192.0.2.1\nb.example.com,192.0.2.\n"),
    ]);
    for (arguments, status) in [
        (&["-i", "a.csv"][..], 0),
        (&["-i", "a.csv", "--fail-on", "any"], 1),
        (&["-i", "a.csv", "--fail-on", "new"], 1),
        (&["-i", "clean.csv", "--fail-on", "any"], 0),
        (&["-i", "broken.csv"], 3),
        (&["-i", "missing.csv"], 3),
        (&["-i", "a.csv", "-i", "broken.csv", "--fail-on", "any"], 1),
        (&["-i", "a.csv", "--fail-on", "sometimes"], 2),
        (&[], 2),
    ] {
        assert_eq!(bench.audit(arguments).status, status, "{arguments:?}");
    }
    let run = bench.audit(&["-i", "broken.csv"]);
    assert!(
        run.err.contains("broken.csv: line 3: \"192.0.2.\" is not a valid address; the row is skipped"),
        "{}",
        run.err
    );
}

#[test]
fn each_files_kind_rows_and_hosts_are_shown() {
    let bench = Bench::with(&[
        ("folder/a.csv", IMM),
        (
            "folder/srv5.txt",
            "Windows IP Configuration\n\n   Host Name . . . . : srv5\n\nEthernet adapter E:\n\n   IPv4 Address. . . : 192.0.2.5(Preferred)\n   Subnet Mask . . . : 255.255.255.0\n",
        ),
        ("folder/notes.txt", "buy milk\n"),
    ]);
    for command in ["audit -v -i folder", "inventory -v folder"] {
        let run = bench.run(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(run.status, 3, "{}", run.err);
        for said in [
            "a.csv: krbtriage CSV, 4 rows, 2 hosts",
            "srv5.txt: ipconfig /all, 1 row, 1 host or account",
            "notes.txt: not an inventory of a known kind; give a CSV with the columns host and address, or one of: ",
            "ipconfig /all, ",
        ] {
            assert!(run.err.contains(said), "{command}: {}", run.err);
        }
    }
    let run = bench.run(&["audit", "-q", "-i", "folder"]);
    assert_eq!((run.status, run.err.as_str()), (3, ""));
}

#[test]
fn exports_that_lost_their_data_are_refused_with_the_command() {
    let cases = [
        (
            "nics.csv",
            "\"DNSHostName\",\"Description\",\"IPAddress\",\"IPSubnet\"\n\"srv1\",\"Intel\",\"System.String[]\",\"System.String[]\"\n",
            "Get-CimInstance Win32_NetworkAdapterConfiguration",
        ),
        (
            "dns.csv",
            "\"HostName\",\"RecordType\",\"RecordData\"\n\"srv1\",\"A\",\"DnsServerResourceRecordA\"\n",
            "Get-DnsServerResourceRecord -ZoneName ZONE | Select-Object",
        ),
        (
            "ipconfiguration.csv",
            "\"InterfaceAlias\",\"AllIPAddresses\"\n\"Ethernet\",\"System.String[]\"\n",
            "Get-NetIPAddress | Export-Csv",
        ),
    ];
    for (name, text, command) in cases {
        let run = Bench::with(&[(name, text)]).audit(&["-i", name]);
        assert!(
            run.status == 3 && run.err.contains(&format!("{name}: the export lost its data")),
            "{}",
            run.err
        );
        assert!(run.err.contains(command), "{}", run.err);
    }
    let lost = "Name,DistinguishedName,servicePrincipalName\nsrv1,\"CN=srv1,DC=a,DC=test\",Microsoft.ActiveDirectory.Management.ADPropertyValueCollection\n";
    let run = Bench::with(&[("ad.csv", lost)]).audit(&["-s", "ad.csv"]);
    assert!(run.status == 3 && run.err.contains("export it again with: Get-AD"), "{}", run.err);
}

#[test]
fn spn_lists_alone() {
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
    let bench = Bench::with(&[("spns.csv", accounts)]);
    let run = bench.audit(&["--spns", "spns.csv"]);
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(
        run.kinds(),
        pairs(&[
            ("MSSQLSvc/srv3.alpha.example.com:1433", "duplicate-spn"),
            ("HTTP/srv5.alpha.example.com", "host-alias-collision"),
            ("SRV7$", "same-name-two-domains"),
        ])
    );
    let sql = run.of("MSSQLSvc/srv3.alpha.example.com:1433");
    assert_eq!(sql["owners"], "svc_sql of alpha.example.com; svc_old of beta.example.com");
    assert!(sql["evidence"].contains("(spns.csv:4)") && sql["fix"].contains("setspn -D"), "{sql:?}");
    let http = run.of("HTTP/srv5.alpha.example.com");
    assert_eq!(http["owners"], "svc_app of alpha.example.com; SRV5$ of alpha.example.com");
    assert!(http["fix"].contains("HOST SPN"), "{http:?}");
    // HOST/srv7 of both and cifs/srv7 beside the other's HOST/srv7 say the same once more.
    let same = run.of("SRV7$");
    assert!(
        same["evidence"].contains("SPNs with the short name that more than one of them has: HOST/srv7"),
        "{}",
        same["evidence"]
    );
    // Other classes than a new forest's.
    let run = bench.audit(&["--spns", "spns.csv", "--spn-mappings", "host=cifs"]);
    assert!(!run.out.contains("host-alias-collision"), "{}", run.out);
}

#[test]
fn hostile_names_stay_text() {
    let text = "host,address,description\nsrv1,192.0.2.1,+x\nsrv2,192.0.2.1,\u{202e}\u{1b}[31mx\n=cmd|calc,192.0.2.1,\n";
    let run = Bench::with(&[("a.csv", text)]).audit(&["-i", "a.csv"]);
    let found = &run.findings()[0];
    for cell in found.values() {
        assert!(
            !cell.starts_with(['=', '+', '-', '@']) && !cell.contains(['\u{1b}', '\u{202e}', '\n']),
            "{cell}"
        );
    }
}

#[test]
fn an_inventory_reads_back_the_same_from_every_sample() {
    // Absolute, as the program runs in another folder: on Windows a path from the root is one of the current drive.
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/inventories");
    let samples = std::path::absolute(samples).unwrap();
    let bench = Bench::with(&[]);
    for entry in fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let first = bench.run(&["inventory", path.to_str().unwrap(), "-o", "once.csv"]);
        assert_eq!((first.status, first.err.as_str(), first.out.as_str()), (0, "", ""), "{}", path.display());
        let second = bench.run(&["inventory", "once.csv"]);
        let once = fs::read_to_string(bench.0.path().join("once.csv")).unwrap();
        assert_eq!(second.out, once, "{}", path.display());
    }
}

/// A bug: whatever lay beside the lists in their folder kept a later audit from calling a finding resolved.
#[test]
fn other_files_in_a_folder_of_inventories_do_not_matter() {
    let list = |spns: &str| format!("account,domain,spn\n{spns}");
    let twice = list("a,x.example,HTTP/w\nb,x.example,HTTP/w\n");
    let bench = Bench::with(&[
        ("in/addresses.csv", "host,address\na.example.com,192.0.2.1\n"),
        ("in/spns.csv", &twice),
        ("in/System.evtx", "ElfFile\0"),
        ("in/report.csv", "incident_id,problem_id\n"),
    ]);
    let run = bench.audit(&["-v", "-i", "in", "-s", "in", "-o", "before.csv"]);
    assert_eq!((run.status, run.err.matches("inventory: ").count()), (0, 2), "{}", run.err);
    bench.write("in/spns.csv", &list("a,x.example,HTTP/w\n"));
    let run = bench.audit(&["-i", "in", "-s", "in", "--baseline", "before.csv"]);
    assert!(run.status == 0 && run.out.contains(",resolved,duplicate-spn,"), "{}{}", run.out, run.err);
}

#[test]
fn rows_without_a_host_take_the_files_name_or_the_option() {
    let bench = Bench::with(&[
        ("srv5_ipaddress.csv", "address\n192.0.2.5\n"),
        ("addresses.csv", "address\n192.0.2.6\n"),
    ]);
    let rows = |arguments: &[&str]| {
        let run = bench.run(&[&["inventory"], arguments].concat());
        // The last cell is the file's date.
        let row = |line: &str| line.rsplit_once(',').map(|(row, _)| row.to_owned());
        (run.out.lines().skip(1).filter_map(row).collect::<Vec<_>>(), run.err)
    };
    assert_eq!(rows(&["srv5_ipaddress.csv"]).0, ["srv5,192.0.2.5,,,,"]);
    assert_eq!(rows(&["--host", "srv6", "addresses.csv"]).0, ["srv6,192.0.2.6,,,,"]);
    let (none, said) = rows(&["addresses.csv"]);
    assert!(none.is_empty() && said.contains("add it with --host NAME"), "{said}");
}

/// `KRBTRIAGE_BLESS=1 cargo test --test it audit::` writes the table anew.
#[test]
fn the_documents_table_of_cards_is_the_programs() {
    use krbtriage::inventory::addresses::vendors::BMC_NICS;
    let list =
        |ips: &[std::net::Ipv4Addr]| ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let table: String = BMC_NICS
        .iter()
        .map(|nic| format!("| {} | {} | {} | {} |\n", nic.vendor, list(nic.host), list(nic.bmc), nic.source))
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md");
    let text = fs::read_to_string(&path).unwrap();
    let head = "| vendor | host side | controller side | source |\n| --- | --- | --- | --- |\n";
    let (before, _) = text.split_once(head).unwrap();
    let wanted = format!("{before}{head}{table}");
    if std::env::var_os("KRBTRIAGE_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
        return;
    }
    assert_eq!(text.replace("\r\n", "\n"), wanted);
}

/// The view of an audit says: `krbtriage explain KIND`.
#[test]
fn every_kind_of_a_finding_can_be_explained() {
    let kinds = [
        "bmc-usb-nic",
        "virtual-switch",
        "cluster-or-nlb-address",
        "renamed-or-duplicate-host",
        "other",
        "name-leads-elsewhere",
        "duplicate-spn",
        "host-alias-collision",
        "same-name-two-domains",
    ];
    let bench = Bench::with(&[]);
    for kind in kinds {
        let run = bench.run(&["explain", kind]);
        assert_eq!((run.status, &*run.err), (0, ""), "{kind}");
        let text = run.out.split_once("\n\n").map_or("", |(_, text)| text.trim_start());
        assert!(text.starts_with(char::is_alphabetic) && text.contains("Fix:"), "{kind}: {}", run.out);
    }
    assert!(bench.run(&["explain"]).out.contains("name-leads-elsewhere"));
}

/// A shell makes several names of `exports/*.csv`.
#[test]
fn an_option_takes_several_files() {
    let bench = Bench::with(&[
        ("a.csv", "account,domain,spn\na$,alpha.test,HTTP/x\n"),
        ("b.csv", "account,domain,spn\nb$,alpha.test,HTTP/x\n"),
    ]);
    let run = bench.audit(&["--spns", "a.csv", "b.csv", "--format", "csv"]);
    assert_eq!(run.status, 0, "{}", run.err);
    assert!(run.out.contains("duplicate-spn,HTTP/x"), "{}", run.out);
}
