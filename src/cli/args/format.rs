//! The value of `--format`.

use crate::cli::terminal;
use crate::report::Format;

pub(super) fn format_named(name: &str) -> Result<Format, String> {
    let all = || Format::ALL.map(Format::name).join(", ");
    Format::ALL
        .into_iter()
        .find(|f| f.name() == name)
        .map(|f| if let Format::Text(_) = f { Format::Text(terminal::paper()) } else { f })
        .ok_or_else(|| format!("\"{name}\" is not a valid format; write one of {}", all()))
}
