//! Files that are cut off, lines that are too long, and exports that lost data.

use super::*;

/// `HOST/srv1` may be the beginning of `HOST/srv10`, and would be a false duplicate.
#[test]
fn an_spn_that_may_be_cut_off_at_the_end_of_a_file_is_skipped() {
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
fn an_spn_in_a_row_that_is_cut_off_is_skipped() {
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
        // All cells are there, and only the last line end is missing.
        let unended = loaded(format!("{file}{}", cells.trim_end()));
        assert_eq!((spns(&unended.accounts[1]), problems(&unended)), (vec!["HOST/srv10"], &[][..]));
    }
}

/// People copy the listing of one account from a screen.
#[test]
fn a_listing_of_one_account_needs_no_last_line_end() {
    let got =
        loaded("Registered ServicePrincipalNames for CN=SRV1,DC=a,DC=b:\r\n\tWSMAN/srv1\r\n\tHOST/srv1");
    assert_eq!(spns(&got.accounts[0]), ["WSMAN/srv1", "HOST/srv1"]);
    assert_eq!(problems(&got), [""; 0]);
}

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
fn a_listing_of_an_account_without_spns_is_recognised() {
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
fn a_search_without_a_bind_gets_the_right_advice() {
    let search = |result: &str| {
        loaded(format!("# extended LDIF\n#\n# LDAPv3\n\n# search result\nsearch: 2\nresult: {result}\n"))
    };
    let problem = |result| problems(&search(result))[0].clone();
    assert!(problem("1 Operations error").contains("-Y GSSAPI"));
    assert!(problem("4 Size limit exceeded").contains("add paging"));
}

#[test]
fn a_refused_export_and_lost_host_names_are_reported_once() {
    let list = "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection";
    let head =
        "\"DistinguishedName\",\"SamAccountName\",\"msDS-AdditionalDnsHostName\",\"servicePrincipalName\"\n";
    let row = |n: u8, names: &str, spns: &str| format!("\"CN=S{n},DC=a\",\"S{n}$\",\"{names}\",\"{spns}\"\n");
    let refused = loaded(format!("{head}{}", row(1, "", list)));
    assert_eq!(problems(&refused).len(), 1, "{:?}", problems(&refused));
    let got = loaded(format!("{head}{}{}", row(1, list, "HOST/a"), row(2, list, "HOST/b")));
    assert_eq!((got.accounts.len(), problems(&got).len()), (2, 1));
    let problem = &problems(&got)[0];
    assert!(problem.starts_with("line 2: the list of additional host names was lost"), "{problem}");
    assert!(problem.contains("-join ';'"), "{problem}");
}
