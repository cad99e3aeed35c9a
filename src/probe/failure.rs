//! Why a host gave no addresses.

use std::io;
use std::time::Duration;

/// `nca_s_fault_access_denied` (C706 appendix E), and Windows' own number for it (`ERROR_ACCESS_DENIED`).
const ACCESS_DENIED: [u32; 2] = [0x1c00_001d, 5];
/// `nca_s_unk_if`, and Windows' own number for it (`RPC_S_UNKNOWN_IF`).
const UNKNOWN_INTERFACE: [u32; 2] = [0x1c01_0003, 1717];
/// `nca_s_op_rng_error`, and Windows' own number for it (`RPC_S_PROCNUM_OUT_OF_RANGE`).
const UNKNOWN_OPERATION: [u32; 2] = [0x1c01_0002, 1745];
/// `nca_s_server_too_busy`, and Windows' own number for it (`RPC_S_SERVER_TOO_BUSY`).
const TOO_BUSY: [u32; 2] = [0x1c01_0014, 1723];

/// Why a host gave no addresses. The text continues a sentence that begins with the host's name.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the name does not resolve ({0}). Check its spelling, or probe an address.")]
    Unresolved(io::Error),
    #[error("the name did not resolve within {}. Probe an address, or raise --timeout.", seconds(.0))]
    SlowName(Duration),
    #[error(
        "the connection was refused. Nothing listens on this port, or a firewall rejects the connection."
    )]
    Refused,
    #[error("no answer within {}. The host is off, or a firewall drops the connection.", seconds(.0))]
    Timeout(Duration),
    #[error("the host accepted the connection and did not answer within {}. Try a longer --timeout.", seconds(.0))]
    Silent(Duration),
    #[error("the connection failed ({0}).")]
    Connection(io::Error),
    #[error(
        "the host closed the connection without an answer. What listens there is not the RPC endpoint mapper, or a firewall cut the connection."
    )]
    Closed,
    #[error(
        "access denied. The host accepts no RPC call without authentication (policy \"Restrict Unauthenticated RPC clients\")."
    )]
    AccessDenied,
    #[error("the host has no object exporter (IObjectExporter). It is not Windows, or DCOM is turned off.")]
    NoObjectExporter,
    #[error("the host does not know ServerAlive2. Its DCOM is older than version 5.6.")]
    NoServerAlive2,
    #[error("the host is too busy to answer. Try again later.")]
    TooBusy,
    #[error("the host rejected the call with status 0x{0:08x}.")]
    Status(u32),
    #[error("the host rejected the connection for RPC (bind_nak, reason {0}).")]
    BindRejected(u16),
    #[error("the answer is not valid: {0}. It is not used.")]
    Malformed(&'static str),
}

impl Failure {
    /// The failure that a status means, whether from a fault PDU or from the answer.
    pub(super) fn from_status(status: u32) -> Self {
        match status {
            s if ACCESS_DENIED.contains(&s) => Self::AccessDenied,
            s if UNKNOWN_INTERFACE.contains(&s) => Self::NoObjectExporter,
            s if UNKNOWN_OPERATION.contains(&s) => Self::NoServerAlive2,
            s if TOO_BUSY.contains(&s) => Self::TooBusy,
            s => Self::Status(s),
        }
    }

    /// The failure of an exchange over an open connection. `timeout` is the limit of the whole exchange.
    pub(super) fn from_exchange(error: io::Error, timeout: Duration) -> Self {
        use io::ErrorKind::*;
        match error.kind() {
            // Unix and Windows name the end of a read's time differently.
            TimedOut | WouldBlock => Self::Silent(timeout),
            _ => Self::from_connect(error, timeout),
        }
    }

    /// The failure to open a connection within `timeout`.
    pub(super) fn from_connect(error: io::Error, timeout: Duration) -> Self {
        use io::ErrorKind::*;
        match error.kind() {
            ConnectionRefused => Self::Refused,
            TimedOut => Self::Timeout(timeout),
            UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected => Self::Closed,
            _ => Self::Connection(error),
        }
    }
}

fn seconds(time: &Duration) -> String {
    let seconds = (time.as_secs_f64() * 10.0).round() / 10.0;
    if seconds == 1.0 { "1 second".to_owned() } else { format!("{seconds} seconds") }
}
