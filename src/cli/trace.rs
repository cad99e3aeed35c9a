//! `-vv` and `KRBTRIAGE_LOG`: a log of each decision and its reason on standard error, for people who maintain the program.

use std::io::Write;

use env_logger::Builder;
use log::LevelFilter;

use crate::text::escape::escape_control;

/// Environment variable with a filter of `env_logger`: `debug`, `krbtriage::diagnosis=trace`. It takes precedence over `-v`.
const VARIABLE: &str = "KRBTRIAGE_LOG";

/// Installs the logger if the variable is set or `-v` was passed at least twice. `verbosity_level` is the number of `-v`: two
/// log decisions, three log all details.
pub(super) fn start(verbosity_level: u8) {
    let filter = std::env::var(VARIABLE).ok().filter(|filter| !filter.trim().is_empty());
    let mut builder = Builder::new();
    match (filter, verbosity_level) {
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
    // This fails only if a user of the library has installed a logger already.
    let _ = builder.try_init();
}
