//! LDIF of ldapsearch, ldifde and ldbsearch.

use super::*;

/// A real export of a Samba domain.
#[test]
fn a_real_export_is_read() {
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
fn the_comments_show_whether_the_export_is_complete() {
    let whole = format!("{HEAD}{TAIL}");
    assert_eq!(loaded(&whole).complete_domains, ["a.b".into()]);
    for (what, from, to) in [
        ("another filter", "(servicePrincipalName=*)", "(&(servicePrincipalName=*)(objectClass=computer))"),
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
    let last_range = whole.replace("servicePrincipalName: HOST/x", "servicePrincipalName;range=0-*: HOST/x");
    assert_eq!(loaded(&last_range).complete_domains.len(), 1);
    assert!(problems(&loaded(whole.replace("0 Success", "4 Size limit exceeded")))[0].contains("paging"));
}

#[test]
fn folded_and_base64_lines_and_a_missing_last_blank_line_are_read() {
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
fn objects_that_are_not_accounts_are_skipped() {
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
fn a_bad_line_costs_only_itself() {
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
