//! However a file is cut into blocks, it says the same: accounts, problems, their order, and what is complete.

use std::fs::File;
use std::sync::Arc;

use proptest::prelude::*;

use super::blocks::BLOCK;
use super::collect::Collector;
use super::completeness::Completeness;
use super::{Account, FORMATS, Format, csvde, get_ad_csv, get_ad_json, ldif, setspn, sharphound, table};
use crate::inventory::stream::TextStream;

/// Accounts, problems, the numbers of the summary, what absence means, and complete domains.
type Said = (Vec<Account>, Vec<String>, (u64, u64), Completeness, Vec<Arc<str>>);

fn read(format: &Format, bytes: &[u8], block: usize) -> Said {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let mut text = TextStream::new(File::open(file.path()).unwrap()).unwrap();
    let mut to = Collector::new("export".into());
    if let Err(error) = (format.read)(&mut text, block, &mut to) {
        to.lost(0, error.to_string());
    }
    let completeness = to.completeness.clone();
    let (accounts, file, complete) = to.finish("");
    (accounts, file.problems, (file.rows, file.hosts), completeness, complete)
}

/// As [`read`] in one block, after looking whether any other size gives another result.
fn the_same_in_blocks(format: &Format, bytes: &[u8], sizes: &[usize]) -> Said {
    let whole = read(format, bytes, BLOCK);
    for size in sizes {
        assert_eq!(read(format, bytes, *size), whole, "{} in blocks of {size}", format.name);
    }
    whole
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// One account with two SPNs as each format has it, all that stands before the first, and behind the last.
fn shapes() -> [(&'static Format, &'static str, fn(usize) -> String, &'static str); 7] {
    [
        (
            &table::FORMAT,
            "#TYPE x\r\naccount,domain,spn,dns_host_name,password_last_set\r\n",
            |i| {
                // Every tenth account comes again later, with another host.
                let (name, host) = (i % 900, i / 900);
                format!(
                    "srv{name}$,x.y,HTTP/ü{i},h{host},2026-11-23T22:57:50Z\r\n\"SRV{name}$\",x.y,\"HOST/a\nb{i}\",h{host},\r\nsrv{name}$,X.Y,HOST/{i},h{host},never\r\n"
                )
            },
            "",
        ),
        (
            &csvde::FORMAT,
            "DN,sAMAccountName,servicePrincipalName,pwdLastSet\n",
            |i| {
                format!(
                    "\"CN=ü{i},DC=x,DC=y\",s{i}$,HTTP/ü{i};HOST/{i},134399482698105880\n\"CN=z\",,\"HOST/\nz\",\n"
                )
            },
            "x,\"never closed\n",
        ),
        (
            &get_ad_csv::FORMAT,
            "\"DistinguishedName\",\"servicePrincipalName\",\"sAMAccountName\",\"whenChanged\"\r\n",
            |i| {
                format!(
                    "\"CN=ü{i},DC=x,DC=y\",\"HTTP/ü{i};HOST/{i}\",\"s{i}$\",\"\"\r\n\"\",\"HOST/{i}\",\"\",\"today\"\r\n"
                )
            },
            "",
        ),
        (
            &setspn::FORMAT,
            "Checking domain DC=x,DC=y\r\n",
            |i| format!("CN=ü{i},DC=x,DC=y\r\n\tHTTP/ü{i}\r\n\tHOST/{i}\r\n\r\n\tHOST/no spn\r\n\tnone\r\n"),
            "\r\nExisting SPN found!\r\n",
        ),
        (
            &ldif::FORMAT,
            "# filter: (servicePrincipalName=*)\n\n",
            |i| {
                let change = if i % 700 == 1 { "changetype: modify\n" } else { "" };
                let range = if i % 700 == 2 { ";range=0-1499" } else { "" };
                format!(
                    "dn: CN=ü{i},DC=x,\n DC=y\n{change}pwdLastSet: y\nservicePrincipalName{range}: HTTP/ü{i}\nservicePrincipalName: HOST/{i}\n\n"
                )
            },
            "# numEntries: 2000\n",
        ),
        (
            &get_ad_json::FORMAT,
            "{\"value\": [",
            |i| {
                format!(
                    "{}{{\"DistinguishedName\": \"CN=ü{i},DC=x,DC=y\",\r\n\"servicePrincipalName\": [\"HTTP/ü{i}\", \"HOST/}}{i}\"], \"pwdLastSet\": \"today\"}}\r\n",
                    if i > 0 { "," } else { "" }
                )
            },
            "], \"Count\": 2000",
        ),
        (
            &sharphound::FORMAT,
            "{\"data\": [",
            |i| {
                format!(
                    "{}{{\"Properties\": {{\"distinguishedname\": \"CN=ü{i},DC=x,DC=y\", \"serviceprincipalnames\": [\"HTTP/ü{i}\", \"HOST/{{{i}\"]}}}}\n{{}}",
                    if i > 0 { "," } else { "" }
                )
            },
            "], \"meta\": {}}",
        ),
    ]
}

#[test]
fn a_file_of_many_blocks_says_what_it_says_in_one() {
    assert_eq!(shapes().len(), FORMATS.len());
    for (format, head, account, tail) in shapes() {
        let text = (0..2000).map(account).fold(head.to_owned(), |text, account| text + &account) + tail;
        let said = the_same_in_blocks(format, text.as_bytes(), &[1000, 7919, 65_536]);
        assert!(said.2.0 >= 2000, "{}: {:?}", format.name, said.2);
        assert_eq!(said.1.is_empty(), format.name == "SharpHound", "{}: {:?}", format.name, said.1);
        assert_eq!(read(format, &utf16(&text), 50_000), said, "{} in UTF-16", format.name);
    }
}

/// Longer than what is read at once to recognise a file, so that blocks end in the middle of reads and characters.
#[test]
fn a_file_of_many_reads_says_what_it_says_in_one() {
    for (format, head, account, tail) in shapes() {
        let text = (0..9000).map(account).fold(head.to_owned(), |text, account| text + &account) + tail;
        let said = the_same_in_blocks(format, text.as_bytes(), &[100_003]);
        assert_eq!(read(format, &utf16(&text), 300_001), said, "{} in UTF-16", format.name);
    }
}

/// A line that is too long costs itself, wherever the block ends.
#[test]
fn lines_without_end_cost_themselves_in_any_block() {
    let long = "x".repeat((1 << 20) + 9);
    let table = [
        (&table::FORMAT, format!("account,domain,spn\na$,x,HOST/a\nb$,x,HOST/{long}\nc$,x,HOST/c\n{long}\n")),
        (
            &setspn::FORMAT,
            format!("CN=a,DC=x\n\tHOST/a\n\tHOST/{long}\nCN={long}\n\tHOST/b\nCN=c,DC=x\n\tHOST/c\n"),
        ),
        (
            &ldif::FORMAT,
            format!(
                "dn: CN=a,DC=x\nservicePrincipalName: HOST/a\nservicePrincipalName: HOST/{long}\ndescription: {long}\n{long}\n\ndn: CN=c,DC=x\nservicePrincipalName: HOST/c\ndn: CN={long}\nservicePrincipalName: HOST/d\n"
            ),
        ),
    ];
    for (format, text) in table {
        let said = the_same_in_blocks(format, text.as_bytes(), &[10, 500_000, 2 << 20]);
        assert_eq!(said.1.len(), 2, "{}: {:?}", format.name, said.1);
        let spns = said.0.iter().flat_map(|account| account.spns.iter());
        assert!(spns.clone().any(|spn| spn == "HOST/c"), "{}: {:?}", format.name, spns.collect::<Vec<_>>());
        assert!(!said.0.iter().any(|account| account.spns.iter().any(|spn| spn == "HOST/d")));
    }
}

fn soup(lines: &'static [&'static str], ends: &'static [&'static str]) -> impl Strategy<Value = String> {
    let line = (proptest::sample::select(lines), proptest::sample::select(ends));
    (proptest::collection::vec(line, 0..40), any::<bool>()).prop_map(|(lines, ended)| {
        let text: String = lines.into_iter().map(|(line, end)| format!("{line}{end}")).collect();
        if ended { text } else { text.trim_end_matches(['\r', '\n']).to_owned() }
    })
}

