//! `docs/causes.md` prints the decision table; here the two are kept the same.

/// `KRBTRIAGE_BLESS=1 cargo test --test causes_doc` writes the table anew.
#[test]
fn the_document_prints_the_table_that_decides() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/causes.md");
    let (start, end) = ("<!-- decision table -->\n", "<!-- end of decision table -->");
    let text = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let (before, rest) = text.split_once(start).expect("docs/causes.md marks where the table starts");
    let (table, after) = rest.split_once(end).expect("docs/causes.md marks where the table ends");
    let wanted = krbtriage::findings::table();
    if std::env::var_os("KRBTRIAGE_BLESS").is_some() && table != wanted {
        std::fs::write(path, format!("{before}{start}{wanted}{end}{after}")).unwrap();
    } else {
        assert_eq!(table, wanted, "KRBTRIAGE_BLESS=1 cargo test --test causes_doc writes the table anew");
    }
}

#[test]
fn every_kind_is_explained() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/causes.md")).unwrap();
    for kind in krbtriage::findings::Kind::ALL {
        assert!(text.contains(&format!("**`{kind}`**")), "docs/causes.md does not explain {kind}");
    }
}
