//! What an export format is.

use std::io::Read;

use super::collector::AccountCollector;
use crate::text::decode::TextReader;

/// The text of a file.
pub(super) type Text<'t> = TextReader<&'t mut dyn Read>;

/// One export format. Adding one is a file here and a line in [`FORMATS`](super::registry::FORMATS).
pub(super) struct Format {
    /// As the documentation has it.
    pub name: &'static str,
    /// Does the beginning of a text look like it?
    pub recognise: fn(&str) -> bool,
    pub read: fn(Text<'_>, &mut AccountCollector) -> Result<(), ReadError>,
    /// A file without any account has a meaning too (`setspn -X` without duplicates).
    pub may_be_empty: bool,
}

/// Why a file was not read to its end. Accounts read before stay.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error(
        "line {line}: the list of SPNs was lost when it was exported ({type_name}); export it again with: {command}"
    )]
    Flattened { line: u64, type_name: String, command: &'static str },
}

/// Is this what .NET writes for a list that nobody turned into text?
pub(super) fn is_type_name(text: &str) -> bool {
    matches!(
        text.trim(),
        "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"
            | "System.String[]"
            | "System.Object[]"
    )
}
