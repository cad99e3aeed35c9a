//! Recognises files that an inventory reader does not read: inputs of another option, and outputs of this program. In a folder
//! they are skipped. If the user passes one explicitly, the message says which option reads it.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::accounts::registry as accounts;
use super::addresses::registry::{self as addresses, Sample};
use crate::files::FileKind;
use crate::files::archived_files::each_archived_file;
use crate::files::kind::{is_own_output, sniff};
use crate::text::decode::decode;

/// Kinds of files in an archive that triage uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ArchiveContents {
    pub logs: bool,
    pub addresses: bool,
    pub accounts: bool,
}

impl ArchiveContents {
    /// Recognises each member of the archive at `path` by its first bytes. `kind` is that of the archive.
    pub(crate) fn read(path: &Path, kind: FileKind) -> Self {
        let mut contents = Self::default();
        // A member that cannot be read is reported by whoever reads the archive.
        let _ = each_archived_file(path, kind, &mut |member| {
            let mut head = Vec::new();
            let _ = member.reader.take(Sample::BYTES as u64).read_to_end(&mut head);
            match ForeignFile::recognise(&head) {
                Some(ForeignFile::Log | ForeignFile::Events) => contents.logs = true,
                Some(ForeignFile::Addresses) => contents.addresses = true,
                Some(ForeignFile::Accounts) => contents.accounts = true,
                Some(ForeignFile::Packed | ForeignFile::Report) | None => {}
            }
        });
        contents
    }

    pub(crate) fn has_inventory(self) -> bool {
        self.addresses || self.accounts
    }
}

/// A file that the calling reader does not read, by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForeignFile {
    Log,
    /// Events as JSON or CSV. An address in them is mostly that of another machine.
    Events,
    /// An archive or a compressed file.
    Packed,
    Addresses,
    Accounts,
    Report,
}

impl ForeignFile {
    /// Recognises a file that cannot be an inventory by its first bytes.
    pub(crate) fn sniff(head: &[u8]) -> Option<Self> {
        Self::of_kind(sniff(head))
    }

    fn of_kind(kind: FileKind) -> Option<Self> {
        match kind {
            FileKind::Evtx | FileKind::Xml | FileKind::Extract | FileKind::LegacyEvt | FileKind::Mta => {
                Some(Self::Log)
            }
            FileKind::Json | FileKind::Csv => Some(Self::Events),
            FileKind::Zip | FileKind::Gzip | FileKind::Zstd | FileKind::Tar | FileKind::OtherArchive => {
                Some(Self::Packed)
            }
            FileKind::Text | FileKind::Empty | FileKind::OtherText | FileKind::Other | FileKind::Capture => {
                None
            }
        }
    }

    /// Recognises a file by its first bytes, including inventories.
    pub(crate) fn recognise(head: &[u8]) -> Option<Self> {
        let kind = sniff(head);
        if let Some(other) = Self::of_kind(kind) {
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
            (kind == FileKind::Text).then_some(Self::Log)
        }
    }

    pub(crate) fn recognise_file(path: &Path) -> Option<Self> {
        let mut head = Vec::new();
        File::open(path).ok()?.take(Sample::BYTES as u64).read_to_end(&mut head).ok()?;
        Self::recognise(&head)
    }

    /// Says what the file is, and how to use it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Log => "this is a log and not an inventory; pass it without --interfaces or --spns",
            Self::Events => {
                "these are events and not an inventory: an address in an event usually belongs to the other side; pass the \
                 file without --interfaces or --spns"
            }
            Self::Packed => {
                "this is an archive of a kind that is not read (.7z, .xz, .rar, .cab, .bz2); unpack it and pass the folder"
            }
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
            assert_eq!(ForeignFile::recognise(head), other, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
