//! Reads the list of `--allow FILE`: addresses that are shared on purpose, and problems that are accepted for a time.
//!
//! One file may have both. An audit uses the addresses, a triage the problems.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use jiff::civil::Date;

use crate::files::{describe_read_error, read_regular};
use crate::report::row::is_id;
use crate::text::decode::decode;

/// Longest list in bytes. One with every network of a large forest is shorter.
const MAX_LEN: u64 = 64 << 20;

/// Why the list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AllowError {
    #[error("--allow {}: {}", path.display(), describe_read_error(path, source))]
    Read { path: PathBuf, source: io::Error },
    #[error(
        "--allow {}: line {line}: \"{text}\" is not an address, a network or a problem; write 192.0.2.0/24, or a problem with \
         its last day and the reason: p0123456789ab 2027-01-31 migration ends then", path.display()
    )]
    Line { path: PathBuf, line: usize, text: String },
    #[error(
        "--allow {}: line {line}: {id} needs a last day and a reason; write {id} 2027-01-31 migration ends then",
        path.display()
    )]
    Reason { path: PathBuf, line: usize, id: String },
}

/// Entry for a problem, or one of its incidents, that raises no alarm until a day is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AcceptedProblem {
    /// ID of the problem (`p` and 12 hexadecimal digits) or incident (`i` and 12 hexadecimal digits).
    pub id: String,
    /// The last day (UTC).
    pub until: Date,
    pub reason: String,
    /// Number of the line in the list.
    pub line: usize,
}

/// Entries of the list, in its order.
#[derive(Debug, Default)]
pub(super) struct AllowList {
    networks: Vec<IpNet>,
    pub accepted: Vec<AcceptedProblem>,
}

impl AllowList {
    /// Reads a list with one entry per line: an address, a network, or `ID DATE REASON`. `#` begins a comment, but not inside
    /// a reason.
    pub(super) fn read(path: Option<&Path>) -> Result<Self, AllowError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let bytes = read_regular(path, MAX_LEN)
            .map_err(|source| AllowError::Read { path: path.to_path_buf(), source })?;
        Self::parse(path, &decode(&bytes))
    }

    fn parse(path: &Path, text: &str) -> Result<Self, AllowError> {
        let mut list = Self::default();
        for (line, text) in (1..).zip(text.lines()) {
            let first = text.split_whitespace().next().unwrap_or_default();
            if is_id(first, &['p', 'i']) {
                list.accepted.push(parse_accepted(text, line).ok_or_else(|| AllowError::Reason {
                    path: path.to_path_buf(),
                    line,
                    id: first.to_owned(),
                })?);
                continue;
            }
            let text = text.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            list.networks.push(network.map_err(|_| AllowError::Line {
                path: path.to_path_buf(),
                line,
                text: text.to_owned(),
            })?);
        }
        Ok(list)
    }

    pub(super) fn has_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

fn parse_accepted(text: &str, line: usize) -> Option<AcceptedProblem> {
    let (id, rest) = text.trim().split_once(char::is_whitespace)?;
    let (until, reason) = rest.trim().split_once(char::is_whitespace)?;
    let reason = reason.trim();
    let until = until.parse().ok()?;
    (!reason.is_empty()).then(|| AcceptedProblem {
        id: id.to_ascii_lowercase(),
        until,
        reason: reason.to_owned(),
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_holds_addresses_and_accepted_problems() {
        let text = "# NLB\r\n192.0.2.0/24\r\n192.0.3.1 # one\r\n\r\n pAABBccddeeff  2027-01-31  ends with ticket #4711 \r\n";
        let list = AllowList::parse(Path::new("a"), text).unwrap();
        assert!(
            list.has_address("192.0.2.7".parse().unwrap()) && list.has_address("192.0.3.1".parse().unwrap())
        );
        assert!(!list.has_address("192.0.3.2".parse().unwrap()));
        let [accepted] = &list.accepted[..] else { panic!("{list:?}") };
        assert_eq!((&*accepted.id, &*accepted.reason), ("paabbccddeeff", "ends with ticket #4711"));
        assert_eq!((accepted.until, accepted.line), (jiff::civil::date(2027, 1, 31), 5));
    }

    #[test]
    fn an_accepted_problem_has_a_last_day_and_a_reason() {
        for (text, says) in [
            ("p0123456789ab", "needs a last day"),
            ("p0123456789ab 2027-01-31", "needs a last day"),
            ("p0123456789ab soon migration", "needs a last day"),
            ("p0123456789ab 2027-02-31 migration", "needs a last day"),
            ("p0123 2027-01-31 migration", "is not an address"),
            ("srv1", "is not an address"),
        ] {
            let error = AllowList::parse(Path::new("a"), text).unwrap_err().to_string();
            assert!(error.contains(says) && error.contains("line 1"), "{text}: {error}");
        }
    }
}
