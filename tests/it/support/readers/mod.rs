//! A corpus of logs, and what each reader found in it.

pub mod corpus;
pub mod read_event;
