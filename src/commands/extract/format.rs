//! The formats of an extraction.

/// How the rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// The first line names the columns. The cell `data` is the JSON of the other format.
    #[default]
    Csv,
    /// One object per line, its members named as the columns. `data` is a list of `{"name": ..., "value": ...}` in the
    /// event's order; the name is `null` where the value has none.
    JsonLines,
    /// Everything that a triage needs of these logs: see [`crate::records::extracted`].
    ForTriage,
}
