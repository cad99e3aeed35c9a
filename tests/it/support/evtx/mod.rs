//! Writes EVTX logs for tests, laid out as Windows lays them out.
//!
//! No public log holds a Kerberos event 4 and no crate writes EVTX, so the logs the tests read are made here.
//! Every layout was read byte by byte from real logs: the Kerberos provider's from its event 5
//! (2019, Windows 7), the 18-substitution one from Windows 7 and Server 2016, the one without templates from
//! a collector's log. What could not be seen in a real log says so where it is written.
//!
//! ```ignore
//! use crate::support::evtx::{kerberos_event4, EvtxWriter};
//!
//! let log = EvtxWriter::new()
//!     .event(
//!         kerberos_event4("SRV1.a.example", "srv1$", "A.EXAMPLE", "host/srv2.b.example", "B.EXAMPLE")
//!             .at("2026-10-06T21:13:09Z"),
//!     )
//!     .finish();
//! ```
//!
//! Benches, examples and fuzz targets include it through `#[path]`; each uses a part of it.

mod binxml;
mod chunk;
mod event;
mod layout;
mod providers;
mod value;
mod writer;

pub use event::{Event, Layout, Payload, Provider, filetime};
pub use providers::*;
pub use value::{Value, sid};
pub use writer::{Damage, EvtxWriter};

/// Bytes of a chunk and of the file header block.
pub const CHUNK: usize = 65536;
pub const FILE_HEADER: usize = 4096;

/// A sound chunk with every layout; short, so that damage mostly hits something.
pub fn chunk_of_every_layout() -> Vec<u8> {
    let client = "CLIENT1.alpha.example.com";
    let event4 =
        || kerberos_event4(client, "srv1$", "ALPHA.EXAMPLE", "host/srv2.beta.example", "BETA.EXAMPLE");
    let log = EvtxWriter::new()
        .event(event4())
        .event(event4().forwarded("The Kerberos client received"))
        .event(event_log(client, 6013, &["", "1", "60"]))
        .event(dcom_10028(client, "srv7", "svchost.exe"))
        .event(dns_client_8015(client, "client1", "alpha.example.com", &["192.0.2.1"]))
        .event(user_pnp_20001(client, "oem1.inf", "USB\\VID_04B3", "IBM USB Remote NDIS"))
        .event(kerberos_event5(client, "srv1$", "ALPHA.EXAMPLE"))
        .event(event4())
        .finish();
    log[FILE_HEADER..FILE_HEADER + CHUNK].to_vec()
}
