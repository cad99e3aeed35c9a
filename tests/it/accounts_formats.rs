//! Account inventories through the library's door, [`load`]: every format as files on disk.

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
        assert_eq!(file.read_errors, Vec::<String>::new());
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
        assert_eq!(want.iter().collect::<Vec<_>>(), ["HOST/srv-ä"]);
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
        let problems = &got.files[0].read_errors;
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
    fn a_folder_is_searched_and_other_files_passed_over() {
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
}

fn problems(got: &AccountInventory) -> &[String] {
    &got.files[0].read_errors
}

mod setspn {
    use super::*;

    #[test]
    fn two_domains_with_progress_and_crlf() {
        let got = loaded(
            "Checking domain DC=corp,DC=local\r\nCN=OMEGA,OU=Domain Controllers,DC=corp,DC=local\r\n\
             \tE3514235-4B06-11D1-AB04-00C04FC2DCD2/7c4e4bec-1a37-4379-955f-a0475cd78a5d/corp.local\r\n\
             \tldap/OMEGA/CORP\r\nCN=krbtgt,CN=Users,DC=corp,DC=local\r\n        kadmin/changepw\r\n\
             CN=fela,CN=Users,DC=corp,DC=local\r\n        HTTP/fela@corp.local\r\n\r\nExisting SPN found!\r\n\
             PS C:\\Users\\dark>\r\n",
        );
        assert_eq!(problems(&got), [""; 0]);
        let names: Vec<&str> = got.accounts.iter().map(|a| &*a.name).collect();
        assert_eq!(names, ["OMEGA", "krbtgt", "fela"]);
        assert_eq!(spns(&got.accounts[2]), ["HTTP/fela@corp.local"]);
        assert_eq!(got.complete_domains, ["corp.local".into()]);
        assert_eq!(got.accounts[1].source.as_ref().unwrap().line, 5);
    }

    #[test]
    fn a_listing_that_was_cut_or_shortened_proves_no_absence() {
        let full = "Checking domain DC=a,DC=b\nCN=dc,DC=a,DC=b\n\tE3514235-4B06-11D1-AB04-00C04FC2DCD2/x/a.b\n\
                    CN=krbtgt,DC=a,DC=b\n\tkadmin/changepw\n\nExisting SPN found!\n";
        assert_eq!(loaded(full).complete_domains.len(), 1);
        for (what, text) in [
            ("no closing line", full.replace("\nExisting SPN found!\n", "")),
            ("a pattern that misses krbtgt", full.replace("krbtgt", "svc")),
            ("words between accounts", full.replace("CN=krbtgt", "<SNIP>\nCN=krbtgt")),
            ("a line that is not an SPN", full.replace("kadmin/changepw", "kadmin/changepw\n\tgarbage")),
            ("-L", full.replace("CN=dc,DC=a,DC=b", "Registered ServicePrincipalNames for CN=dc,DC=a,DC=b:")),
        ] {
            let got = loaded(&text);
            assert!(got.complete_domains.is_empty(), "{what}");
            assert_eq!(got.accounts.len(), 2, "{what}");
        }
    }

    #[test]
    fn duplicates_in_german_with_progress_over_itself() {
        let mut text = String::from("Domäne DC=alpha,DC=com wird überprüft\r\n");
        for i in 0..200_000 {
            text.push_str(&format!("Eintrag {i} wird verarbeitet\r"));
        }
        text.push_str(
            "\r\nHOST/drucker ist für diese Konten registriert:\r\n        CN=PRN01,OU=Computers,DC=alpha,DC=com\r\n\
             \tCN=PRN02,OU=Büro,DC=alpha,DC=com\r\n\r\n1 Gruppe doppelter SPNs gefunden.\r\n",
        );
        let oem = oem_cp::encode_string_lossy(&text, &oem_cp::code_table::ENCODING_TABLE_CP850);
        for bytes in [text.clone().into_bytes(), oem] {
            let got = loaded(bytes);
            assert_eq!(problems(&got), [""; 0]);
            assert_eq!(got.accounts.len(), 2);
            assert_eq!(
                got.accounts[1].distinguished_name.as_deref(),
                Some("CN=PRN02,OU=Büro,DC=alpha,DC=com")
            );
            assert_eq!(spns(&got.accounts[1]), ["HOST/drucker"]);
            assert!(got.complete_domains.is_empty());
        }
    }

