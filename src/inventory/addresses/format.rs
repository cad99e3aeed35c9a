//! The one list of formats, and what each is recognised by.

use std::io::Read;

use super::rows::Rows;
use super::{
    ansible, capture, dhcp_leases, dns_records, dnscmd, ipconfig, net_adapter, net_ip_address,
    nic_configuration, osquery, powershell_json, project_csv, server_alive_text,
};
use crate::inventory::other::Other;
use crate::inventory::text::Table;

/// An input format. Adding one is a file beside this one and a line in [`FORMATS`].
pub struct Format {
    /// As the documentation and the run's summary call it.
    pub name: &'static str,
    pub detect: fn(&Sample<'_>) -> bool,
    pub read: Reader,
}

/// How a format's content is handed over.
#[derive(Clone, Copy)]
pub enum Reader {
    /// The whole file, decoded.
    Text(fn(&str, &mut Rows<'_>) -> Result<(), Refusal>),
    /// From its first byte on, in bounded memory: captures may be larger than memory.
    Stream(fn(&mut (dyn Read + Send), &mut Rows<'_>) -> Result<(), Refusal>),
}

/// Why nothing of a file is used.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the export lost its data: {found}. Export it again with: {command}")]
    LostData { found: String, command: &'static str },
    #[error("{0}")]
    Unreadable(String),
    /// Nothing to be told of where it was met in a folder.
    #[error("{}", .0.advice())]
    Other(Other),
}

/// In this order; the first that recognises the content reads it.
pub const FORMATS: &[Format] = &[
    capture::FORMAT,
    capture::NETWORK_MONITOR,
    project_csv::FORMAT,
    dns_records::FORMAT,
    dhcp_leases::FORMAT,
    nic_configuration::WMIC,
    nic_configuration::EXPORT_CSV,
    net_ip_address::FORMAT,
    net_adapter::FORMAT,
    ansible::FORMAT,
    osquery::FORMAT,
    powershell_json::FORMAT,
    ipconfig::FORMAT,
    server_alive_text::IOXID_RESOLVER,
    server_alive_text::NETWORK_MONITOR,
    dnscmd::FORMAT,
];

/// Does one of them recognise the file?
pub fn is_known(sample: &Sample<'_>) -> bool {
    FORMATS.iter().any(|format| (format.detect)(sample))
}

/// What a format looks at: the first part of a file.
pub struct Sample<'s> {
    /// At most [`Sample::BYTES`].
    pub head: &'s [u8],
    /// The same, decoded.
    pub text: &'s str,
    /// The first line's cells as [`crate::inventory::text::column_key`] makes them; one for a text that is no table.
    pub columns: Vec<String>,
    /// The text in lower case.
    pub lower: String,
}

impl<'s> Sample<'s> {
    /// Enough for the longest header and for the first object of a JSON export.
    pub const BYTES: usize = 64 * 1024;

    pub fn new(head: &'s [u8], text: &'s str) -> Self {
        let columns = match text.trim_start().starts_with(['{', '[']) {
            true => Vec::new(),
            false => Table::open(text).map(|table| table.columns().to_vec()).unwrap_or_default(),
        };
        Sample { head, text, columns, lower: text.to_ascii_lowercase() }
    }

    /// True when the header has all of `names` (lower case, without blanks, `_` and `-`).
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.columns.iter().any(|column| column == name))
    }

    /// True when the header has one of `names`.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.columns.iter().any(|column| column == name))
    }

    /// True when the text is JSON, or lines of it.
    pub fn is_json(&self) -> bool {
        self.text.trim_start().starts_with(['{', '['])
    }

    /// True when the text has the JSON key, in any case.
    pub fn has_key(&self, key: &str) -> bool {
        let key = format!("\"{}\"", key.to_ascii_lowercase());
        let after =
            |at: usize| self.lower.get(at + key.len()..).is_some_and(|t| t.trim_start().starts_with(':'));
        self.lower.match_indices(&key).any(|(at, _)| after(at))
    }
}
