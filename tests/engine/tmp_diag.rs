use crate::support::*;
#[test]
fn diag() {
    let mut m = std::collections::BTreeMap::new();
    for path in real_logs().unwrap_or_default() {
        let (records, _) = read_path(&path, &krbtriage::events::selection());
        for r in records { *m.entry((r.provider.to_string(), r.event_id)).or_insert(0) += 1; }
    }
    println!("{m:#?}");
}
