//! Addresses and networks that are shared on purpose.

use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;

use super::Error;

#[derive(Default)]
pub(super) struct Allowed(Vec<IpNet>);

impl Allowed {
    /// One address or network a line; what follows `#` is a comment.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else { return Ok(Self::default()) };
        let bytes =
            std::fs::read(path).map_err(|source| Error::Allow { path: path.to_path_buf(), source })?;
        let mut nets = Vec::new();
        for (n, line) in crate::text::decode::decode(&bytes).lines().enumerate() {
            let text = line.split('#').next().unwrap_or_default().trim().trim_start_matches('\u{feff}');
            if text.is_empty() {
                continue;
            }
            let net =
                text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                    Error::Allowed { path: path.to_path_buf(), line: n + 1, text: text.to_owned() }
                })?;
            nets.push(net);
        }
        Ok(Self(nets))
    }

    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }
}
