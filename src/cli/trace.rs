//! `-vv` and `KRBTRIAGE_LOG`: a log of each decision and its reason on standard error, for people who maintain the program.

use std::io::Write;

use env_logger::Builder;
use log::LevelFilter;

use crate::text::escape::escape_control;

/// Holds a filter as `env_logger` reads it: `debug`, `krbtriage::diagnosis=trace`. It takes precedence over `-v`.
const VARIABLE: &str = "KRBTRIAGE_LOG";

/// Installs the logger where it is asked for. `verbosity` is the number of `-v`: two log decisions, three every detail.
pub(super) fn start(verbosity: u8) {
    let filter = std::env::var(VARIABLE).ok().filter(|filter| !filter.trim().is_empty());
    let mut builder = Builder::new();
    match (filter, verbosity) {
        (Some(filter), _) => builder.parse_filters(&filter),
        (None, 0 | 1) => return,
        (None, 2) => builder.filter_module("krbtriage", LevelFilter::Debug),
        (None, _) => builder.filter_module("krbtriage", LevelFilter::Trace),
    };
    // Names in a message come from logs and may hold escape sequences.
    builder.format(|out, record| {
        let message = record.args().to_string();
        writeln!(
            out,
            "{} {}: {}",
            record.level().as_str().to_lowercase(),
            record.target(),
            escape_control(&message)
        )
    });
    // Fails only where a logger is installed already, as a user of the library may have done.
    let _ = builder.try_init();
}
