//! Extraction on many machines and triage on one, through the real binary.

mod hostile;
mod lines;
mod merge;
mod packing;
mod sets;
mod signals;
mod world;
