//! Account inventories through the library's door, [`load`]: every format as files on disk.

use std::fs;
use std::path::PathBuf;

use krbtriage::inventory::accounts::{Account, AccountInventory, load};

/// Loads one file with this content.
fn loaded(content: impl AsRef<[u8]>) -> AccountInventory {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    fs::write(&file, content).unwrap();
    load(&[file])
}

fn spns(account: &Account) -> Vec<&str> {
    account.spns.iter().map(|spn| &**spn).collect()
}

mod project_csv {
    use super::*;

    #[test]
    fn rows_of_one_account_are_one_account() {
        let got = loaded(
            "account,domain,spn,dns_host_name,password_last_set\n\
             SRV2$,beta.example.com,HOST/srv2.beta.example.com,srv2.beta.example.com,2026-11-01\n\
             svc_web,alpha.example.com,HTTP/portal.alpha.example.com,,\n\
             srv2$,BETA.example.com,HOST/srv2,,2026-11-01T00:00:00Z\n",
        );
        assert_eq!(got.accounts.len(), 2);
        let srv2 = &got.accounts[0];
        assert_eq!((&*srv2.name, &*srv2.domain), ("SRV2$", "beta.example.com"));
        assert_eq!(spns(srv2), ["HOST/srv2.beta.example.com", "HOST/srv2"]);
        assert_eq!(srv2.dns_host_name.as_deref(), Some("srv2.beta.example.com"));
        assert_eq!(srv2.password_last_set, Some("2026-11-01T00:00:00Z".parse().unwrap()));
        let source = srv2.source.as_ref().unwrap().to_string();
        assert!(source.ends_with("export:2"), "{source}");
        let file = &got.files[0];
        assert_eq!((file.kind, file.rows, file.hosts), ("krbtriage CSV", 3, 2));
        assert_eq!(file.problems, Vec::<String>::new());
        assert!(got.complete_domains.is_empty(), "hand-written rows prove no absence");
    }

    #[test]
    fn any_order_case_delimiter_and_encoding() {
        let text = "SPN;Dns Host Name;ACCOUNT;Domain\r\nHOST/srv-ä;;srv-ä$;alpha\r\n";
        let utf16: Vec<u8> =
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let (ansi, _, _) = encoding_rs::WINDOWS_1252.encode(text);
        let tabs = text.replace(';', "\t");
        let want = loaded(text).accounts[0].spns.clone();
        assert_eq!(&*want[0], "HOST/srv-ä");
        for bytes in
            [utf16, ansi.into_owned(), tabs.into_bytes(), format!("\u{feff}sep=;\n{text}").into_bytes()]
        {
            let got = loaded(bytes);
            assert_eq!(got.accounts[0].spns, want);
            assert_eq!(&*got.accounts[0].name, "srv-ä$");
        }
    }

    #[test]
    fn bad_rows_are_named_and_skipped() {
        let got = loaded(
            "account,domain,spn,password_last_set,dns_host_name\n\
             ,alpha,HOST/x,,\n\
             a$,alpha,no spn,,\n\
             b$,alpha,HOST/b,yesterday,b.alpha\n\
             b$,alpha,HOST/b2,,other.alpha\n",
        );
        assert_eq!(got.accounts.len(), 1);
        assert_eq!(spns(&got.accounts[0]), ["HOST/b", "HOST/b2"]);
        let problems = &got.files[0].problems;
        let want = ["line 2: ", "line 3: \"no spn\"", "line 4: password_last_set", "line 5: dns_host_name"];
        assert_eq!(problems.len(), want.len(), "{problems:?}");
        for (problem, start) in problems.iter().zip(want) {
            assert!(problem.starts_with(start), "{problem}");
        }
    }
}

mod files_and_folders {
    use super::*;

    #[test]
    fn an_unknown_file_is_told_what_would_be_known() {
        let got = loaded("nothing of use\n");
        let problem = &got.files[0].problems[0];
        assert!(problem.contains("no known kind") && problem.contains("setspn -Q */*"), "{problem}");
        assert_eq!(got.files[0].kind, "");
        assert!(loaded("").files[0].problems[0].contains("is empty"));
        let missing = load(&[PathBuf::from("/no/such/file")]);
        assert!(missing.files[0].problems[0].contains("cannot be read"));
    }

    #[test]
    fn a_folder_is_searched_and_other_files_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/2.txt"), "account,domain,spn\nb$,d,HOST/b\n").unwrap();
        fs::write(folder.path().join("a.csv"), "account,domain,spn\na$,d,HOST/a\n").unwrap();
        fs::write(folder.path().join("readme"), "hello\n").unwrap();
        let got = load(&[folder.path().to_owned()]);
        let names: Vec<&str> = got.accounts.iter().map(|a| &*a.name).collect();
        assert_eq!(names, ["a$", "b$"]);
        assert!(got.files.iter().all(|file| file.problems.is_empty()));
        let empty = tempfile::tempdir().unwrap();
        assert!(load(&[empty.path().to_owned()]).files[0].problems[0].contains("holds no file"));
    }
}
