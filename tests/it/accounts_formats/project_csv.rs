//! The project's own CSV.

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
fn columns_have_any_order_case_delimiter_and_encoding() {
    let text = "SPN;Dns Host Name;ACCOUNT;Domain\r\nHOST/srv-ä;;srv-ä$;alpha\r\n";
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let (ansi, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    let tabs = text.replace(';', "\t");
    let want = loaded(text).accounts[0].spns.clone();
    assert_eq!(want.iter().collect::<Vec<_>>(), ["HOST/srv-ä"]);
    for bytes in [utf16, ansi.into_owned(), tabs.into_bytes(), format!("\u{feff}sep=;\n{text}").into_bytes()]
    {
        let got = loaded(bytes);
        assert_eq!(got.accounts[0].spns, want);
        assert_eq!(&*got.accounts[0].name, "srv-ä$");
    }
}

#[test]
fn bad_rows_are_reported_and_skipped() {
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
