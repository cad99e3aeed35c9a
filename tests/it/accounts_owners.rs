//! Owners of an SPN over files, domains and spellings.

use std::fs;
use std::path::Path;

use krbtriage::inventory::accounts::*;
use krbtriage::inventory::directory::{Directory, Owners};
use krbtriage::names::{HostName, Spn};
use proptest::prelude::*;

/// Loads files with these contents, in this order.
fn loaded(contents: &[&str]) -> AccountInventory {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = contents
        .iter()
        .enumerate()
        .map(|(i, content)| {
            let file = folder.path().join(format!("{i}"));
            fs::write(&file, content).unwrap();
            file
        })
        .collect();
    let got = load(&files);
    for file in &got.files {
        assert_eq!(file.read_errors, Vec::<String>::new(), "{}", file.path);
    }
    got
}

fn index(inventory: &AccountInventory) -> SpnIndex<'_> {
    SpnIndex::new(inventory, &HostAliases::default())
}

fn spn(text: &str) -> Spn {
    Spn::parse(text).unwrap()
}

/// `name@domain` of each account.
fn shown(index: &SpnIndex<'_>, ids: &[AccountId]) -> Vec<String> {
    ids.iter().map(|id| format!("{}@{}", index.name(*id), index.domain(*id).unwrap_or_default())).collect()
}

fn csv(rows: &[(&str, &str, &str)]) -> String {
    let rows: Vec<String> = rows.iter().map(|(a, d, s)| format!("{a},{d},{s}\n")).collect();
    format!("account,domain,spn\n{}", rows.concat())
}

#[test]
fn owners_are_found_without_case_dot_and_realm_over_files_and_domains() {
    let got = loaded(&[
        &csv(&[("svc_sql", "alpha.example.com", "MSSQLSvc/SRV3.alpha.example.com:1433")]),
        &csv(&[
            ("svc_old", "beta.example.com", "mssqlsvc/srv3.ALPHA.example.com.:1433"),
            ("fela", "corp.local", "HTTP/fela@corp.local"),
        ]),
    ]);
    let index = index(&got);
    let found = index.owners(&spn("MSSQLSVC/srv3.alpha.example.com:1433@BETA.EXAMPLE.COM"));
    assert_eq!(shown(&index, found), ["svc_sql@alpha.example.com", "svc_old@beta.example.com"]);
    assert!(index.owners(&spn("MSSQLSvc/srv3.alpha.example.com")).is_empty(), "the port is part of it");
    // An SPN with a realm in the directory is another one than the SPN without.
    assert!(index.owners(&spn("HTTP/fela")).is_empty());
    assert_eq!(shown(&index, index.owners(&spn("HTTP/FELA@Corp.Local"))), ["fela@corp.local"]);
}

fn directory(inventory: &AccountInventory) -> Directory<'_> {
    Directory::new(inventory, &HostAliases::default())
}

/// Names of the accounts.
fn names(owners: &Owners<'_>) -> Vec<String> {
    owners.accounts.iter().map(|account| account.name.to_string()).collect()
}

#[test]
fn a_host_spn_covers_the_classes_that_it_is_an_alias_of() {
    let got = loaded(&[&csv(&[
        ("srv5$", "alpha.example.com", "HOST/srv5.alpha.example.com"),
        ("svc_app", "alpha.example.com", "HTTP/srv5.alpha.example.com"),
    ])]);
    let default = directory(&got);
    // The KDC finds the explicit SPN first, so it shadows the HOST SPN of the computer.
    let http = spn("http/srv5.alpha.example.com");
    assert_eq!(names(&default.registered(&http)), ["svc_app"]);
    assert_eq!(names(&default.registered_as_host(&http)), ["srv5$"]);
    let cifs = spn("cifs/srv5.alpha.example.com");
    assert!(default.registered(&cifs).accounts.is_empty());
    assert_eq!(names(&default.registered_as_host(&cifs)), ["srv5$"]);
    for nobody in ["WSMAN/srv5.alpha.example.com", "cifs/srv5", "cifs/srv5.alpha.example.com:445"] {
        assert!(default.registered_as_host(&spn(nobody)).accounts.is_empty(), "{nobody}");
    }
    let own = Directory::new(&got, &HostAliases::parse("host=wsman").unwrap());
    assert_eq!(names(&own.registered_as_host(&spn("WSMAN/srv5.alpha.example.com"))), ["srv5$"]);
    assert!(own.registered_as_host(&cifs).accounts.is_empty());
}

