//! Addresses and networks that are shared on purpose.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use crate::files::{describe_read_error, read_regular};
use crate::text::decode::decode;

/// A list of every network of a large forest is smaller.
const MAX_LEN: u64 = 64 << 20;

/// Why the list could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AllowError {
    #[error("--allow {}: {}", path.display(), describe_read_error(path, source))]
    Read { path: PathBuf, source: io::Error },
    #[error("--allow {}: line {line}: \"{text}\" is neither an address nor a network; write one per line, such as 192.0.2.0/24", path.display())]
    Line { path: PathBuf, line: usize, text: String },
}

/// The list, in its order.
#[derive(Default)]
pub(super) struct Allowed(Vec<IpNet>);

impl Allowed {
    /// One address or network per line; `#` begins a comment.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, AllowError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let bytes = read_regular(path, MAX_LEN)
            .map_err(|source| AllowError::Read { path: path.to_path_buf(), source })?;
        let mut nets = Vec::new();
        for (n, line) in decode(&bytes).lines().enumerate() {
            let text = line.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            let net =
                text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                    AllowError::Line { path: path.to_path_buf(), line: n + 1, text: text.to_owned() }
                })?;
            nets.push(net);
        }
        Ok(Self(nets))
    }

    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}
