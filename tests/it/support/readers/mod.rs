//! A corpus of events, and the form in which all readers' results are compared.

pub mod corpus;
pub mod read_event;