#[test]
fn one_account_in_three_files_is_one_owner_and_what_differs_is_disputed() {
    let ldif = "dn: CN=srv1,CN=Computers,DC=alpha,DC=example,DC=com\nsAMAccountName: srv1$\n\
                dNSHostName: srv1.alpha.example.com\npwdLastSet: 134399482698105880\n\
                userAccountControl: 4096\nservicePrincipalName: HOST/srv1\nservicePrincipalName: HTTP/new\n";
    let setspn = "CN=SRV1,CN=Computers,DC=alpha,DC=example,DC=com\n\tHOST/srv1\n\tHTTP/old\n";
    let csv = "account,domain,spn,dns_host_name,password_last_set\n\
               SRV1$,ALPHA,HOST/srv1,srv1.alpha.test,2026-01-01\n";
    let got = loaded(&[ldif, setspn, csv]);
    let (index, directory) = (index(&got), directory(&got));
    assert_eq!(index.len(), 1);
    let id = index.owners(&spn("host/srv1"))[0];
    assert_eq!((&*index.name(id), index.records(id).count()), ("srv1$", 3));
    assert_eq!(index.domain(id).as_deref(), Some("alpha.example.com"));
    let host = directory.registered(&spn("host/srv1"));
    assert_eq!((names(&host), host.disputed), (vec!["srv1$".to_owned()], None));
    for (one_file_lacks, location) in [("http/new", "0:1"), ("http/old", "1:1")] {
        let (name, listed_at) = directory.registered(&spn(one_file_lacks)).disputed.unwrap();
        assert_eq!(&*name, "srv1$");
        assert!(listed_at.ends_with(location), "{listed_at}");
    }
}

const WHOLE_ALPHA: &str = "Checking domain DC=alpha,DC=com\nCN=dc,DC=alpha,DC=com\n\
    \tE3514235-4B06-11D1-AB04-00C04FC2DCD2/x/alpha.com\nCN=krbtgt,DC=alpha,DC=com\n\tkadmin/changepw\n\
    CN=new,DC=alpha,DC=com\n\tHTTP/x\n\nExisting SPN found!\n";

#[test]
fn a_complete_export_disputes_an_owner_that_it_lacks() {
    let old = csv(&[("old", "alpha.com", "HTTP/x"), ("other", "beta.com", "HTTP/x")]);
    let got = loaded(&[WHOLE_ALPHA, &old]);
    let index = index(&got);
    assert!(index.is_complete("ALPHA.com") && index.is_complete("alpha") && !index.is_complete("beta.com"));
    let http = spn("HTTP/x");
    let disputed: Vec<(String, bool)> = index
        .owners(&http)
        .iter()
        .map(|id| (index.name(*id).to_string(), index.is_disputed(&http, *id)))
        .collect();
    assert_eq!(disputed, [("new".into(), false), ("old".into(), true), ("other".into(), false)]);
}

#[test]
fn a_list_of_duplicates_disputes_nothing() {
    let x = "HTTP/x is registered on these accounts:\n\tCN=new,DC=alpha,DC=com\n\tCN=old,DC=alpha,DC=com\n";
    let l = "Registered ServicePrincipalNames for CN=new,DC=alpha,DC=com:\n\tHTTP/x\n\tHTTP/y\n";
    let got = loaded(&[x, l]);
    let index = index(&got);
    let new = index.owners(&spn("HTTP/y"))[0];
    assert!(!index.is_disputed(&spn("HTTP/y"), new) && !index.is_disputed(&spn("HTTP/x"), new));
}

