//! The option `--timezone` of several commands.

use clap::Args;

use crate::zone::Zone;

/// Time zone in which a person reads and writes times.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ZoneOption {
    /// Read and show times in this zone [default: this machine's].
    ///
    /// An IANA name (Europe/Berlin), an offset (+02:00), UTC or local. Texts, workbooks and pages show their times in it; a page
    /// can switch to UTC and to the browser's zone. Times without a zone, as in an event that was copied from Event Viewer, are
    /// read in it. CSV, JSON and the state are always UTC.
    #[arg(long, value_name = "ZONE", help_heading = "Behaviour", allow_hyphen_values = true)]
    timezone: Option<Zone>,
}

impl ZoneOption {
    pub(in crate::cli) fn zone(&self) -> Zone {
        self.timezone.clone().unwrap_or_else(Zone::of_this_machine)
    }
}
