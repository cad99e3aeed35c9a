//! The interface of an export format.

use std::io::Read;

use super::collector::AccountCollector;
use crate::text::decode::TextReader;

/// The text of a file.
pub(super) type Text<'t> = TextReader<&'t mut dyn Read>;

/// An export format. A new one is a file in this folder and a line in [`FORMATS`](super::registry::FORMATS).
pub(super) struct Format {
    /// The name of the format in the documentation and the run's summary.
    pub name: &'static str,
    /// Recognises the format by the start of the text.
    pub recognise: fn(&str) -> bool,
    pub read: fn(Text<'_>, &mut AccountCollector) -> Result<(), ReadError>,
    /// Is a file without accounts valid? `setspn -X` writes one if there are no duplicates.
    pub may_be_empty: bool,
}

/// Why a file was not read to its end. The accounts read before that stay.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error(
        "line {line}: the list of SPNs was lost when it was exported ({type_name}); export it again with: {command}"
    )]
    Flattened { line: u64, type_name: String, command: &'static str },
}

/// Is this the type name that .NET writes for a list that was not converted to text?
pub(super) fn is_type_name(text: &str) -> bool {
    matches!(
        text.trim(),
        "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"
            | "System.String[]"
            | "System.Object[]"
    )
}
