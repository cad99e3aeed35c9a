//! All integration tests, in one binary: linking is most of a build. `tests/README.md` says what each module proves.
//!
//! One module: `cargo test --test it rules::`.

mod support;

mod accounts_formats;
mod accounts_owners;
mod accounts_samples;
mod answers;
mod audit;
mod bugs;
mod cases;
mod causes_doc;
mod engine;
mod documents;
mod evtx_writer;
mod evtx_writer_readers;
mod explain;
mod inputs;
mod here;
mod hostile;
#[cfg(unix)]
mod interrupted;
mod inventory_formats;
mod inventory_inputs;
mod inventory_samples;
mod monitoring;
mod inventory_tools;
mod mixed_kinds;
#[cfg(target_os = "linux")]
mod memory;
mod one_folder;
mod outputs;
mod packed_inventories;
mod packaging;
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
mod workbook;
mod zones;
#[cfg(windows)]
mod windows;
