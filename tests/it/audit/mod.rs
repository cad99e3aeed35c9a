//! `krbtriage audit` through the real binary.

mod findings;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::program::*;

/// A folder with these files.
fn sandbox_with(files: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in files {
        sandbox.write(name, text);
    }
    sandbox
}

fn audit(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.run(&[&["audit"], arguments].concat())
}

/// Two columns of the findings of a CSV report.
fn columns(csv: &str, first: &str, second: &str) -> Vec<(String, String)> {
    rows(csv).iter().map(|finding| (finding[first].clone(), finding[second].clone())).collect()
}

fn kinds(run: &Run) -> Vec<(String, String)> {
    columns(&run.stdout(), "what", "kind")
}

/// The finding of this address, name or SPN.
#[track_caller]
fn finding(run: &Run, what: &str) -> BTreeMap<String, String> {
    let mut found = rows(&run.stdout());
    found.retain(|finding| finding["what"] == what);
    assert_eq!(found.len(), 1, "{what}: {}{}", run.stdout(), run.stderr());
    found.remove(0)
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

/// Two hosts of the reference case, whose management cards have one address.
const IMM: &str = "host,address,interface,description,mac,prefix_length
srv1.alpha.example.com,192.0.2.1,Ethernet,Intel X722,00-00-5E-00-53-01,24
srv1.alpha.example.com,169.254.95.120,Ethernet 2,IBM USB Remote NDIS Network Device,36-40-B5-00-53-01,16
srv2.beta.example.com,203.0.113.2,Ethernet,Intel X722,00-00-5E-00-53-02,24
srv2.beta.example.com,169.254.95.120,Ethernet 3,IBM USB Remote NDIS Network Device #2,36-40-B5-00-53-02,16
";

#[test]
fn allowed_addresses_and_networks_are_skipped() {
    let text = "host,address\na.example.com,192.0.2.80\na.example.com,10.0.0.1\nb.example.com,192.0.2.80\nb.example.com,10.0.0.2\n\
        a.example.com,2001:db8::80\nb.example.com,2001:db8::80\na.example.com,198.51.100.9\nb.example.com,198.51.100.9\n";
    let sandbox = sandbox_with(&[
        ("a.csv", text),
        ("allow.txt", "# the web farm\r\n192.0.2.80   # NLB\r\n\r\n2001:db8::/64\r\n"),
        ("wrong.txt", "192.0.2.80\n192.0.2.300\n"),
    ]);
    let run = audit(&sandbox, &["-v", "-i", "a.csv", "--allow", "allow.txt"]);
    assert_eq!(kinds(&run), pairs(&[("198.51.100.9", "other")]));
    assert!(run.stderr().ends_with("\n1 finding, 2 allowed by --allow\n"), "{}", run.stderr());
    // The counts are not repeated on standard error where standard output shows them.
    let run = audit(&sandbox, &["-v", "-i", "a.csv", "--allow", "allow.txt", "--format", "text"]);
    assert!(run.stdout().starts_with("1 finding, 2 shared addresses allowed\n"), "{}", run.stdout());
    assert!(!run.stderr().contains("finding"), "{}", run.stderr());
    let run = audit(&sandbox, &["-i", "a.csv", "--allow", "wrong.txt"]);
    assert_eq!(run.code(), 4);
    assert!(
        run.stderr().contains("wrong.txt: line 2: \"192.0.2.300\" is not an address, a network or a problem"),
        "{}",
        run.stderr()
    );
    let run = audit(&sandbox, &["-i", "a.csv", "--allow", "nothing.txt"]);
    assert!(
        run.code() == 4 && run.stderr().contains("nothing.txt: there is no such file"),
        "{}",
        run.stderr()
    );
}

#[test]
fn each_status_since_an_earlier_audit_is_reported() {
    let switched_off =
        IMM.replace("srv2.beta.example.com,169.254.95.120", "srv2.beta.example.com,203.0.113.3");
    let sandbox = sandbox_with(&[("a.csv", IMM)]);
    let nightly = ["-i", "a.csv", "--baseline", "audit.csv", "-o", "audit.csv", "--fail-on", "new"];
    let night = |expected: i32| {
        let run = audit(&sandbox, &nightly);
        let why = "Exit status 1, because --fail-on new holds for 1:\n  169.254.95.120: bmc-usb-nic\n";
        let message = if expected == 1 { why } else { "" };
        assert_eq!((run.code(), run.stderr().as_str(), run.stdout().as_str()), (expected, message, ""));
        columns(&sandbox.text("audit.csv"), "what", "status")
    };
    let status = |status: &str| pairs(&[("169.254.95.120", status)]);
    assert_eq!(night(1), status("new"), "the file is not there yet");
    assert_eq!(night(0), status("ongoing"));
    sandbox.write("a.csv", &switched_off);
    assert_eq!(night(0), status("resolved"));
    assert_eq!(night(0), status("resolved"));
    // A firmware update enabled the adapter again.
    sandbox.write("a.csv", IMM);
    assert_eq!(night(1), status("reopened"));
    assert_eq!(night(0), status("ongoing"));
    // A list without the host does not resolve the finding.
    sandbox.write("a.csv", IMM.split_once("srv2").unwrap().0);
    assert_eq!(night(0), status("ongoing"));
    let text = sandbox.text("audit.csv");
    assert!(text.contains("a later audit had no addresses of srv2.beta.example.com"), "{text}");
    assert_eq!(night(0), status("ongoing"));
    assert_eq!(sandbox.text("audit.csv"), text, "reported once");
    sandbox.write("a.csv", &switched_off);
    assert_eq!(night(0), status("resolved"));
}

/// Bug 4 of the review: only `triage --baseline` read what a spreadsheet program saves.
#[test]
fn a_spreadsheet_program_may_have_saved_the_earlier_audit() {
    let sandbox = sandbox_with(&[("a.csv", IMM)]);
    assert_eq!(audit(&sandbox, &["-i", "a.csv", "-o", "audit.csv"]).code(), 0);
    let csv = sandbox.text("audit.csv");
    let mut semicolons = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    rows.records().for_each(|row| semicolons.write_record(&row.unwrap()).unwrap());
    let utf16: Vec<u8> = format!("\u{feff}{csv}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [("semicolons.csv", semicolons.into_inner().unwrap()), ("utf16.csv", utf16)] {
        std::fs::write(sandbox.path(name), bytes).unwrap();
        let run = audit(&sandbox, &["-i", "a.csv", "--baseline", name, "--fail-on", "new"]);
        assert_eq!(run.code(), 0, "{name}: {}", run.stderr());
    }
}

#[test]
fn a_file_that_is_not_an_audit_is_refused_as_baseline() {
    let sandbox = sandbox_with(&[("a.csv", IMM), ("other.csv", "a,b\n1,2\n")]);
    for (baseline, reason) in
        [("missing.csv", "there is no such file"), ("other.csv", "this is not an audit of krbtriage")]
    {
        let run = audit(&sandbox, &["-i", "a.csv", "--baseline", baseline, "-o", "out.csv"]);
        assert!(
            run.code() == 4 && run.stderr().contains(baseline) && run.stderr().contains(reason),
            "{}",
            run.stderr()
        );
        assert!(!sandbox.path("out.csv").exists());
    }
}

#[test]
fn fail_on_and_the_exit_status() {
    let sandbox = sandbox_with(&[
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
        assert_eq!(audit(&sandbox, arguments).code(), status, "{arguments:?}");
    }
    let run = audit(&sandbox, &["-i", "broken.csv"]);
    assert!(
        run.stderr().contains("broken.csv: line 3: \"192.0.2.\" is not a valid address; the row is skipped"),
        "{}",
        run.stderr()
    );
}

#[test]
fn each_files_kind_rows_and_hosts_are_shown() {
    let sandbox = sandbox_with(&[
        ("folder/a.csv", IMM),
        (
            "folder/srv5.txt",
            "Windows IP Configuration\n\n   Host Name . . . . : srv5\n\nEthernet adapter E:\n\n   IPv4 Address. . . : 192.0.2.5(Preferred)\n   Subnet Mask . . . : 255.255.255.0\n",
        ),
        ("folder/notes.txt", "buy milk\n"),
    ]);
    for command in ["audit -v -i folder", "inventory -v folder"] {
        let run = sandbox.run(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(run.code(), 3, "{}", run.stderr());
        for said in [
            "a.csv: krbtriage CSV, 4 rows, 2 hosts",
            "srv5.txt: ipconfig /all, 1 row, 1 host or account",
            "notes.txt: not an inventory of a known kind; give a CSV with the columns host and address, or one of: ",
            "ipconfig /all, ",
        ] {
            assert!(run.stderr().contains(said), "{command}: {}", run.stderr());
        }
    }
    let run = sandbox.run(&["audit", "-q", "-i", "folder"]);
    assert_eq!((run.code(), run.stderr().as_str()), (3, ""));
}

#[test]
fn an_export_that_lost_its_data_is_refused_with_the_command_that_keeps_it() {
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
        let run = audit(&sandbox_with(&[(name, text)]), &["-i", name]);
        assert!(
            run.code() == 3 && run.stderr().contains(&format!("{name}: the export lost its data")),
            "{}",
            run.stderr()
        );
        assert!(run.stderr().contains(command), "{}", run.stderr());
    }
    let lost = "Name,DistinguishedName,servicePrincipalName\nsrv1,\"CN=srv1,DC=a,DC=test\",Microsoft.ActiveDirectory.Management.ADPropertyValueCollection\n";
    let run = audit(&sandbox_with(&[("ad.csv", lost)]), &["-s", "ad.csv"]);
    assert!(run.code() == 3 && run.stderr().contains("export it again with: Get-AD"), "{}", run.stderr());
}

/// A bug: other files in the folder of the lists kept a later audit from calling a finding resolved.
#[test]
fn other_files_in_a_folder_of_inventories_do_not_matter() {
    let list = |spns: &str| format!("account,domain,spn\n{spns}");
    let twice = list("a,x.example,HTTP/w\nb,x.example,HTTP/w\n");
    let sandbox = sandbox_with(&[
        ("in/addresses.csv", "host,address\na.example.com,192.0.2.1\n"),
        ("in/spns.csv", &twice),
        ("in/System.evtx", "ElfFile\0"),
        ("in/report.csv", "incident_id,problem_id\n"),
    ]);
    let run = audit(&sandbox, &["-v", "-i", "in", "-s", "in", "-o", "before.csv"]);
    assert_eq!((run.code(), run.stderr().matches("inventory: ").count()), (0, 2), "{}", run.stderr());
    sandbox.write("in/spns.csv", list("a,x.example,HTTP/w\n"));
    let run = audit(&sandbox, &["-i", "in", "-s", "in", "--baseline", "before.csv"]);
    assert!(
        run.code() == 0 && run.stdout().contains(",resolved,duplicate-spn,"),
        "{}{}",
        run.stdout(),
        run.stderr()
    );
}

/// `KRBTRIAGE_BLESS=1 cargo test --test it audit::` renews the table.
#[test]
fn the_table_of_cards_in_the_document_is_that_of_the_program() {
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

/// The view of an audit refers to `krbtriage explain KIND`.
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
    let sandbox = sandbox_with(&[]);
    for kind in kinds {
        let run = sandbox.run(&["explain", kind]);
        assert_eq!((run.code(), run.stderr().as_str()), (0, ""), "{kind}");
        let stdout = run.stdout();
        let text = stdout.split_once("\n\n").map_or("", |(_, text)| text.trim_start());
        assert!(text.starts_with(char::is_alphabetic) && text.contains("Fix:"), "{kind}: {stdout}");
    }
    assert!(sandbox.run(&["explain"]).stdout().contains("name-leads-elsewhere"));
}

/// A shell expands `exports/*.csv` to several names.
#[test]
fn an_option_takes_several_files() {
    let sandbox = sandbox_with(&[
        ("a.csv", "account,domain,spn\na$,alpha.test,HTTP/x\n"),
        ("b.csv", "account,domain,spn\nb$,alpha.test,HTTP/x\n"),
    ]);
    let run = audit(&sandbox, &["--spns", "a.csv", "b.csv", "--format", "csv"]);
    assert_eq!(run.code(), 0, "{}", run.stderr());
    assert!(run.stdout().contains("duplicate-spn,HTTP/x"), "{}", run.stdout());
}
