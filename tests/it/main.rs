//! All integration tests, in one binary: linking is most of a build. `tests/README.md` says what each module proves.
//!
//! `cargo test --test it rules::` runs one module.

mod support;

mod accounts_formats;
mod accounts_owners;
mod accounts_samples;
mod answers;
mod audit;
mod bugs;
mod cases;
mod causes_doc;
mod documents;
mod engine;
mod evtx_writer;
mod evtx_writer_readers;
mod explain;
mod here;
mod hostile;
mod inputs;
#[cfg(unix)]
mod interrupted;
mod inventory_command;
mod inventory_formats;
mod inventory_inputs;
mod inventory_samples;
mod inventory_tools;
#[cfg(target_os = "linux")]
mod memory;
mod mixed_kinds;
mod monitoring;
mod one_folder;
mod outputs;
mod packaging;
mod packed_inventories;
mod probe;
mod rules;
mod samples;
mod scale;
mod scheduled;
mod simulation;
mod terminal;
mod triage;
mod variants;
mod verdicts;
#[cfg(windows)]
mod windows;
mod workbook;
mod zones;
