//! Every format gives the same accounts: those of `samples/spn-inventories/`, and random ones.
//!
//! `KRBTRIAGE_BLESS=1 cargo test --test it accounts_samples::` makes the samples again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::account_files::*;
use jiff::{Timestamp, ToSpan};
use krbtriage::inventory::accounts::{Account, AccountInventory, load};
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// The accounts of `samples/spns.csv` with further attributes of a directory.
fn forest() -> Vec<Account> {
    let mut accounts = load(&[folder().join("spns.csv")]).accounts;
    accounts.push(Account {
        name: "krbtgt".into(),
        domain: "alpha.example.com".into(),
        spns: ["kadmin/changepw"].iter().collect(),
        password_last_set: Some("2023-02-20T14:00:00Z".parse().unwrap()),
        ..Account::default()
    });
    for account in &mut accounts {
        let name = account.name.trim_end_matches('$').to_owned();
        let (container, bits, types) = match &*account.name {
            "krbtgt" => ("CN=Users", 514, None),
            "DC-ALPHA$" => ("OU=Domain Controllers", 532_480, Some(28)),
            name if name.ends_with('$') => ("CN=Computers", 4096, Some(28)),
            _ => ("CN=Users", 512, None),
        };
        if &*account.name == "DC-ALPHA$" {
            let replication =
                "E3514235-4B06-11D1-AB04-00C04FC2DCD2/e7216f2e-317c-4a75-b2dd-dae8af2cee4a/alpha.example.com";
            account.spns = account.spns.iter().chain([replication]).collect();
        }
        account.distinguished_name = Some(dn_of(&name, container, &account.domain).into());
        account.user_account_control = Some(bits);
        account.supported_encryption_types = types;
        account.when_changed = account.password_last_set.map(|t| t + 1.minute());
    }
    accounts
}

/// The fields of an account that a format keeps.
#[derive(Debug, Clone, Copy)]
struct KeptFields {
    sam_account_name: bool,
    password_last_set: bool,
    dns_host_name: bool,
    /// whenChanged, userAccountControl, encryption types and additional host names.
    other_attributes: bool,
}

const ALL: KeptFields = KeptFields {
    sam_account_name: true,
    password_last_set: true,
    dns_host_name: true,
    other_attributes: true,
};
const CSV: KeptFields = KeptFields { other_attributes: false, ..ALL };
const DNS_ONLY: KeptFields = KeptFields {
    sam_account_name: false,
    password_last_set: false,
    dns_host_name: false,
    other_attributes: false,
};
const SHARPHOUND: KeptFields = KeptFields { dns_host_name: false, other_attributes: false, ..ALL };

type Row = (String, String, Vec<String>, Option<Timestamp>, Option<String>, String);

fn rows(accounts: &[Account], kept: KeptFields) -> BTreeSet<Row> {
    accounts
        .iter()
        .map(|a| {
            let lower = |s: &str| s.to_lowercase();
            let name = if kept.sam_account_name { &a.name } else { a.name.trim_end_matches('$') };
            let rest = (a.when_changed, a.user_account_control, a.supported_encryption_types);
            (
                lower(name),
                lower(&a.domain),
                a.spns.iter().map(ToString::to_string).collect(),
                a.password_last_set.filter(|_| kept.password_last_set),
                a.dns_host_name.as_deref().filter(|_| kept.dns_host_name).map(str::to_owned),
                if kept.other_attributes {
                    format!("{rest:?} {:?}", a.additional_dns_host_names)
                } else {
                    String::new()
                },
            )
        })
        .collect()
}

fn of_domain(accounts: &[Account], domain: &str) -> Vec<Account> {
    accounts.iter().filter(|a| &*a.domain == domain).cloned().collect()
}