    #[test]
    fn no_duplicates_is_an_answer_and_no_problem() {
        let got = loaded(
            "Checking forest DC=contoso,DC=com\r\nOperation will be performed forestwide, it might take a while.\r\nProcessing entry 0\r\n\r\nfound 0 group of duplicate SPNs.\r\n",
        );
        assert_eq!((got.files[0].kind, got.files[0].rows), ("setspn", 0));
        assert_eq!(problems(&got), [""; 0]);
    }

    #[test]
    fn what_an_edit_tried_is_not_registered() {
        let got = loaded(
            "Unregistering ServicePrincipalNames for CN=web04,CN=Computers,DC=corp,DC=com\r\n\tHTTP/gone\r\nUpdated object\r\n\
             Registered ServicePrincipalNames for CN=web04,CN=Computers,DC=corp,DC=com:\r\n\tHTTP/there\r\n\
             Registering ServicePrincipalNames for CN=web05,CN=Computers,DC=corp,DC=com\r\n\tHTTP/there\r\n\
             Failed to assign SPN on account 'CN=web05,CN=Computers,DC=corp,DC=com', error 0x21c7/8647\r\n",
        );
        assert_eq!(problems(&got), [""; 0]);
        assert_eq!(got.accounts.len(), 1);
        assert_eq!(spns(&got.accounts[0]), ["HTTP/there"]);
    }
}

mod ldif {
    use super::*;

    /// A real export of a Samba domain.
    #[test]
    fn the_real_export() {
        let got = load(&[data::path("accounts/alpha.ldapsearch.ldif")]);
        assert_eq!(problems(&got), [""; 0]);
        assert_eq!((got.files[0].kind, got.files[0].hosts, got.files[0].rows), ("LDIF", 18, 81));
        assert_eq!(got.complete_domains, ["alpha.example.com".into()]);
        let named = |name: &str| got.accounts.iter().find(|a| &*a.name == name).unwrap();
        let dc = named("DC-ALPHA$");
        assert_eq!(dc.spns.len(), 16);
        assert!(spns(dc).contains(&"HOST/dc-alpha.alpha.example.com/dc-alpha.alpha.example.com"));
        assert!(spns(dc).contains(&"ldap/dc-alpha.alpha.example.com/ForestDnsZones.alpha.example.com"));
        assert_eq!(dc.dns_host_name.as_deref(), Some("dc-alpha.alpha.example.com"));
        assert_eq!((dc.user_account_control, dc.supported_encryption_types), (Some(532_480), Some(28)));
        assert_eq!(dc.when_changed, Some("2026-11-23T22:58:13Z".parse().unwrap()));
        assert_eq!(dc.source.as_ref().unwrap().line, 50);
        let web = named("svc_web");
        assert_eq!(web.password_last_set, Some("2026-11-23T22:57:49.810588Z".parse().unwrap()));
        assert_eq!(spns(web), ["HTTP/portal.alpha.example.com"]);
        assert_eq!(named("srv1$").password_last_set, None, "0 is never");
        assert_eq!(named("srv1$").user_account_control, Some(4098));
    }

    const HEAD: &str = "# extended LDIF\n# base <DC=a,DC=b> with scope subtree\n# filter: (servicePrincipalName=*)\n\
                        # requesting: ALL\n\ndn: CN=x,DC=a,DC=b\nsAMAccountName: x$\nservicePrincipalName: HOST/x\n";
    const TAIL: &str = "\nsearch: 2\nresult: 0 Success\n\n# numEntries: 1\n";

