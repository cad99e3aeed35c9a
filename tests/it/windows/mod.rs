//! What only Windows has: wildcards left to the program, drives, shares, long paths, locks, consoles. On Debian
//! `tests/windows/run` runs it under Wine.

// Pipes, locks and console signals have no safe interface.
#![allow(unsafe_code)]

mod interrupted;
mod locked;
mod paths;
mod status;
mod support;
mod text;