/// Name, format, content, kept fields and accounts of each sample.
fn samples() -> Vec<(&'static str, &'static str, Vec<u8>, KeptFields, Vec<Account>)> {
    let all = forest();
    let alpha = of_domain(&all, "alpha.example.com");
    let sharphound_of =
        |computers: bool| all.iter().filter(|a| a.name.ends_with('$') == computers).cloned().collect();
    let q = setspn_q(
        "Checking forest DC=alpha,DC=example,DC=com\r\nOperation will be performed forestwide, it might take a while.",
        &all,
    );
    let search = ldapsearch("DC=alpha,DC=example,DC=com", &alpha);
    vec![
        ("setspn-F-Q.txt", "setspn", q.into_bytes(), DNS_ONLY, all.clone()),
        ("alpha.ldapsearch.ldif", "LDIF", search.into_bytes(), ALL, alpha),
        ("ldifde-u.ldf", "LDIF", utf16(&ldifde(&all)), ALL, all.clone()),
        ("ldbsearch.ldif", "LDIF", ldbsearch(&all).into_bytes(), ALL, all.clone()),
        ("csvde.csv", "csvde", csvde(&all).into_bytes(), ALL, all.clone()),
        ("get-adobject.csv", "Get-AD CSV", get_ad_csv(&all).into_bytes(), ALL, all.clone()),
        ("get-adobject-5.json", "Get-AD JSON", utf16(&get_ad_json_5(&all)), ALL, all.clone()),
        ("get-adobject-7.json", "Get-AD JSON", get_ad_json_7(&all).into_bytes(), ALL, all.clone()),
        (
            "20261006_computers.json",
            "SharpHound",
            sharphound("computers", &all).into_bytes(),
            SHARPHOUND,
            sharphound_of(true),
        ),
        (
            "20261006_users.json",
            "SharpHound",
            sharphound("users", &all).into_bytes(),
            SHARPHOUND,
            sharphound_of(false),
        ),
    ]
}

/// Name and content of listings that show a part of the accounts.
fn partial_samples() -> Vec<(&'static str, String)> {
    let all = forest();
    let named = |name: &str| all.iter().find(|a| &*a.name == name).unwrap();
    let spn = "MSSQLSvc/srv3.alpha.example.com:1433";
    vec![
        ("setspn-X.txt", setspn_x(&[(spn, vec![named("svc_sql"), named("svc_sql_old")])])),
        ("setspn-L-svc_web.txt", setspn_l(named("svc_web"))),
    ]
}

fn keep_or_compare(name: &str, content: &[u8]) {
    let path = folder().join("spn-inventories").join(name);
    if std::env::var_os("KRBTRIAGE_BLESS").is_some() {
        fs::write(&path, content).unwrap();
    }
    let kept = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(kept == content, "{name} differs from the file that the test makes");
}

#[test]
fn every_sample_gives_its_accounts() {
    for (name, kind, content, kept, accounts) in samples() {
        keep_or_compare(name, &content);
        let got = load(&[folder().join("spn-inventories").join(name)]);
        assert_eq!(got.files[0].kind, kind, "{name}");
        assert_eq!(got.files[0].read_errors, Vec::<String>::new(), "{name}");
        assert_eq!(rows(&got.accounts, kept), rows(&accounts, kept), "{name}");
        let spns: usize = accounts.iter().map(|a| a.spns.len()).sum();
        assert_eq!((got.files[0].rows, got.files[0].hosts), (spns as u64, accounts.len() as u64), "{name}");
        let complete: Vec<String> = got.complete_domains.iter().map(|d| d.to_lowercase()).collect();
        let whole = kind != "SharpHound";
        assert_eq!(complete == ["alpha.example.com"], whole, "{name}: {complete:?}");
    }
}

#[test]
fn partial_listings_prove_no_absence() {
    for (name, content) in partial_samples() {
        keep_or_compare(name, content.as_bytes());
    }
    let x = load(&[folder().join("spn-inventories/setspn-X.txt")]);
    let names: Vec<&str> = x.accounts.iter().map(|a| &*a.name).collect();
    assert_eq!(names, ["svc_sql", "svc_sql_old"]);
    for account in &x.accounts {
        assert_eq!(account.spns.iter().collect::<Vec<_>>(), ["MSSQLSvc/srv3.alpha.example.com:1433"]);
        assert!(account.spns_are_partial && account.name_is_cn);
    }
    let l = load(&[folder().join("spn-inventories/setspn-L-svc_web.txt")]);
    assert_eq!(l.accounts[0].spns.iter().collect::<Vec<_>>(), ["HTTP/portal.alpha.example.com"]);
    assert!(!l.accounts[0].spns_are_partial);
    for got in [x, l] {
        assert!(got.complete_domains.is_empty());
        assert_eq!(got.files[0].read_errors, Vec::<String>::new());
    }
}

#[test]
fn no_file_in_the_folder_is_left_out() {
    let known: BTreeSet<String> = samples()
        .into_iter()
        .map(|s| s.0.to_owned())
        .chain(partial_samples().into_iter().map(|s| s.0.to_owned()))
        .chain(["README.md".to_owned(), ".gitattributes".to_owned()])
        .collect();
    let found: BTreeSet<String> = fs::read_dir(folder().join("spn-inventories"))
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, known);
}

fn loaded(content: &[u8]) -> AccountInventory {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    fs::write(&file, content).unwrap();
    load(&[file])
}

/// Whole seconds between 1990 and 2100.
fn a_time() -> impl Strategy<Value = Timestamp> {
    (631_152_000i64..4_102_444_800).prop_map(|s| Timestamp::from_second(s).unwrap())
}