    #[test]
    fn the_comments_say_whether_it_is_whole() {
        let whole = format!("{HEAD}{TAIL}");
        assert_eq!(loaded(&whole).complete_domains, ["a.b".into()]);
        for (what, from, to) in [
            (
                "another filter",
                "(servicePrincipalName=*)",
                "(&(servicePrincipalName=*)(objectClass=computer))",
            ),
            ("a part of the domain", "<DC=a,DC=b>", "<OU=x,DC=a,DC=b>"),
            ("one level", "scope subtree", "scope oneLevel"),
            ("the SPNs not asked for", "requesting: ALL", "requesting: sAMAccountName"),
            ("the server's limit", "0 Success", "4 Size limit exceeded"),
            ("an entry missing", "numEntries: 1", "numEntries: 2"),
            ("the end missing", TAIL, ""),
            ("not an SPN", "HOST/x", "HOST"),
            ("a range", "servicePrincipalName: HOST/x", "servicePrincipalName;range=0-1499: HOST/x"),
        ] {
            let text = whole.replace(from, to);
            assert_ne!(text, whole, "{what}");
            assert!(loaded(&text).complete_domains.is_empty(), "{what}");
        }
        let last_range =
            whole.replace("servicePrincipalName: HOST/x", "servicePrincipalName;range=0-*: HOST/x");
        assert_eq!(loaded(&last_range).complete_domains.len(), 1);
        assert!(problems(&loaded(whole.replace("0 Success", "4 Size limit exceeded")))[0].contains("paging"));
    }

    #[test]
    fn folded_base64_and_unended() {
        // No blank line at the end; a comment folds too.
        let got = loaded(
            "version: 1\n\n# a comment that\n  goes on\ndn:: Q049R3LDvMOfZSxEQz1hLERDPW\n I=\n\
             sAMAccountName: Gr\n \u{fc}\u{df}e\nthumbnailPhoto:: AAAA\n AAAA\nservicePrincipalName: HOST/\n  x\n",
        );
        assert_eq!(problems(&got), [""; 0]);
        assert_eq!(got.accounts[0].distinguished_name.as_deref(), Some("CN=Grüße,DC=a,DC=b"));
        assert_eq!(&*got.accounts[0].name, "Grüße");
        assert_eq!(spns(&got.accounts[0]), ["HOST/ x"]);
    }

    #[test]
    fn what_is_no_account_is_passed_over() {
        let got = loaded(
            "dn: DC=a,DC=b\nobjectClass: domainDNS\n\n\
             dn: CN=Domain Admins,CN=Users,DC=a,DC=b\nsAMAccountName: Domain Admins\n\n\
             dn: CN=old\\0ADEL:7f1c,CN=Deleted Objects,DC=a,DC=b\nsAMAccountName: old$\nservicePrincipalName: HOST/old\n\n\
             dn: CN=gone,DC=a,DC=b\nisDeleted: TRUE\nservicePrincipalName: HOST/gone\n\n\
             dn: CN=kept,DC=a,DC=b\nuserAccountControl: 512\n",
        );
        assert_eq!(problems(&got), [""; 0]);
        let names: Vec<&str> = got.accounts.iter().map(|a| &*a.name).collect();
        assert_eq!(names, ["kept"]);
        assert!(got.accounts[0].name_is_cn);
    }

    #[test]
    fn bad_lines_cost_themselves() {
        let got = loaded(
            "dn: CN=a,DC=b\nservicePrincipalName:: !!\nservicePrincipalName:< file:///c:/x\nservicePrincipalName: HOST/a\n\n\
             dn: CN=m,DC=b\nchangetype: modify\nadd: servicePrincipalName\nservicePrincipalName: HOST/m\n-\n\n\
             dn: nothing\nservicePrincipalName: HOST/n\n",
        );
        assert_eq!(got.accounts.len(), 1);
        assert_eq!(spns(&got.accounts[0]), ["HOST/a"]);
        for (problem, start) in
            problems(&got).iter().zip(["line 2:", "line 3:", "line 7:", "line 12:", "line 12:"])
        {
            assert!(problem.starts_with(start), "{problem}");
        }
        assert_eq!(problems(&got).len(), 5);
    }
}

mod tables_and_json {
    use super::*;