#[test]
fn accounts_are_found_by_name_and_domain() {
    let got = loaded(&[
        &csv(&[
            ("srv1$", "alpha.example.com", "HOST/a"),
            ("SRV1$", "beta.example.com", "HOST/b"),
            ("srv1", "alpha.example.com", "HTTP/c"),
            ("svc_web", "", "HTTP/d"),
        ]),
        "CN=srv-long-hostname,CN=Computers,DC=beta,DC=example,DC=com\n\tHOST/srv-long-hostname\n",
    ]);
    let index = index(&got);
    let named = |name, domain| shown(&index, &index.named(name, domain));
    assert_eq!(named("SRV1$", None), ["srv1$@alpha.example.com", "SRV1$@beta.example.com"]);
    assert_eq!(named("srv1$", Some("BETA.EXAMPLE.COM.")), ["SRV1$@beta.example.com"]);
    assert_eq!(named("srv1$", Some("BETA")), ["SRV1$@beta.example.com"]);
    assert_eq!(named("srv1", Some("alpha.example.com")), ["srv1@alpha.example.com"]);
    assert_eq!(named("srv1", Some("beta.example.com")), ["SRV1$@beta.example.com"], "with or without $");
    assert_eq!(named("svc_web", Some("anything.example")), ["svc_web@"], "its domain is unknown");
    assert_eq!(named("SRV-LONG-HOSTNA$", None), ["srv-long-hostname@beta.example.com"]);
    assert!(named("nobody", None).is_empty());
}

#[test]
fn computers_are_found_by_their_names() {
    let got = loaded(&[
        "account,domain,spn,dns_host_name\nsrv1$,alpha.example.com,HOST/srv1,\n\
         srv2$,alpha.example.com,HOST/srv2,srv2.disjoint.test\nsrv2$,beta.example.com,HOST/srv2,\n\
         SRV-LONG-HOSTNA$,beta.example.com,HOST/srv-long-hostname,\nsvc_app,alpha.example.com,HTTP/srv1,\n\
         app,alpha.example.com,HTTP/app,\n",
        "dn: CN=srv9,DC=alpha,DC=example,DC=com\nsAMAccountName: srv9$\nmsDS-AdditionalDnsHostName: portal.alpha.example.com\n",
    ]);
    let directory = directory(&got);
    let domains = |label: &str| {
        let mut domains = directory.computer_domains(label);
        domains.sort();
        domains
    };
    assert_eq!(domains("srv2"), ["alpha.example.com", "beta.example.com"]);
    assert_eq!(domains("SRV-LONG-HOSTNAME"), ["beta.example.com"]);
    for no_computer in ["srv3", "app", "svc_app"] {
        assert!(domains(no_computer).is_empty(), "{no_computer}");
    }
    assert!(
        directory.has_computer("srv1", "ALPHA.example.com")
            && !directory.has_computer("srv1", "beta.example.com")
    );
    let has_name =
        |label, domain, host| directory.computer_has_dns_name(label, domain, &HostName::parse(host).unwrap());
    assert!(has_name("srv2", "alpha.example.com", "SRV2.disjoint.test."));
    assert!(!has_name("srv2", "beta.example.com", "srv2.disjoint.test"));
    assert!(has_name("srv9", "alpha.example.com", "portal.alpha.example.com"));
}

fn findings(got: &AccountInventory) -> Vec<(DuplicateKind, String, Vec<String>, Vec<String>, bool)> {
    let index = index(got);
    index
        .duplicates()
        .into_iter()
        .map(|d| (d.kind, d.name, shown(&index, &d.accounts), shown(&index, &d.shadowed), d.certain))
        .collect()
}

#[test]
fn duplicates_that_setspn_x_misses_are_found() {
    let got = loaded(&[&csv(&[
        ("krbtgt", "a.test", "kadmin/changepw"),
        ("krbtgt", "b.test", "kadmin/changepw"),
        ("krbtgt_1234", "b.test", "kadmin/changepw"),
        ("one", "a.test", "HTTP/Same"),
        ("two", "b.test", "http/same"),
        ("srv1$", "a.test", "HOST/srv1"),
        ("srv1$", "b.test", "HOST/srv1.b.test"),
        ("svc", "a.test", "cifs/srv1"),
        ("srv2$", "a.test", "HOST/srv2"),
        ("srv2$", "a.test", "HTTP/srv2"),
    ])]);
    let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        findings(&got),
        [
            (
                DuplicateKind::Spn,
                "HTTP/Same".to_owned(),
                list(&["one@a.test", "two@b.test"]),
                list(&[]),
                true
            ),
            (
                DuplicateKind::HostAlias,
                "cifs/srv1".to_owned(),
                list(&["svc@a.test"]),
                list(&["srv1$@a.test"]),
                true
            ),
            (
                DuplicateKind::AccountName,
                "srv1$".to_owned(),
                list(&["srv1$@a.test", "srv1$@b.test"]),
                list(&[]),
                true
            ),
        ]
    );
}