prop_compose! {
    fn an_account()(
        number in 0u32..1_000_000,
        // Characters of a sAMAccountName (MS-SAMR 3.1.1.6), and more in the CN.
        name in "[A-Za-zÄöß日_.-][A-Za-z0-9Äöß日 #'._-]{0,10}[A-Za-z0-9]",
        computer in any::<bool>(),
        domain in "(alpha|beta|Gamma)\\.example",
        container in "(CN=Users|OU=A\\\\, B|OU=Größe)",
        spns in proptest::collection::vec("[A-Za-z]{1,9}/[a-zA-Z0-9ä-]{1,60}(\\.[a-z]{2,9}){0,2}(:[0-9]{1,5})?", 1..5),
        password in proptest::option::of(a_time()),
        changed in proptest::option::of(a_time()),
        bits in any::<u16>(),
        types in proptest::option::of(1u32..32),
        host in proptest::option::of("[a-z]{1,9}\\.alpha\\.example"),
        more in proptest::collection::vec("[a-z]{1,9}\\.other\\.example", 0..3),
    ) -> Account {
        let cn = format!("{name}{number}");
        Account {
            name: if computer { format!("{cn}$") } else { cn.clone() }.into(),
            distinguished_name: Some(dn_of(&cn, &container, &domain).into()),
            domain: domain.into(),
            spns: spns.into_iter().collect(),
            password_last_set: password,
            when_changed: changed,
            user_account_control: Some(u32::from(bits)),
            supported_encryption_types: types,
            dns_host_name: host.map(Arc::from),
            additional_dns_host_names: more.into_iter().map(Arc::from).collect(),
            ..Account::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_accounts_read_the_same_from_every_format(accounts in proptest::collection::vec(an_account(), 1..8)) {
        let accounts: Vec<Account> = {
            let mut names = BTreeSet::new();
            accounts.into_iter().filter(|a| names.insert(a.name.to_lowercase())).collect()
        };
        let files: Vec<(&str, Vec<u8>, KeptFields)> = vec![
            ("csv", project_csv(&accounts).into_bytes(), CSV),
            ("setspn", setspn_q("Checking domain DC=alpha,DC=example", &accounts).into_bytes(), DNS_ONLY),
            ("setspn, UTF-16", utf16(&setspn_q("Domäne DC=alpha,DC=example wird geprüft", &accounts)), DNS_ONLY),
            ("ldapsearch", ldapsearch("DC=alpha,DC=example", &accounts).into_bytes(), ALL),
            ("ldifde", ldifde(&accounts).into_bytes(), ALL),
            ("ldifde -u", utf16(&ldifde(&accounts)), ALL),
            ("ldbsearch", ldbsearch(&accounts).into_bytes(), ALL),
            ("csvde", csvde(&accounts).into_bytes(), ALL),
            ("Get-AD CSV", get_ad_csv(&accounts).into_bytes(), ALL),
            ("Get-AD JSON 5", get_ad_json_5(&accounts).into_bytes(), ALL),
            ("Get-AD JSON 7", get_ad_json_7(&accounts).into_bytes(), ALL),
        ];
        for (name, content, kept) in files {
            let got = loaded(&content);
            prop_assert_eq!(&got.files[0].read_errors, &Vec::<String>::new(), "{}", name);
            prop_assert_eq!(rows(&got.accounts, kept), rows(&accounts, kept), "{}", name);
        }
        let both: Vec<Account> = ["computers", "users"]
            .iter()
            .flat_map(|kind| loaded(sharphound(kind, &accounts).as_bytes()).accounts)
            .collect();
        prop_assert_eq!(rows(&both, SHARPHOUND), rows(&accounts, SHARPHOUND));
    }

    #[test]
    fn no_content_stops_the_run(content in proptest::collection::vec(any::<u8>(), 0..600)) {
        let got = loaded(&content);
        prop_assert_eq!(got.files.len(), 1);
    }

    #[test]
    fn no_damage_stops_the_run(format in 0usize..10, at in 0.0f64..1.0, with in any::<[u8; 3]>(), cut in 0.0f64..1.5) {
        let samples = samples();
        let mut content = samples[format].2.clone();
        let position = |part: f64, len: usize| ((len as f64 * part) as usize).min(len);
        let from = position(at, content.len() - 3);
        content[from..from + 3].copy_from_slice(&with);
        content.truncate(position(cut, content.len()));
        let got = loaded(&content);
        prop_assert_eq!(got.files.len(), 1);
        let spns: usize = samples[format].4.iter().map(|a| a.spns.len()).sum();
        prop_assert!(got.files[0].rows <= spns as u64 + 2, "damage adds no SPNs");
    }
}
