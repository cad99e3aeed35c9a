//! Writes text for people: wrapped by display width, optionally coloured, and free of terminal control characters.
//! A caller chooses the [`TextRole`] of a text, which decides its colour.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

use super::numbers::group_digits;
use crate::text::escape::escape_control;
use crate::zone::Zone;

/// Width and colours of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextLayout {
    /// Width in columns.
    pub width: usize,
    pub colours: bool,
}

impl TextLayout {
    /// Layout of a file, or of a terminal with an unknown width.
    pub const PLAIN: Self = Self { width: 80, colours: false };

    /// Makes a layout with 40 to 120 columns. Longer lines are hard to read, and a host name may not fit into shorter ones.
    pub fn new(width: usize, colours: bool) -> Self {
        Self { width: width.clamp(40, 120), colours }
    }
}

impl Default for TextLayout {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// Role of a text. It decides the colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextRole {
    Plain,
    Heading,
    /// The most important text of a block.
    Strong,
    /// Identifiers and text of minor importance.
    Faint,
    Command,
    Good,
    Doubtful,
    Bad,
}

impl TextRole {
    fn style(self) -> Style {
        let colour = |c: AnsiColor| Style::new().fg_color(Some(c.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Heading => Style::new().bold().underline(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Command => colour(AnsiColor::Cyan),
            Self::Good => colour(AnsiColor::Green),
            Self::Doubtful => colour(AnsiColor::Yellow),
            Self::Bad => colour(AnsiColor::Red).bold(),
        }
    }
}

/// Longest text that is shown whole, in characters. A crafted name may have 64 KiB.
const MAX_PIECE: usize = 600;

/// Writer of a text in lines.
pub struct TextWriter {
    layout: TextLayout,
    out: String,
}

impl TextWriter {
    pub fn new(layout: TextLayout) -> Self {
        Self { layout, out: String::new() }
    }

    /// Returns the text with LF line ends. It has no other control characters, except colours if the layout has them.
    pub fn into_text(self) -> String {
        self.out
    }

    pub fn width(&self) -> usize {
        self.layout.width
    }

    /// Escapes a text for use in a line, limits its length, and colours it by its role.
    pub fn styled(&self, role: TextRole, text: &str) -> String {
        let text = escape_and_limit(text);
        match self.layout.colours && role != TextRole::Plain && !text.is_empty() {
            true => format!("{}{text}{:#}", role.style(), role.style()),
            false => text.into_owned(),
        }
    }

    pub fn blank_line(&mut self) {
        self.out.push('\n');
    }

    /// Adds a text, wrapped into lines. The first line begins with `first`, the others with as many blanks. The text consists of
    /// results of [`TextWriter::styled`].
    pub fn line(&mut self, first: &str, text: &str) {
        self.hanging_line(first, &" ".repeat(textwrap::core::display_width(first)), text);
    }

    /// Adds a text, wrapped into lines. The first line begins with `first`, the others with `rest`.
    pub fn hanging_line(&mut self, first: &str, rest: &str, text: &str) {
        // Commands are copied, so lines do not break at a hyphen or slash. Only a word that is longer than a line breaks.
        let options = Options::new(self.layout.width)
            .initial_indent(first)
            .subsequent_indent(rest)
            .wrap_algorithm(WrapAlgorithm::FirstFit)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(text, options) {
            self.push(line.trim_end());
            self.out.push('\n');
        }
    }

    /// Appends a line, and escapes all control characters except colours: a caller may have forgotten to escape a text.
    fn push(&mut self, line: &str) {
        for (i, part) in line.split('\u{1b}').enumerate() {
            let colour = part.strip_prefix('[').and_then(|p| p.split_once('m')).filter(|(codes, _)| {
                self.layout.colours && codes.bytes().all(|b| b.is_ascii_digit() || b == b';')
            });
            let rest = match colour {
                _ if i == 0 => part,
                Some((codes, rest)) => {
                    self.out.push_str(&format!("\u{1b}[{codes}m"));
                    rest
                }
                None => {
                    self.out.push_str(&escape_control("\u{1b}"));
                    part
                }
            };
            self.out.push_str(&escape_control(rest));
        }
    }

    /// Adds a sentence without an indent.
    pub fn say(&mut self, text: &str) {
        let text = self.styled(TextRole::Plain, text);
        self.line("", &text);
    }

    /// Adds items. The label is only before the first. `numbered` is for steps that have an order.
    pub fn items(&mut self, label: &str, items: &[String], numbered: bool) {
        for (i, item) in items.iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            let mark = if numbered { format!("{}. ", i + 1) } else { "- ".to_owned() };
            self.line(&format!("{label:<LABEL$}{mark}"), item);
        }
    }

    /// Adds a text after a label.
    pub fn labelled_line(&mut self, label: &str, text: &str) {
        self.line(&format!("{label:<LABEL$}"), text);
    }

    /// Adds a table. Columns are two blanks apart and as wide as their widest cell. The last column wraps.
    pub fn columns(&mut self, indent: &str, rows: &[Vec<String>]) {
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |c: usize| {
            let cell_width = |r: &Vec<String>| r.get(c).map_or(0, |t| textwrap::core::display_width(t));
            rows.iter().map(cell_width).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..count).map(width).collect();
        let before: usize = widths.iter().take(count.saturating_sub(1)).map(|w| w + 2).sum();
        let fits = indent.len() + before + 12 <= self.layout.width;
        for row in rows {
            let (last, cells) = row.split_last().map_or((None, row.as_slice()), |(l, c)| (Some(l), c));
            let mut first = indent.to_owned();
            for (cell, width) in cells.iter().zip(&widths) {
                let room = if fits { width.saturating_sub(textwrap::core::display_width(cell)) } else { 0 };
                first.push_str(cell);
                first.push_str(&" ".repeat(room + 2));
            }
            let last = last.map_or("", String::as_str);
            if fits {
                self.line(&first, last);
            } else {
                self.hanging_line(indent, &format!("{indent}  "), &format!("{}{last}", first.trim_start()));
            }
        }
    }
}

/// Width of a label such as `Evidence` with its indent, in columns.
const LABEL: usize = 14;

fn escape_and_limit(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_PIECE) {
        Some((end, _)) => {
            let (head, tail) = text.split_at(end);
            Cow::Owned(format!("{}... ({} characters more)", escape_control(head), tail.chars().count()))
        }
        None => escape_control(text),
    }
}