    #[test]
    fn a_lost_list_is_refused_with_the_command_that_works() {
        let list = "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection";
        let csv = format!(
            "#TYPE Microsoft.ActiveDirectory.Management.ADComputer\n\"DistinguishedName\",\"SamAccountName\",\"servicePrincipalName\"\n\"CN=x,DC=a\",\"x$\",\"{list}\"\n"
        );
        let json = format!(
            "[{{\"DistinguishedName\":\"CN=x,DC=a\",\"SamAccountName\":\"x$\",\"servicePrincipalName\":\"{list}\"}}]"
        );
        for (text, command) in [(csv, "| Export-Csv"), (json, "| ConvertTo-Json")] {
            let got = loaded(&text);
            assert!(got.accounts.is_empty());
            let problem = &problems(&got)[0];
            assert!(problem.contains(list) && problem.contains(command), "{problem}");
        }
    }

    #[test]
    fn an_export_without_spns_says_how_to_get_them() {
        let table = [
            (
                "\"DistinguishedName\",\"DNSHostName\",\"SamAccountName\"\n\"CN=x,DC=a\",,\"x$\"\n",
                "Export-Csv",
            ),
            ("{\"DistinguishedName\":\"CN=x,DC=a\",\"SamAccountName\":\"x$\"}", "ConvertTo-Json"),
            ("DN,sAMAccountName\n\"CN=x,DC=a\",x$\n", "csvde -f"),
        ];
        for (text, command) in table {
            let got = loaded(text);
            assert_eq!(got.accounts.len(), 1, "{text}");
            assert!(problems(&got)[0].contains(command), "{:?}", problems(&got));
        }
    }

    #[test]
    fn lists_however_they_were_flattened() {
        for cell in ["A/x;B/y", "A/x,B/y", "A/x B/y", "A/x|B/y", "\"A/x\nB/y\"", "A/x; B/y;"] {
            let cell = if cell.starts_with('"') { cell.to_owned() } else { format!("\"{cell}\"") };
            let got = loaded(format!("SamAccountName,ServicePrincipalNames\nx$,{cell}\n"));
            assert_eq!(spns(&got.accounts[0]), ["A/x", "B/y"], "{cell}");
        }
        let dn = loaded("SamAccountName,ServicePrincipalNames\nx$,\"ldap/dc1/CN=a,DC=b\"\n");
        assert_eq!(spns(&dn.accounts[0]), ["ldap/dc1/CN=a,DC=b"]);
    }

    #[test]
    fn json_shapes() {
        let object = "{\"DistinguishedName\":\"CN=x,DC=a\",\"SamAccountName\":\"x$\",\"servicePrincipalName\":SPNS,\"PasswordLastSet\":\"\\/Date(1795474670000)\\/\",\"KerberosEncryptionType\":[28],\"Other\":{\"a\":[{}]}}";
        for (list, count) in [
            ("[\"A/x\",\"B/y\"]", 2),
            ("{\"value\":[\"A/x\",\"B/y\"],\"Count\":2}", 2),
            ("\"A/x B/y\"", 2),
            ("\"A/x\"", 1),
            ("null", 0),
            ("{}", 0),
        ] {
            let object = object.replace("SPNS", list);
            for text in [
                object.clone(),
                format!("[{object}]"),
                format!("{{ \"Count\": 1, \"value\" : [ {object} ] }}"),
                format!("{object}\r\n{{}}\r\n"),
            ] {
                let got = loaded(&text);
                assert_eq!(got.accounts.first().map_or(0, |a| a.spns.len()), count, "{text}");
                assert_eq!(got.accounts[0].password_last_set, Some("2026-11-23T22:57:50Z".parse().unwrap()));
                assert_eq!(got.accounts[0].supported_encryption_types, Some(28));
            }
        }
    }

    #[test]
    fn a_time_whose_day_and_month_are_unclear_is_named_and_left_out() {
        let got = loaded("SamAccountName,ServicePrincipalName,PasswordLastSet\nx$,A/x,03/04/2026 22:57:50\n");
        assert_eq!(got.accounts[0].password_last_set, None);
        assert!(problems(&got)[0].starts_with("line 2: the time \"03/04/2026"), "{:?}", problems(&got));
    }