const SIZES: &[usize] = &[1, 20, 70, 300];
const ENDS: &[&str] = &["\n", "\r\n", "\r\r\n"];

proptest! {
    #[test]
    fn any_listing_of_setspn(text in soup(
        &[
            "CN=a,DC=x,DC=y", "ou=b,dc=x,dc=y", "CN=krbtgt,CN=Users,DC=x", "\tHOST/a", "  HTTP/b.c:80", "\tkadmin/changepw",
            "\tE3514235-4B06-11D1-AB04-00C04FC2DCD2/x/y", "Registered ServicePrincipalNames for CN=c,DC=x:",
            "HOST/x is registered on these accounts:", "\tCN=c,DC=x", "Checking domain DC=x,DC=y", "Existing SPN found!",
            "Unregistering ServicePrincipalNames for CN=a,DC=x", "", "CN=", "CN=a", "\tnone", "Processing entry 1",
        ],
        &["\n", "\r\n", "\r\n", "\r", "\r\r"],
    )) {
        the_same_in_blocks(&setspn::FORMAT, text.as_bytes(), SIZES);
    }

    #[test]
    fn any_ldif(text in soup(
        &[
            "dn: CN=a,DC=x,DC=y", "dn: CN=krbtgt,DC=x", "DN: CN=c,DC=x", "dn:: !", "dn:: Q049eCxEQz15", "dn: nothing", "", "",
            " folded", " DC=z", "servicePrincipalName: HOST/a", "servicePrincipalName:: SE9TVC9i",
            "servicePrincipalName;range=0-1499: HOST/r", "servicePrincipalName: kadmin/changepw", "servicePrincipalName: no",
            "servicePrincipalName: E3514235-4B06-11D1-AB04-00C04FC2DCD2/x/y", "changetype: modify", "changetype: add", "-",
            "result: 4 Size limit exceeded", "result: 0 Success", "# numEntries: 2", "# 3 entries", "# some entries",
            "sAMAccountName: a$", "userAccountControl: x", "pwdLastSet: y", "description: z", "# requesting: ALL",
            "# base <DC=x,DC=y> with scope subtree", "# filter: (servicePrincipalName=*)", "# filter: (cn=a)", "x:< file:///y",
        ],
        ENDS,
    )) {
        the_same_in_blocks(&ldif::FORMAT, text.as_bytes(), SIZES);
    }

    #[test]
    fn any_project_csv(rows in soup(
        &[
            "a$,x,HOST/a,h,2026-11-23T22:57:50Z", "A$,X,HOST/b,H,2026-11-23T22:57:51Z", "a$,x,HOST/c,h2,", "ä$,x,HTTP/d,,",
            "Ä$,X,HTTP/e,h,0", "\"a$\",\"x\",\"HOST/f,g\",\"\",\"\"", "b$,x,\"HOST/g\"\"\",\"\",\"\"", "a$,\"x", "y\",HOST/z", "\"", "\"\"",
            "\"\"\"", "a\"b,x,HOST/h", "a$,x,\"HOST/i", "\",\"", "", ";;", "b$,x,nospn", ",x,HOST/j", "b$,x,HOST/k,,notime",
            "krbtgt,x,kadmin/changepw", "d$,x,e3514235-4b06-11d1-ab04-00c04fc2dcd2/y", "x\\c$,,HOST/l", "c$,x,", "é\",\"x\"y,\"",
        ],
        ENDS,
    )) {
        let text = format!("account,domain,spn,dns_host_name,password_last_set\n{rows}");
        the_same_in_blocks(&table::FORMAT, text.as_bytes(), SIZES);
    }

    #[test]
    fn any_csvde(rows in soup(
        &[
            "\"CN=a,DC=x,DC=y\",a$,HOST/a;HTTP/b", "\"CN=krbtgt,DC=x,DC=y\",krbtgt,kadmin/changepw", "\"CN=b,DC=x\",b$,\"HOST/b",
            "b\"", "\"", "\"\"", "X'41',c$,HOST/c", "CN=d,d$,\"", ",,HOST/e", "", "a\",\"b\",\"c", ",\"\"", "a,b,\"\"",
        ],
        ENDS,
    )) {
        let text = format!("DN,sAMAccountName,servicePrincipalName\n{rows}");
        the_same_in_blocks(&csvde::FORMAT, text.as_bytes(), SIZES);
        let text = format!("DistinguishedName,sAMAccountName,servicePrincipalName\n{rows}\"CN=f,DC=x\",f$,System.String[]\n{rows}");
        the_same_in_blocks(&get_ad_csv::FORMAT, text.as_bytes(), SIZES);
    }

    #[test]
    fn any_json(parts in soup(
        &[
            "{\"DistinguishedName\":\"CN=a,DC=x\",\"sAMAccountName\":\"a$\",\"servicePrincipalName\":[\"HOST/a\"]}", "{}", "{bad}",
            "{\"servicePrincipalName\":\"System.Object[]\"}", "{\"Properties\":{\"samaccountname\":\"b$\",\"pwdlastset\":3}}",
            "{\"sAMAccountName\":\"c}\\\"$\",\"a\":[[{\"b\":\"\\\\\"}]]}", "[", "]", "{\"a\":", "\"{\"", "}", ",", "ü",
        ],
        &["", "\n", "\r\n", " "],
    )) {
        for head in ["[", "{\"data\":[", ""] {
            let text = format!("{head}{parts}");
            the_same_in_blocks(&get_ad_json::FORMAT, text.as_bytes(), SIZES);
            the_same_in_blocks(&sharphound::FORMAT, text.as_bytes(), SIZES);
        }
    }
}
