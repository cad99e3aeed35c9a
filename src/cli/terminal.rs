//! Detects whether standard output is a terminal, its width and its colours.

use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};

use crate::report::TextLayout;

/// Follows `--color`: every text after it.
pub(super) fn use_colours(when: clap::ColorChoice) {
    match when {
        clap::ColorChoice::Auto => ColorChoice::Auto,
        clap::ColorChoice::Always => ColorChoice::Always,
        clap::ColorChoice::Never => ColorChoice::Never,
    }
    .write_global();
}

/// Does a person read standard output?
pub(super) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Width and colours of standard output. Colours follow `--color`, `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE` and `TERM=dumb`; where no terminal
/// reports its width, `COLUMNS` may.
pub(super) fn layout() -> TextLayout {
    let colours = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    let columns = || std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    let width = match terminal_size::terminal_size_of(io::stdout()) {
        // 0: a terminal that does not know, such as a serial line.
        Some((terminal_size::Width(width @ 1..), _)) => usize::from(width),
        _ => columns().unwrap_or(TextLayout::PLAIN.width),
    };
    TextLayout::new(width, colours)
}
