//! Writes the report as one page for a browser. It is self-contained, makes no requests, and is readable without script.
//! `docs/page.md` describes its content.
//!
//! The templates, the style and the scripts are files of this folder. The [`policy`] of the page allows only its own script and
//! style, so that nothing from a log can run. Texts from logs pass through [`text::sanitize`] and the escaping of the template, or
//! through [`data`] to a script that never makes markup of them.
//!
//! `verdict`, `cards`, `collect_next`, `shared_addresses`, `timeline`, `zone_offsets` and `inputs` each make the data of one part of the page.

mod collect_next;
mod cards;
mod data;
mod inputs;
mod shared_addresses;
mod text;
mod timeline;
mod zone_offsets;
mod verdict;

use std::borrow::Borrow;
use std::io::{self, Write};

use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::numbers::group_digits;
use super::problem::sort_by_urgency;
use super::{Problem, Report, empty_result};
pub(crate) use cards::FixStep;
pub(crate) use inputs::Inputs;
pub(crate) use shared_addresses::Connection;
pub(crate) use text::{sanitize, sanitize_name, text_and_commands};

use cards::{Card, ProblemLine, Story};
use collect_next::CollectNextItem;
use data::IncidentData;
use shared_addresses::SharedAddresses;
use timeline::Timeline;
use verdict::Verdict;
use zone_offsets::ZoneOffsets;

const STYLE: &str = include_str!("page.css");
/// Script of the page. `clock.js` comes first because the rest uses it to show times.
const SCRIPT: &str = concat!(include_str!("clock.js"), include_str!("page.js"));

/// Longest title, in characters.
const MAX_TITLE: usize = 200;

/// Frame of every page: `base.html`.
pub(crate) struct Shell {
    pub version: &'static str,
    pub policy: String,
    pub style: String,
    pub script: String,
    /// Title that the user chose, or empty.
    pub title: String,
    pub heading: String,
}

impl Shell {
    pub(crate) fn new(title: Option<&str>, heading: String) -> Self {
        let (style, script) = (unix_lines(STYLE), unix_lines(SCRIPT));
        Self {
            version: env!("CARGO_PKG_VERSION"),
            policy: policy(&style, &script),
            style,
            script,
            title: title.map(|title| text::sanitize_to(title, MAX_TITLE)).unwrap_or_default(),
            heading,
        }
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    shell: Shell,
    data: IncidentData,
    times: ZoneOffsets,
    compared: bool,
    verdict: Verdict,
    /// Text of a report without incidents. Only the inputs follow it.
    nothing: Option<Vec<(&'static str, String)>>,
    cards: Vec<Card>,
    /// Problems without a card, one line each.
    lines: Vec<ProblemLine>,
    /// Number of problems that the page leaves out.
    left_out: usize,
    resolved: Vec<Card>,
    resolved_lines: Vec<ProblemLine>,
    resolved_left_out: usize,
    collect_next: Vec<CollectNextItem>,
    timeline: Timeline,
    shared_addresses: SharedAddresses,
    read: Inputs,
    /// An empty incident, which the script fills.
    blank: Story,
}

/// Writes the page, which is never longer than 20 MB. It says how many incidents do not fit.
pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_within(report, data::MAX_COMPRESSED, out)
}

fn write_within(report: &Report<'_>, room: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut problems: Vec<&Problem> = report.problems.iter().collect();
    sort_by_urgency(&mut problems, report.compared);
    let verdict = Verdict::new(report, &problems);
    let (present, resolved) = cards::all(report, &problems);
    let page = Page {
        shell: Shell::new(report.title, verdict.heading.clone()),
        data: IncidentData::new(report, room)?,
        times: ZoneOffsets::new(report),
        compared: report.compared,
        verdict,
        nothing: report.rows.is_empty().then(|| empty_page(report)),
        cards: present.cards,
        lines: present.lines,
        left_out: present.left_out,
        resolved: resolved.cards,
        resolved_lines: resolved.lines,
        resolved_left_out: resolved.left_out,
        collect_next: collect_next::all(report),
        timeline: Timeline::new(report, &problems),
        shared_addresses: SharedAddresses::new(report, &problems),
        read: Inputs::new(&report.read, report.zone),
        blank: Story::blank(),
    };
    page.write_into(out)
}

/// Makes the text of a page without incidents.
fn empty_page(report: &Report<'_>) -> Vec<(&'static str, String)> {
    let lines = empty_result::lines(&report.read, report.zone);
    lines.into_iter().map(|(label, line)| (label, text::sanitize(&line))).collect()
}

/// Makes a Content Security Policy that allows only this style and this script, by hash. No other script, event handler, picture,
/// font, frame, form or connection works. With Trusted Types, the script cannot turn text into markup either.
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
pub(crate) fn many(n: impl Borrow<usize>) -> String {
    group_digits(*n.borrow() as u64)
}

#[cfg(test)]
mod tests;