    #[test]
    fn damaged_json_keeps_what_was_read() {
        let good = "{\"SamAccountName\":\"x$\",\"servicePrincipalName\":\"A/x\"}";
        let got = loaded(format!("[{good},\n{{\"SamAccountName\":}},\n{good},{{\"Sam"));
        assert_eq!(got.accounts.len(), 2);
        assert!(problems(&got)[0].starts_with("line 2: this is not JSON"), "{:?}", problems(&got));
        assert!(problems(&got)[1].contains("cut off"));
    }

    #[test]
    fn sharphounds_other_files_are_no_accounts() {
        let text = "{\"data\":[{\"Properties\":{\"samaccountname\":\"Domain Admins\",\"distinguishedname\":\"CN=x,DC=a\"}}],\"meta\":{\"type\":\"groups\"}}";
        let got = loaded(text);
        assert!(got.accounts.is_empty());
        assert!(problems(&got)[0].contains("no computers or users"), "{:?}", problems(&got));
    }

    #[test]
    fn hostile_names_reach_no_terminal() {
        let got = loaded("account,domain,spn\na$,d,\u{1b}[31mred\u{202e}\n");
        assert!(
            problems(&got)[0].is_ascii() && !problems(&got)[0].contains('\u{1b}'),
            "{:?}",
            problems(&got)
        );
    }
}

mod cut_off {
    use super::*;

    /// `HOST/srv1` of `HOST/srv10`: it would make a duplicate of two accounts that have none.
    #[test]
    fn what_may_go_on_behind_the_end_of_a_file_is_no_spn() {
        let files = [
            "Checking domain DC=a,DC=b\r\nCN=SRV10,DC=a,DC=b\r\n\tWSMAN/srv10\r\n\tHOST/srv1",
            "dn: CN=SRV10,DC=a,DC=b\nsAMAccountName: SRV10$\nservicePrincipalName: WSMAN/srv10\nservicePrincipalName: HOST/srv1",
            "dn: CN=SRV10,DC=a,DC=b\nsAMAccountName: SRV10$\nservicePrincipalName: WSMAN/srv10\nservicePrincipalName: HOST/\n srv1",
        ];
        for file in files {
            let got = loaded(file);
            assert_eq!(spns(&got.accounts[0]), ["WSMAN/srv10"], "{file}");
            assert!(problems(&got)[0].contains("the file ends within this line"), "{:?}", problems(&got));
            let whole = loaded(format!("{file}\n"));
            assert_eq!(spns(&whole.accounts[0]), ["WSMAN/srv10", "HOST/srv1"], "{file}");
            assert_eq!(problems(&whole), [""; 0]);
        }
        let group = "HOST/x is registered on these accounts:\n\tCN=A,DC=a,DC=b\n\tCN=B,DC=a,DC=bet";
        assert_eq!(loaded(group).accounts.len(), 1);
    }

    #[test]
    fn a_table_that_ends_within_a_row_takes_no_half_spn() {
        let csvde = "DN,sAMAccountName,servicePrincipalName,userAccountControl\r\n\"CN=SRV1,DC=a,DC=b\",SRV1$,HOST/srv1,4096\r\n\
                     \"CN=SRV10,DC=a,DC=b\",SRV10$,HOST/srv1";
        let own = "account,domain,spn,collected\nSRV1$,a.b,HOST/srv1,\nSRV10$,a.b,HOST/srv1";
        for (file, kind, cells) in [(csvde, "csvde", "0,4096\r\n"), (own, "krbtriage CSV", "0,\n")] {
            let got = loaded(file);
            assert_eq!((got.accounts.len(), got.files[0].kind), (1, kind));
            assert_eq!(problems(&got).len(), 1);
            assert!(
                problems(&got)[0].starts_with("line 3: the file ends within this line"),
                "{:?}",
                problems(&got)
            );
            let whole = loaded(format!("{file}{cells}"));
            assert_eq!((spns(&whole.accounts[1]), problems(&whole)), (vec!["HOST/srv10"], &[][..]));
            // All cells are there: an editor did not end the last row with a line end.
            let unended = loaded(format!("{file}{}", cells.trim_end()));
            assert_eq!((spns(&unended.accounts[1]), problems(&unended)), (vec!["HOST/srv10"], &[][..]));
        }
    }

