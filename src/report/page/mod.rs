//! The report as one page for a browser: it needs nothing beside itself, asks nobody for anything, and reads without script
//! too. `docs/page.md` tells what is on it.
//!
//! The template, the style and the script are files of this folder. What the page runs is allowed by its hash, so that
//! nothing a log holds can run: [`policy`]. All texts from logs go through [`text::shown`] and the template's escaping, or,
//! compressed, through [`data`] to a script that only ever sets text.

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
use cards::{Card, Line, Story};
use data::Data;
use pictures::Pictures;
use reading::Read;
use timeline::Timeline;
use verdict::Verdict;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// On a page with no more incidents than these all are opened on paper.
const FEW: usize = 40;

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    version: &'static str,
    policy: String,
    style: String,
    script: String,
    data: Data,
    /// More than a name for the style: decides what is printed.
    few: bool,
    compared: bool,
    verdict: Verdict,
    cards: Vec<Card>,
    /// Problems behind those that have a card.
    lines: Vec<Line>,
    /// How many there are behind the lines.
    left_out: usize,
    resolved: Vec<Card>,
    resolved_lines: Vec<Line>,
    resolved_left_out: usize,
    timeline: Timeline,
    pictures: Pictures,
    read: Read,
    /// An empty one, which the script fills.
    blank: Story,
}

/// Writes the page. It is never larger than 20 MB: what does not fit is counted and said to be left out.
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
        timeline: Timeline::new(report),
        pictures: Pictures::new(report),
        read: Read::new(&report.read),
        blank: Story::blank(),
    };
    page.write_into(out)
}

/// Nothing but the page's own style and script, by their hashes: no other script, no handler in a tag, no picture, font,
/// frame, form or connection. Where the browser knows Trusted Types, the script cannot make markup out of text either.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text.as_bytes())));
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        hash(script),
        hash(style)
    )
}

/// A browser hashes what it has read, and it reads every end of a line as LF; a checkout on Windows may have CRLF.
fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// A number for the template, which hands over some as references.
fn many(n: impl Borrow<usize>) -> String {
    grouped(*n.borrow() as u64)
}

#[cfg(test)]
mod tests;
