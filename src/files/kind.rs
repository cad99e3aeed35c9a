//! What a file is, by its first bytes and never by its extension.

/// The kinds of log the program reads, and those it can name but does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `ElfFile\0`, or bare chunks (`ElfChnk\0`) without a file header.
    Evtx,
    /// Event XML: `<Events>`, `<Event`, with or without a root, UTF-8 or UTF-16.
    Xml,
    /// Text copied from Event Viewer (`Log Name:` ... `Computer:` ... `Description:`).
    Text,
    Zip,
    Gzip,
    /// `LfLe`: the log format of Windows 2000, XP and 2003. Named, not read.
    LegacyEvt,
    /// Message-table archive beside a saved log. Not needed, passed over.
    Mta,
    Empty,
    /// Anything else.
    Other,
}
