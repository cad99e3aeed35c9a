//! Detects terminals with their width and colours, and prints messages to standard error.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use terminal_size::{Height, Width, terminal_size_of};

use crate::report::TextLayout;
use crate::report::text_writer::TextWriter;
use crate::text::escape::escape_control;

/// Applies `--color` to all text that is printed later.
pub(super) fn use_colours(when: clap::ColorChoice) {
    match when {
        clap::ColorChoice::Auto => ColorChoice::Auto,
        clap::ColorChoice::Always => ColorChoice::Always,
        clap::ColorChoice::Never => ColorChoice::Never,
    }
    .write_global();
}

/// Reports whether a person reads standard output.
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Detects the width and colours of standard output. Colours follow `--color`, `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and
/// `TERM=dumb`. `COLUMNS` gives the width if no terminal reports one.
pub(super) fn layout() -> TextLayout {
    let colours = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let columns = || std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let width = width_of(terminal_size_of(io::stdout())).or_else(columns);
    TextLayout::new(width.unwrap_or(TextLayout::PLAIN.width), colours)
}

/// Returns the width of a terminal of this size. `None` if there is no terminal, or if it does not know its width, as on a
/// serial line.
fn width_of(size: Option<(Width, Height)>) -> Option<usize> {
    size.map(|(Width(width), _)| usize::from(width)).filter(|width| *width > 0)
}

/// Prints a message to standard error, line by line: see [`say_lines`].
pub(super) fn say(message: &str) {
    say_lines(message.lines());
}

/// Prints lines to standard error, escaped because names in them may be hostile. They are wrapped on a terminal, and never in
/// a pipe or file. A failure is ignored: there is no other place to report it.
pub(super) fn say_lines(lines: impl IntoIterator<Item: AsRef<str>>) {
    let layout = width_of(terminal_size_of(io::stderr())).map(|width| TextLayout::new(width, false));
    let mut err = io::stderr().lock();
    for line in lines {
        let line = escape_control(line.as_ref());
        let _ = match layout {
            Some(layout) => {
                let text = line.trim_start();
                let indent = line.strip_suffix(text).unwrap_or_default();
                let mut writer = TextWriter::new(layout);
                writer.hanging_line(indent, &format!("{indent}  "), text);
                err.write_all(writer.into_text().as_bytes())
            }
            None => writeln!(err, "{line}"),
        };
    }
}