/// Returns the number of items to show of `len` if at most `most` should be shown. One more is shown instead of `and 1 more`.
pub fn shown_of(len: usize, most: usize) -> usize {
    if len == most + 1 { len } else { most }
}

/// Joins the first `most` items, and adds the number of the others: `a, b and 3 more`.
pub fn few(items: &[String], most: usize) -> String {
    let shown = shown_of(items.len(), most);
    let mut text = items.iter().take(shown).map(String::as_str).collect::<Vec<_>>().join(", ");
    if items.len() > shown {
        text.push_str(&format!(" and {} more", group_digits((items.len() - shown) as u64)));
    }
    text
}

/// Formats a period of two times in RFC 3339: `2026-10-06 14:37 to 22:13 UTC`, `2026-10-06 16:37 to 2026-10-07 00:13 +02:00`.
pub fn period(first: &str, last: &str, zone: &Zone) -> String {
    let (Ok(first_time), Ok(last_time)) = (first.parse::<Timestamp>(), last.parse::<Timestamp>()) else {
        return format!("{first} to {last}");
    };
    let [a, b] = [first_time, last_time].map(|time| zone.civil_of(time));
    let [from, to] = [first_time, last_time].map(|time| zone.offset_at(time));
    let start = a.strftime("%Y-%m-%d %H:%M").to_string();
    let end = b.strftime("%Y-%m-%d %H:%M").to_string();
    match (start == end, a.date() == b.date(), from == to) {
        (_, _, false) => format!("{start} {from} to {end} {to}"),
        (true, _, _) => format!("{start} {from}"),
        (_, true, _) => format!("{start} to {} {from}", b.strftime("%H:%M")),
        _ => format!("{start} to {end} {from}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(layout: TextLayout, fill: impl FnOnce(&mut TextWriter)) -> String {
        let mut writer = TextWriter::new(layout);
        fill(&mut writer);
        writer.into_text()
    }

    #[test]
    fn commands_are_not_broken_at_hyphens_or_slashes() {
        let command = "Get-NetIPAddress -CimSession host/srv2.beta.example.com | Export-Csv addresses.csv";
        let text = set(TextLayout::new(40, false), |p| p.line("  ", command));
        for word in command.split(' ') {
            assert!(text.split_whitespace().any(|w| w == word), "{word} in {text}");
        }
    }

    #[test]
    fn lines_keep_to_the_width_also_with_colours_and_wide_letters() {
        for colours in [false, true] {
            let text = set(TextLayout::new(60, colours), |p| {
                let name = p.styled(TextRole::Strong, &"漢字".repeat(60));
                let words = p.styled(TextRole::Good, &"confirmed by an inventory ".repeat(9));
                p.line("    ", &format!("{name} {words}"));
            });
            assert!(text.lines().all(|l| textwrap::core::display_width(l) <= 60), "{text}");
            assert_eq!(text.contains('\u{1b}'), colours);
        }
    }

    #[test]
    fn hostile_names_neither_act_nor_flood() {
        let hostile = format!("a\u{1b}[2J\u{202e}\u{61c}\r\n{}", "x".repeat(70_000));
        let text = set(TextLayout::new(80, true), |p| p.say(&hostile));
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains('\u{61c}'));
        assert!(text.contains("\\u{1b}[2J") && text.contains("characters more"), "{text}");
        assert!(text.lines().count() < 20);
    }

    #[test]
    fn columns_that_do_not_fit_are_lines() {
        let rows = vec![vec!["i963b2fe1d1d6".to_owned(), "6 events".to_owned(), "a -> b".to_owned()]];
        assert_eq!(
            set(TextLayout::new(60, false), |p| p.columns("  ", &rows)),
            "  i963b2fe1d1d6  6 events  a -> b\n"
        );
        let long = vec![vec!["x".repeat(50), "6 events".to_owned(), "a -> b".to_owned()]];
        let text = set(TextLayout::new(60, false), |p| p.columns("  ", &long));
        assert!(text.lines().all(|l| l.len() <= 60) && text.contains("a -> b"), "{text}");
    }

    #[test]
    fn times_and_lists_are_short() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        for (first, last, utc, local) in [
            (
                "2026-10-06T14:37:12.03Z",
                "2026-10-06T22:13:09Z",
                "2026-10-06 14:37 to 22:13 UTC",
                "2026-10-06 16:37 to 2026-10-07 00:13 +02:00",
            ),
            (
                "2026-10-06T14:37:12Z",
                "2026-10-06T14:37:13Z",
                "2026-10-06 14:37 UTC",
                "2026-10-06 16:37 +02:00",
            ),
            (
                "2026-10-05T14:37:12Z",
                "2026-10-06T01:00:00Z",
                "2026-10-05 14:37 to 2026-10-06 01:00 UTC",
                "2026-10-05 16:37 to 2026-10-06 03:00 +02:00",
            ),
            // The two passes of one hour.
            (
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-25 00:30 to 01:30 UTC",
                "2026-10-25 02:30 +02:00 to 2026-10-25 02:30 +01:00",
            ),
            ("soon", "2026-10-06T14:37:13Z", "soon to 2026-10-06T14:37:13Z", "soon to 2026-10-06T14:37:13Z"),
        ] {
            assert_eq!(
                (period(first, last, &Zone::UTC), period(first, last, &berlin)),
                (utc.into(), local.into())
            );
        }
        let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        assert_eq!(few(&names, 2), "a, b and 2 more");
        assert_eq!(few(&names, 3), "a, b, c, d");
    }
}
