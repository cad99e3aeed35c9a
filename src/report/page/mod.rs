//! The report as one page for a browser. It is self-contained, makes no requests, and is readable without
//! script. `docs/page.md` describes its content.
//!
//! The template, the style and the script are files of this folder. The page's policy allows its script and
//! style by hash, so that nothing from a log can run: [`policy`]. All texts from logs pass through
//! [`text::shown`] and the template's escaping, or, compressed, through [`data`] to a script that only ever
//! sets text.

mod asks;
mod cards;
mod data;
mod pictures;
mod reading;
mod text;
mod timeline;
mod verdict;

use std::borrow::Borrow;
use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::Report;
use super::numbers::grouped;
use asks::Ask;
use cards::{Card, Line, Story};
use data::Data;
use pictures::Pictures;
use reading::Read;
use timeline::Timeline;
use verdict::Verdict;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// With at most this many incidents, all are opened for printing.
const FEW: usize = 40;

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    version: &'static str,
    policy: String,
    style: String,
    script: String,
    data: Data,
    /// Decides which parts are printed. The style uses it.
    few: bool,
    compared: bool,
    verdict: Verdict,
    cards: Vec<Card>,
    /// Problems without a card, one line each.
    lines: Vec<Line>,
    /// Number of problems without even a line.
    left_out: usize,
    resolved: Vec<Card>,
    resolved_lines: Vec<Line>,
    resolved_left_out: usize,
    collect_next: Vec<Ask>,
    timeline: Timeline,
    pictures: Pictures,
    read: Read,
    /// An empty incident, which the script fills.
    blank: Story,
}

/// Writes the page. It never exceeds 20 MB: what does not fit is counted and reported as left out.
pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_within(report, data::MAX_COMPRESSED, out)
}

fn write_within(report: &Report<'_>, room: u64, out: &mut dyn Write) -> io::Result<()> {
    let style = unix_lines(STYLE);
    let script = unix_lines(SCRIPT);
    let (present, resolved) = cards::all(report);
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        policy: policy(&style, &script),
        style,
        script,
        data: Data::new(report, room)?,
        few: report.rows.len() <= FEW,
        compared: report.compared,
        verdict: Verdict::new(report),
        cards: present.cards,
        lines: present.lines,
        left_out: present.left_out,
        resolved: resolved.cards,
        resolved_lines: resolved.lines,
        resolved_left_out: resolved.left_out,
        collect_next: asks::all(report),
        timeline: Timeline::new(report),
        pictures: Pictures::new(report),
        read: Read::new(&report.read, report.zone),
        blank: Story::blank(),
    };
    page.write_into(out)
}

/// Content Security Policy: allows only the page's own style and script, by hash. No other script, event
/// handler, picture, font, frame, form or connection works. With Trusted Types, the script cannot turn text
/// into markup either.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text.as_bytes())));
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        hash(script),
        hash(style)
    )
}

/// Converts line ends to LF. A browser hashes the text after doing the same, and a checkout on Windows may
/// have CRLF.
fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// Formats a number for the template, which passes some as references.
fn many(n: impl Borrow<usize>) -> String {
    grouped(*n.borrow() as u64)
}

#[cfg(test)]
mod tests;