    /// A listing of one account is copied from a screen.
    #[test]
    fn what_was_copied_from_a_screen_needs_no_last_line_end() {
        let got =
            loaded("Registered ServicePrincipalNames for CN=SRV1,DC=a,DC=b:\r\n\tWSMAN/srv1\r\n\tHOST/srv1");
        assert_eq!(spns(&got.accounts[0]), ["WSMAN/srv1", "HOST/srv1"]);
        assert_eq!(problems(&got), [""; 0]);
    }
}

mod by_hand {
    use super::*;

    #[test]
    fn a_line_too_long_costs_an_ldif_that_line_only() {
        let long = "x".repeat(2 << 20);
        let got = loaded(format!(
            "dn: CN=a,DC=b\nsAMAccountName: a$\nservicePrincipalName: HOST/x\nservicePrincipalName: HOST/{long}\n\n\
             dn: CN=b,DC=b\nsAMAccountName: b$\nservicePrincipalName: HOST/y\n {long}\nservicePrincipalName: HOST/z\n"
        ));
        let owned: Vec<Vec<&str>> = got.accounts.iter().map(spns).collect();
        assert_eq!(owned, [["HOST/x"], ["HOST/z"]]);
        let problems = problems(&got);
        assert!(problems[0].starts_with("line 4: a line of more than"), "{problems:?}");
        assert!(problems[1].starts_with("line 9: a line of more than"), "{problems:?}");
    }

    #[test]
    fn a_listing_of_an_account_without_spns_is_known() {
        let got = loaded("Registered ServicePrincipalNames for CN=SRV9,DC=a,DC=b:\r\n");
        assert_eq!((got.files[0].kind, problems(&got)), ("setspn", &[][..]));
    }

    #[test]
    fn an_object_in_the_recycle_bin_owns_nothing() {
        let node = |name: &str, deleted: &str| {
            format!(
                "{{\"Properties\": {{\"samaccountname\": \"{name}$\", \"distinguishedname\": \"CN={name},DC=A,DC=B\", \
                 \"serviceprincipalnames\": [\"HTTP/x\"]}}, \"IsDeleted\": {deleted}}}"
            )
        };
        let nodes = [node("SRV1", "false"), node("SRV2", "true"), node("SRV3", "null")].join(",");
        let got = loaded(format!("{{\"data\": [{nodes}], \"meta\": {{\"type\": \"computers\"}}}}"));
        let names: Vec<&str> = got.accounts.iter().map(|a| &*a.name).collect();
        assert_eq!((names, problems(&got)), (vec!["SRV1$", "SRV3$"], &[][..]));
    }

    #[test]
    fn a_search_without_a_bind_is_not_told_to_page() {
        let search = |result: &str| {
            loaded(format!("# extended LDIF\n#\n# LDAPv3\n\n# search result\nsearch: 2\nresult: {result}\n"))
        };
        let problem = |result| problems(&search(result))[0].clone();
        assert!(problem("1 Operations error").contains("-Y GSSAPI"));
        assert!(problem("4 Size limit exceeded").contains("add paging"));
    }

    #[test]
    fn a_refused_export_is_told_once_and_lost_host_names_too() {
        let list = "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection";
        let head = "\"DistinguishedName\",\"SamAccountName\",\"msDS-AdditionalDnsHostName\",\"servicePrincipalName\"\n";
        let row =
            |n: u8, names: &str, spns: &str| format!("\"CN=S{n},DC=a\",\"S{n}$\",\"{names}\",\"{spns}\"\n");
        let refused = loaded(format!("{head}{}", row(1, "", list)));
        assert_eq!(problems(&refused).len(), 1, "{:?}", problems(&refused));
        let got = loaded(format!("{head}{}{}", row(1, list, "HOST/a"), row(2, list, "HOST/b")));
        assert_eq!((got.accounts.len(), problems(&got).len()), (2, 1));
        let problem = &problems(&got)[0];
        assert!(problem.starts_with("line 2: the list of additional host names was lost"), "{problem}");
        assert!(problem.contains("-join ';'"), "{problem}");
    }
}

/// When a list was made, reported in it.
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
