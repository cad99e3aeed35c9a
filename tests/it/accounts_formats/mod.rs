//! Reads every format of account lists from files on disk, by the library's [`load`].

mod incomplete;
mod ldif;
mod objects;
mod project_csv;
mod setspn;

use std::fs;
use std::path::PathBuf;

use krbtriage::inventory::accounts::{Account, AccountInventory, load};

use crate::support::data;

/// Loads one file with this content.
fn loaded(content: impl AsRef<[u8]>) -> AccountInventory {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    fs::write(&file, content).unwrap();
    load(&[file])
}

fn spns(account: &Account) -> Vec<&str> {
    account.spns.iter().collect()
}

fn problems(got: &AccountInventory) -> &[String] {
    &got.files[0].read_errors
}

#[test]
fn the_error_about_an_unknown_file_lists_the_known_formats() {
    let got = loaded("nothing of use\n");
    let problem = &got.files[0].read_errors[0];
    assert!(
        problem.contains("kind of the file is unknown") && problem.contains("setspn -Q */*"),
        "{problem}"
    );
    assert_eq!(got.files[0].kind, "");
    assert!(loaded("").files[0].read_errors[0].contains("is empty"));
    let missing = load(&[PathBuf::from("/no/such/file")]);
    assert!(missing.files[0].read_errors[0].contains("there is no such file; check"));
}

#[test]
fn a_folder_is_searched_and_other_files_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("b")).unwrap();
    fs::write(folder.path().join("b/2.txt"), "account,domain,spn\nb$,d,HOST/b\n").unwrap();
    fs::write(folder.path().join("a.csv"), "account,domain,spn\na$,d,HOST/a\n").unwrap();
    fs::write(folder.path().join("readme"), "hello\n").unwrap();
    let got = load(&[folder.path().to_owned()]);
    let names: Vec<&str> = got.accounts.iter().map(|a| &*a.name).collect();
    assert_eq!(names, ["a$", "b$"]);
    assert!(got.files.len() == 2 && got.files.iter().all(|file| file.read_errors.is_empty()));
    let empty = tempfile::tempdir().unwrap();
    assert!(load(&[empty.path().to_owned()]).files[0].read_errors[0].contains("holds no file"));
}

/// A column of the list has the time of its collection.
#[test]
fn the_column_collected_dates_the_accounts() {
    let collected = |content: &str| {
        let got = loaded(content);
        let times: Vec<String> = (got.accounts.iter())
            .map(|a| a.source.as_ref().unwrap().collected.map_or("-".into(), |time| time.to_string()))
            .collect();
        (got.files[0].kind, times, got.files[0].read_errors.clone())
    };
    let (kind, times, problems) = collected(
        "account,domain,spn,collected\n\
         a$,alpha.example.com,HOST/a,2026-10-06T23:30:00Z\n\
         a$,alpha.example.com,HOST/a.alpha.example.com,2026-10-07T23:30:00Z\n\
         b$,alpha.example.com,HOST/b,\n\
         c$,alpha.example.com,HOST/c,soon\n",
    );
    assert_eq!((kind, times), ("krbtriage CSV", vec!["2026-10-06T23:30:00Z".into(), "-".into(), "-".into()]));
    assert_eq!(
        problems,
        [
            "line 3: collected differs from an earlier row of \"a$\", which is kept",
            "line 5: collected \"soon\" is not a valid time; write it as 2026-11-23T22:57:50Z"
        ]
    );
    let dn = "CN=a,CN=Computers,DC=alpha,DC=example,DC=com";
    let json = format!(
        r#"[{{"sAMAccountName":"a$","DistinguishedName":"{dn}","servicePrincipalName":["HOST/a"],"collected":"2026-10-06T23:30:00Z"}}]"#
    );
    let csv = format!(
        "sAMAccountName,DistinguishedName,servicePrincipalName,collected\r\na$,\"{dn}\",HOST/a,2026-10-06T23:30:00Z\r\n"
    );
    for (kind, content) in [("Get-AD JSON", json), ("Get-AD CSV", csv)] {
        assert_eq!(collected(&content), (kind, vec!["2026-10-06T23:30:00Z".into()], Vec::new()));
    }
}
