//! Recognises files that an inventory reader does not read: inputs of another option, or this program's
//! outputs. In a folder they are skipped. For a file passed explicitly, the message says which option reads
//! it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::accounts::registry as accounts;
use super::addresses::registry::{self as addresses, Sample};
use crate::files::Kind;
use crate::files::kind::{is_own_output, sniff};
use crate::text::decode::decode;

/// The kind of a foreign file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForeignFile {
    Log,
    /// Events as JSON or CSV, in which an address is mostly the other side's.
    Events,
    /// Something packed, which is read where logs are.
    Packed,
    Addresses,
    Accounts,
    Report,
}

impl ForeignFile {
    /// Recognises the first bytes of a file that cannot be an inventory.
    pub(crate) fn by_bytes(head: &[u8]) -> Option<Self> {
        match sniff(head) {
            Kind::Evtx | Kind::Xml | Kind::Extract | Kind::LegacyEvt | Kind::Mta => Some(Self::Log),
            Kind::Json | Kind::Csv => Some(Self::Events),
            Kind::Zip | Kind::Gzip | Kind::Zstd | Kind::Tar | Kind::OtherArchive => Some(Self::Packed),
            Kind::Text | Kind::Empty | Kind::OtherText | Kind::Other | Kind::Capture => None,
        }
    }

    /// Recognises the first bytes of a file that the calling reader does not read.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        if let Some(other) = Self::by_bytes(head) {
            return Some(other);
        }
        let text = decode(head);
        if is_own_output(&text) {
            Some(Self::Report)
        } else if addresses::is_known(&Sample::new(head, &text)) {
            Some(Self::Addresses)
        } else if accounts::is_known(&text) {
            Some(Self::Accounts)
        } else {
            (sniff(head) == Kind::Text).then_some(Self::Log)
        }
    }

    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        let mut head = Vec::new();
        File::open(path).ok()?.take(Sample::BYTES as u64).read_to_end(&mut head).ok()?;
        Self::of(&head)
    }

    /// What the file is, and what to do with it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Log => "this is a log, no inventory; name it as one, without an option in front",
            Self::Events => {
                "these are events and no inventory: an address in them is mostly of the other side; name the file without \
                 an option in front"
            }
            Self::Packed => "this is packed; unpack it and name what is in it",
            Self::Addresses => "this shows which host owns which address; pass it with --interfaces",
            Self::Accounts => "this shows which account has which SPN; pass it with --spns",
            Self::Report => {
                "krbtriage wrote this about logs, and it is not an inventory; pass the files from which the report was made"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_elsewhere_is_known_here() {
        for (head, other) in [
            (&b"ElfFile\0"[..], Some(ForeignFile::Log)),
            (b"<Events><Event xmlns=''>", Some(ForeignFile::Log)),
            (b"Log Name: System\r\nSource: Kerberos\r\n", Some(ForeignFile::Log)),
            (b"{\"krbtriage\":1,\"type\":\"begin\"}", Some(ForeignFile::Log)),
            (b"PK\x03\x04", Some(ForeignFile::Packed)),
            (b"host,address\nSRV1,192.0.2.1\n", Some(ForeignFile::Addresses)),
            (b"account,domain,spn\nSRV1$,a.example,host/srv1\n", Some(ForeignFile::Accounts)),
            (b"dn: CN=SRV1,DC=a\nsAMAccountName: SRV1$\n", Some(ForeignFile::Accounts)),
            (b"incident_id,problem_id,status\n", Some(ForeignFile::Report)),
            (b"hello", None),
            (b"", None),
        ] {
            assert_eq!(ForeignFile::of(head), other, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
