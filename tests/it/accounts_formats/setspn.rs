//! Output of `setspn`.

use super::*;

#[test]
fn a_listing_with_progress_and_a_prompt_is_read() {
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
fn german_duplicates_with_progress_on_one_line_are_read() {
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
        assert_eq!(got.accounts[1].distinguished_name.as_deref(), Some("CN=PRN02,OU=Büro,DC=alpha,DC=com"));
        assert_eq!(spns(&got.accounts[1]), ["HOST/drucker"]);
        assert!(got.complete_domains.is_empty());
    }
}

#[test]
fn a_search_without_duplicates_is_not_reported() {
    let got = loaded(
        "Checking forest DC=contoso,DC=com\r\nOperation will be performed forestwide, it might take a while.\r\nProcessing entry 0\r\n\r\nfound 0 group of duplicate SPNs.\r\n",
    );
    assert_eq!((got.files[0].kind, got.files[0].rows), ("setspn", 0));
    assert_eq!(problems(&got), [""; 0]);
}

#[test]
fn an_spn_that_an_edit_tried_is_not_registered() {
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
