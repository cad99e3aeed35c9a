//! Records: events as a log stores them, without their meaning.
//!
//! Every reader (decoder, `evtx` crate, XML, text, extraction) produces [`Record`]s.
//!
//! A file imports only files listed before it:
//!
//! 1. `record`, `selection`, `read_errors`: what every reader produces, and which records are wanted.
//! 2. `binxml`, `element_names`, `values`, `gate`, `template`, `compile`, `slack`, `template_cache`, `content_cache`,
//!    `rejected_records`, `fields`, `decode`: the records of a chunk, from tokens to the decoder.
//! 3. `sliding_buffer`, `xml`, `xml_stream`, `text`, `extracted`: records in XML, in text and in extractions.
//! 4. `fallback`: the `evtx` crate, for records that the decoder does not support. `reader` reads a chunk with both.

pub mod binxml;
mod compile;
mod content_cache;
#[cfg(test)]
mod damaged_chunks;
pub mod decode;
mod element_names;
pub mod extracted;
pub mod fallback;
mod fields;
pub mod gate;
pub mod read_errors;
pub mod reader;
mod record;
mod rejected_records;
pub mod selection;
pub mod slack;
mod sliding_buffer;
pub mod template;
mod template_cache;
pub mod text;
pub mod values;
pub mod xml;
pub mod xml_stream;

pub use read_errors::ReadErrors;
pub use record::{Content, Datum, MAX_VALUE, Record, RecordOrigin, Text};
pub use selection::{EventFilter, Selection};
