//! Asks hosts which addresses they offer to DCOM clients: one `IObjectExporter::ServerAlive2` call to TCP port 135, without
//! authentication, as Windows itself makes it before it chooses an address (MS-DCOM 3.1.2.5.1.6).
//!
//! This and [`network`] are the only code that opens connections. A host gets one connection for each of its addresses until
//! one answers, two PDUs of 72 and 24 bytes, and no second attempt.
//!
//! ByteOrder of the files: [`failure`], [`exchange`] (what goes over a connection), [`network`] (names and connections),
//! [`hosts`] (many hosts at once).

mod exchange;
mod failure;
mod hosts;
mod network;

pub use exchange::server_alive2;
pub use failure::Failure;
pub use hosts::{HostProgress, Options, Probe, probe};
pub use network::{Network, Resolution};
