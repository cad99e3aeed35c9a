//! Lists under a title.

use crate::report::text_writer::{TextRole, TextWriter};

/// A title and items under it.
pub(super) fn section(writer: &mut TextWriter, title: &str, items: &[String], numbered: bool) {
    if items.is_empty() {
        return;
    }
    writer.blank();
    let title = writer.styled(TextRole::Strong, &format!("{title}:"));
    writer.line("  ", &title);
    for (i, item) in items.iter().enumerate() {
        let mark = if numbered && items.len() > 1 { format!("  {}. ", i + 1) } else { "  - ".to_owned() };
        // Sentence by sentence: a piece has a limit, and a step with its commands is longer.
        let item: String =
            item.split_inclusive(". ").map(|part| writer.styled(TextRole::Plain, part)).collect();
        writer.line(&mark, &item);
    }
}
