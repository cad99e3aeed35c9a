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
        let item = writer.styled(TextRole::Plain, item);
        writer.line(&mark, &item);
    }
}
