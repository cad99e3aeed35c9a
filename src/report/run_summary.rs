//! Writes the result of reading each input as JSON Lines (`--summary FILE`).

use std::io::{self, Write};

use serde::Serialize;

use super::Reading;
use crate::inventory::InventoryFile;
use crate::scan::FileReport;
use crate::text::escape::escape_json;

/// Line of one input.
#[derive(Serialize)]
#[serde(tag = "input", rename_all = "lowercase")]
enum InputLine<'a> {
    Log(&'a FileReport),
    Inventory(&'a InventoryFile),
    Missing { path: String, problems: [String; 1] },
}

/// Writes a line for each input.
pub fn write(read: &Reading<'_>, out: &mut dyn Write) -> io::Result<()> {
    let missing = read
        .unfound
        .iter()
        .map(|e| InputLine::Missing { path: e.path.display().to_string(), problems: [e.to_string()] });
    let logs = read.logs.iter().map(InputLine::Log);
    let inventories = read.inventories.iter().map(InputLine::Inventory);
    for line in logs.chain(inventories).chain(missing) {
        out.write_all(escape_json(&line)?.as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
