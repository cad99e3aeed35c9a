//! Writes EVTX logs for tests, laid out as Windows lays them out.
//!
//! No public log holds a Kerberos event 4 and no crate writes EVTX, so the logs the tests read are made here.
//! Every layout was read byte by byte from real logs: the Kerberos provider's from its event 5
//! (2019, Windows 7), the 18-substitution one from Windows 7 and Server 2016, the one without templates from
//! a collector's log. What could not be seen in a real log says so where it is written.
//!
//! ```ignore
//! #[path = "support/evtx/mod.rs"]
//! mod evtx_writer;
//! use evtx_writer::{kerberos_event4, EvtxWriter};
//!
//! let log = EvtxWriter::new()
//!     .event(
//!         kerberos_event4("SRV1.a.example", "srv1$", "A.EXAMPLE", "host/srv2.b.example", "B.EXAMPLE")
//!             .at("2026-10-06T21:13:09Z"),
//!     )
//!     .finish();
//! ```
//!
//! Shared by tests, benches and examples through `#[path]`; each uses a part of it.
#![allow(dead_code, unused_imports)]

mod binxml;
mod chunk;
mod event;
mod layout;
mod providers;
mod value;
mod writer;

pub use event::{Event, Layout, Payload, Provider, Rendering, filetime};
pub use providers::*;
pub use value::{Value, guid, sid};
pub use writer::{Damage, EvtxWriter, FileHeader};

/// Bytes of a chunk and of the file header block.
pub const CHUNK: usize = 65536;
pub const FILE_HEADER: usize = 4096;
