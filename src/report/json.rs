//! Writes the report as JSON. The schemas are `docs/schema/report.schema.json` and `docs/schema/incident.schema.json`.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::fix::Fix;
use super::in_order::write_in_order;
use super::row::Row;
use super::{Problem, Status};
use crate::diagnosis::{Cause, Confidence, Kind};
use crate::text::escape;

/// Value of the document's `format`.
pub const FORMAT: &str = "krbtriage-report";

/// Version of the format. It rises when an old reader would misread a new document, and not for an additional member.
pub const VERSION: u32 = 2;

/// Oldest version that can be read. Its items of `evidence`, `missing` and `fix` are texts.
pub const OLDEST: u32 = 1;

/// Object of a problem in `problems`.
#[derive(Serialize)]
struct ProblemObject<'a> {
    problem_id: &'a str,
    status: Status,
    cause: Cause,
    kind: Kind,
    confidence: Confidence,
    problem: &'a str,
    title: &'a str,
    explanation: &'a str,
    incidents: Vec<&'a str>,
    new_incidents: usize,
    clients: &'a [String],
    targets: &'a [String],
    events: u64,
    first_seen: &'a str,
    last_seen: &'a str,
    fix: &'a Fix,
}

/// Members of a document that a baseline needs.
#[derive(Deserialize)]
pub struct Document {
    pub format: String,
    pub version: u32,
    pub incidents: Vec<Row>,
}

/// Writes one document with problems and incidents, one object per line. Terminal control characters are escaped.
pub fn write(rows: &[Row], problems: &[Problem], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{\n\"format\": \"{FORMAT}\",\n\"version\": {VERSION},\n\"problems\": [")?;
    let objects = problems.iter().map(|p| ProblemObject {
        problem_id: &p.problem_id,
        status: p.status,
        cause: p.cause,
        kind: p.kind,
        confidence: p.confidence,
        problem: &p.problem,
        title: &p.title,
        explanation: &p.explanation,
        incidents: p.incidents.iter().filter_map(|&i| rows.get(i)).map(|r| &*r.incident_id).collect(),
        new_incidents: p.new,
        clients: &p.clients,
        targets: &p.targets,
        events: p.events,
        first_seen: &p.first_seen,
        last_seen: &p.last_seen,
        fix: &p.fix,
    });
    write_items(objects, out)?;
    out.write_all(b"],\n\"incidents\": [")?;
    write_items(rows, out)?;
    out.write_all(b"]\n}\n")
}

/// Writes the items of an array, one per line. The caller writes the brackets.
pub fn write_items(objects: impl IntoIterator<Item = impl Serialize>, out: &mut dyn Write) -> io::Result<()> {
    let mut any = false;
    for object in objects {
        out.write_all(if any { b",\n" } else { b"\n" })?;
        any = true;
        out.write_all(escape::escape_json(&object)?.as_bytes())?;
    }
    if any { out.write_all(b"\n") } else { Ok(()) }
}

/// Writes one incident per line.
pub fn write_lines(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    write_in_order(rows, out, |rows, piece| {
        rows.iter().try_for_each(|row| {
            piece.extend_from_slice(escape::escape_json(row)?.as_bytes());
            piece.push(b'\n');
            Ok(())
        })
    })
}
