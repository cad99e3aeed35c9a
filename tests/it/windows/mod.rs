//! What only Windows has: wildcards left to the program, drives, shares, long paths, locks, consoles. On Debian
//! `tests/windows/run` runs it under Wine.

mod interrupted;
mod locked;
mod paths;
mod status;
mod support;
mod text;
