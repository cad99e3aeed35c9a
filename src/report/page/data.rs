//! All incidents, compressed, for the table that the script sorts, filters and searches.
//!
//! The data is one JSON array. A string in it is the next text of the text list. An array in it is an incident, whose texts are
//! numbers in that list ([`MEMBERS`] has their order), so a text of a thousand incidents is stored once. The array is compressed
//! with zlib and base64-encoded in an element that is not executed, so no name can end the element or become markup.

use std::collections::HashMap;
use std::io::{self, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::cards::IncidentCard;
use super::text::{sanitize_name, sanitize_to};
use crate::report::item::RequestItem;
use crate::report::numbers::group_digits;
use crate::report::{Report, Row};

/// Maximum number of compressed bytes, so that the page stays under 20 MB. A real incident takes some 100 bytes. Only names
/// that were crafted not to compress reach the limit.
pub(super) const MAX_COMPRESSED: u64 = 10 << 20;

/// Maximum number of uncompressed bytes, because of the browser's memory. About 100,000 incidents reach the limit.
const MAX_RAW_BYTES: usize = 160 << 20;

/// Members of the array of an incident, in their order.
const MEMBERS: [&str; 26] = [
    "incident_id",
    "problem_id",
    "problem",
    "status",
    "cause",
    "cause_label",
    "kind",
    "label",
    "confidence",
    "client",
    "answered_by",
    "target_spn",
    "realms",
    "shared_addresses",
    "events",
    "first_seen",
    "last_seen",
    "explanation",
    "evidence",
    "caveats",
    "context",
    "considered",
    "missing",
    "asks",
    "fix",
    "logs",
];

/// Incidents for the script.
pub(super) struct IncidentData {
    pub base64: String,
    /// Names of the members, separated by blanks.
    pub members: String,
    /// Number of incidents left out because of the limits.
    pub left_out: usize,
    /// Number of incidents in the data.
    pub included: String,
    /// Number of all incidents.
    pub all: String,
}

struct DataWriter {
    out: ZlibEncoder<Vec<u8>>,
    /// Numbers of the texts written so far.
    texts: HashMap<String, usize>,
    /// Bytes written, not compressed.
    raw: usize,
}

impl IncidentData {
    /// Adds incidents until `room` compressed bytes are used.
    pub(super) fn new(report: &Report<'_>, room: u64) -> io::Result<Self> {
        let mut writer = DataWriter {
            out: ZlibEncoder::new(Vec::new(), Compression::default()),
            texts: HashMap::new(),
            raw: 0,
        };
        writer.out.write_all(b"[")?;
        let mut included = 0;
        for row in report.rows {
            if writer.out.total_out() > room || writer.raw > MAX_RAW_BYTES {
                break;
            }
            writer.row(row)?;
            included += 1;
        }
        writer.out.write_all(b"0]")?;
        Ok(Self {
            base64: BASE64_STANDARD.encode(writer.out.finish()?),
            members: MEMBERS.join(" "),
            left_out: report.rows.len() - included,
            included: group_digits(included as u64),
            all: group_digits(report.rows.len() as u64),
        })
    }
}

/// Returns the titles of the groups in "Collect next" to which the incident belongs.
fn request_titles(row: &Row) -> Vec<&'static str> {
    let mut titles: Vec<&str> = row.missing.iter().map(RequestItem::title).collect();
    titles.sort_unstable();
    titles.dedup();
    titles
}

impl DataWriter {
    fn row(&mut self, row: &Row) -> io::Result<()> {
        let card = IncidentCard::new(row);
        let value = serde_json::json!([
            sanitize_to(&row.incident_id, 40),
            self.text(&sanitize_to(&row.problem_id, 40))?,
            self.text(&card.what)?,
            self.text(row.status.name())?,
            self.text(row.cause.name())?,
            self.text(row.cause.label())?,
            self.text(row.kind.name())?,
            self.text(row.kind.label())?,
            self.text(row.confidence.name())?,
            self.text(&sanitize_name(&row.client))?,
            self.text(&sanitize_name(&row.answered_by))?,
            self.text(&sanitize_name(&row.target_spn))?,
            self.text(&card.realms)?,
            self.list(&card.shared)?,
            row.events,
            sanitize_to(&row.first_seen, 40),
            sanitize_to(&row.last_seen, 40),
            self.text(&card.explanation)?,
            self.list(&card.evidence)?,
            self.list(&card.caveats)?,
            self.list(&card.context)?,
            self.list(&card.considered)?,
            self.list(&card.missing)?,
            self.list(&request_titles(row))?,
            self.list(&card.fix)?,
            self.list(&card.logs)?,
        ]);
        self.item(&value.to_string())
    }

    /// Returns the number of a text. A new text is written first.
    fn text(&mut self, text: &str) -> io::Result<usize> {
        if let Some(&number) = self.texts.get(text) {
            return Ok(number);
        }
        let number = self.texts.len();
        self.item(&serde_json::to_string(text)?)?;
        self.texts.insert(text.to_owned(), number);
        Ok(number)
    }

    fn list(&mut self, texts: &[impl AsRef<str>]) -> io::Result<Vec<usize>> {
        texts.iter().map(|t| self.text(t.as_ref())).collect()
    }

    fn item(&mut self, json: &str) -> io::Result<()> {
        self.raw += json.len() + 1;
        self.out.write_all(json.as_bytes())?;
        self.out.write_all(b",")
    }
}
