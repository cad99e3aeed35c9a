//! Writes a list under a title.

use crate::report::text_writer::{TextRole, TextWriter};

/// Writes a title and its items, or nothing if there is no item. `numbered` is for steps that have an order.
pub(super) fn section(writer: &mut TextWriter, title: &str, items: &[String], numbered: bool) {
    if items.is_empty() {
        return;
    }
    writer.blank_line();
    let title = writer.styled(TextRole::Strong, &format!("{title}:"));
    writer.line("  ", &title);
    for (i, item) in items.iter().enumerate() {
        let mark = if numbered && items.len() > 1 { format!("  {}. ", i + 1) } else { "  - ".to_owned() };
        // `styled` limits the length of a text, and a step with its commands is longer.
        let item: String =
            item.split_inclusive(". ").map(|sentence| writer.styled(TextRole::Plain, sentence)).collect();
        writer.line(&mark, &item);
    }
}
