//! Writes EVTX logs for tests in the layouts of Windows.
//!
//! No public log has a Kerberos event 4 and no crate writes EVTX, so the tests make their logs here. The layouts were read
//! from real logs: that of the Kerberos provider from its event 5 (2019, Windows 7), that with 18 substitutions from
//! Windows 7 and Server 2016, and that without templates from the log of a collector. A comment marks each part that no
//! real log shows.
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

/// Size of a chunk in bytes.
pub const CHUNK: usize = 65536;
/// Size of the file header in bytes.
pub const FILE_HEADER: usize = 4096;

/// An undamaged chunk with every layout. It has few records, so that random damage mostly hits one.
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