#[test]
fn the_same_account_under_two_names_is_not_a_certain_duplicate() {
    let setspn = "CN=Web Service,OU=s,DC=a,DC=test\n\tHTTP/x\n";
    let got = loaded(&[setspn, &csv(&[("svc_web", "a.test", "HTTP/x")])]);
    let found = findings(&got);
    assert_eq!((found.len(), found[0].4), (1, false), "{found:?}");
}

#[test]
fn a_disputed_owner_makes_no_certain_duplicate() {
    let got = loaded(&[WHOLE_ALPHA, &csv(&[("old", "alpha.com", "HTTP/x")])]);
    let found = findings(&got);
    assert_eq!((found.len(), found[0].4), (1, false), "{found:?}");
}

#[test]
fn a_trust_account_is_not_a_namesake() {
    let entry = |domain: &str| {
        format!(
            "dn: CN=ROOT$,CN=Users,DC={domain},DC=test\nsAMAccountName: ROOT$\nuserAccountControl: 2080\n\n"
        )
    };
    assert!(findings(&loaded(&[&format!("{}{}", entry("a"), entry("b"))])).is_empty());
}

#[test]
fn the_samples_have_their_faults() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    // All formats have the same accounts, so none adds an account or disputes one.
    let got = load(&[folder.join("spns.csv"), folder.join("spn-inventories")]);
    let found = findings(&got);
    let names: Vec<(DuplicateKind, &str, bool)> = found.iter().map(|f| (f.0, &*f.1, f.4)).collect();
    assert_eq!(
        names,
        [
            // srv2 and srv7 of both domains have their short names.
            (DuplicateKind::Spn, "host/srv2", true),
            (DuplicateKind::Spn, "host/srv7", true),
            (DuplicateKind::Spn, "MSSQLSvc/srv3.alpha.example.com:1433", true),
            (DuplicateKind::Spn, "RestrictedKrbHost/srv2", true),
            (DuplicateKind::Spn, "RestrictedKrbHost/srv7", true),
            (DuplicateKind::Spn, "TERMSRV/srv2", true),
            (DuplicateKind::Spn, "TERMSRV/srv7", true),
            (DuplicateKind::HostAlias, "HTTP/srv5.alpha.example.com", true),
            (DuplicateKind::AccountName, "srv2$", true),
            (DuplicateKind::AccountName, "srv7$", true),
        ]
    );
    let index = index(&got);
    assert_eq!(index.len(), 21);
}

/// Names and domains of few letters, so that equal ones occur.
fn some_rows() -> impl Strategy<Value = Vec<(String, String, String)>> {
    proptest::collection::vec(
        ("[ab]{1,2}\\$?", "([xy]\\.test)?", "(HTTP|host|CIFS)/[aAb](\\.x\\.test)?\\.?(:80)?(@X\\.TEST)?"),
        1..40,
    )
}

proptest! {
    #[test]
    fn the_index_agrees_with_a_search_of_all_accounts(rows in some_rows(), asked in "(http|HOST|cifs)/[ab](\\.x\\.test)?(:80)?") {
        let rows: Vec<(&str, &str, &str)> = rows.iter().map(|(a, d, s)| (&**a, &**d, &**s)).collect();
        let got = loaded(&[&csv(&rows)]);
        let index = index(&got);
        let asked = spn(&asked);
        let mut want: Vec<String> = got
            .accounts
            .iter()
            .filter(|a| a.spns.iter().any(|s| {
                let s = spn(s);
                s.realm.is_none() && s.key() == asked.key()
            }))
            .map(|a| format!("{}@{}", a.name, a.domain))
            .collect();
        let mut found = shown(&index, index.owners(&asked));
        want.sort();
        found.sort();
        prop_assert_eq!(found, want);
        for found in index.duplicates() {
            prop_assert!(!found.accounts.is_empty() && found.accounts.len() + found.shadowed.len() > 1);
        }
    }
}
