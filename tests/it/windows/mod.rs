//! Features of Windows: wildcards that the shell leaves to the program, drives, shares, long paths, locks, consoles. On
//! Debian `tests/windows/run` runs these tests under Wine.

// Pipes, locks and console signals have no safe interface.
#![allow(unsafe_code)]

mod interrupted;
mod locked;
mod paths;
mod status;
mod support;
mod text;
