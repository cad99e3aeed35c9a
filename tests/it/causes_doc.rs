//! `docs/causes.md` prints the decision table and `docs/symptoms.md` the table of symptoms; here they are kept the same.

use std::collections::BTreeSet;

/// `KRBTRIAGE_BLESS=1 cargo test --test it causes_doc` writes the tables anew.
#[test]
fn the_document_prints_the_table_that_decides() {
    prints("causes.md", "decision table", &krbtriage::diagnosis::table());
}

#[test]
fn the_document_prints_the_rivals_of_each_row_that_can_confirm() {
    prints("causes.md", "rivals", &krbtriage::diagnosis::rivals_table());
}

#[test]
fn the_document_of_symptoms_is_the_table_of_explain() {
    prints("symptoms.md", "symptoms", &krbtriage::commands::explain::markdown());
}

fn prints(document: &str, what: &str, wanted: &str) {
    // Two tests may write the file.
    static FILE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = FILE.lock().unwrap();
    let path = format!("{}/docs/{document}", env!("CARGO_MANIFEST_DIR"));
    let (start, end) = (format!("<!-- {what} -->\n"), format!("<!-- end of {what} -->"));
    let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let (before, rest) = text.split_once(&start).expect("the document marks where the table starts");
    let (table, after) = rest.split_once(&end).expect("the document marks where the table ends");
    if std::env::var_os("KRBTRIAGE_BLESS").is_some() && table != wanted {
        std::fs::write(path, format!("{before}{start}{wanted}{end}{after}")).unwrap();
    } else {
        assert_eq!(table, wanted, "KRBTRIAGE_BLESS=1 cargo test --test it causes_doc writes the table anew");
    }
}

#[test]
fn every_kind_is_explained() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/causes.md")).unwrap();
    for kind in krbtriage::diagnosis::Kind::ALL {
        assert!(text.contains(&format!("**`{kind}`**")), "docs/causes.md does not explain {kind}");
    }
}

/// The document's table has every event of the program, and no other.
#[test]
fn the_document_lists_the_other_events_that_are_read() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/causes.md")).unwrap();
    let (_, rest) = text.split_once("<!-- other events -->").expect("where the table starts");
    let (table, _) = rest.split_once("<!-- end of other events -->").expect("where the table ends");
    let mut listed = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(2) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for range in cells[2].split(", ") {
            let (first, last) = range.split_once(" to ").unwrap_or((range, range));
            let ids: (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
            listed.extend((ids.0..=ids.1).map(|id| (cells[1].to_owned(), id)));
        }
    }
    let read: BTreeSet<(String, u16)> = krbtriage::events::catalogue()
        .flat_map(|(name, ids)| ids.iter().map(move |&id| (name.to_owned(), id)))
        .collect();
    assert_eq!(listed, read, "the events of docs/causes.md (left) are not those read (right)");
}
