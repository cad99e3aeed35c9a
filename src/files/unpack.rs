//! Unpacks `.gz`, `.zst` and `.tar` as a stream, within limits that a hostile archive cannot exceed.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use zip::result::ZipError;

use super::kind::{FileKind, SNIFF_LEN, sniff};

/// Longest member list of a zip archive in bytes, enough for some 80,000 members. It is kept in memory.
pub const MAX_MEMBER_LIST: u64 = 8 << 20;

/// Maximum number of members read from one zip archive, including those of archives inside it.
pub const MAX_MEMBERS: usize = 100_000;

/// Largest archive in bytes that is read inside another one. It is kept in memory.
pub const MAX_INNER_ARCHIVE: u64 = 16 << 20;

/// Bytes that any archive may unpack to: 4 GiB, the largest log that Windows keeps. A log may be mostly reserved zeros,
/// which pack to nearly nothing.
const MAX_UNPACKED: u64 = 4 << 30;

/// Factor of its own size that an archive may unpack to, in addition to [`MAX_UNPACKED`]. Packing shrinks a log 10 to 20
/// times.
const MAX_UNPACKED_RATIO: u64 = 200;

/// Why an archive or a member of it is not read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("it is encrypted; unpack it with its password and name the files")]
    Encrypted,
    #[error("it is compressed with a method that is not read (deflate is); unpack it and name the files")]
    Method,
    #[error("its list of members is longer than {} MiB; unpack it and name the folder", MAX_MEMBER_LIST >> 20)]
    TooManyMembers,
    #[error("it is an archive of more than {} MiB inside an archive; unpack that one", MAX_INNER_ARCHIVE >> 20)]
    InnerTooBig,
    #[error("it is an archive inside an archive inside an archive; unpack the outer ones")]
    TooDeep,
    #[error(
        "it unpacks to more than {} GiB and {MAX_UNPACKED_RATIO} times its size, so reading stopped; \
         if that is right, unpack it and name the files",
        MAX_UNPACKED >> 30
    )]
    Bomb,
    #[error("it is not a whole archive ({0}); copy or make it again")]
    Broken(Cow<'static, str>),
    #[error("cannot be read: {0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for ArchiveError {
    fn from(error: io::Error) -> Self {
        // A reader of ours wraps this type in an `io::Error`.
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Broken("it ends early".into())
            }
            // The zip crate reports an unsupported compression method this way.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Self::Method,
            Err(error) => Self::Io(error),
        }
    }
}

impl From<ZipError> for ArchiveError {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => Self::from(error),
            ZipError::CompressionMethodNotSupported(_) => Self::Method,
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
                Self::Encrypted
            }
            ZipError::UnsupportedArchive(what) => Self::Broken(what.into()),
            ZipError::InvalidArchive(what) => Self::Broken(what),
            other => Self::Broken(other.to_string().into()),
        }
    }
}

/// The number of bytes that an archive may still unpack to. All readers of its members share it.
#[derive(Debug)]
pub struct Budget(AtomicU64);

impl Budget {
    /// Makes the budget of an archive of `size` bytes.
    pub fn new(size: u64) -> Self {
        Self(AtomicU64::new(MAX_UNPACKED.saturating_add(size.saturating_mul(MAX_UNPACKED_RATIO))))
    }

    /// Fails if fewer than `bytes` are left.
    fn spend(&self, bytes: u64) -> io::Result<()> {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes))
            .map(drop)
            .map_err(|_| io::Error::other(ArchiveError::Bomb))
    }
}

/// A reader that counts what it reads against a budget.
pub(super) struct BudgetReader<'a, R> {
    pub inner: R,
    pub budget: &'a Budget,
}

impl<R: Read> Read for BudgetReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.budget.spend(n as u64)?;
        Ok(n)
    }
}

/// Unpacks all members of a `.gz` file in order.
pub fn gunzip<'a>(packed: impl Read + 'a, budget: &'a Budget) -> impl Read + 'a {
    BudgetReader { inner: MultiGzDecoder::new(packed), budget }
}

/// Binary logarithm of the largest window of a `.zst` file: 8 MiB, enough for `zstd -19` and lower levels. The file
/// chooses the window, and unpacking keeps it in memory.
const MAX_ZSTD_WINDOW_LOG: u32 = 23;

/// Unpacks all frames of a `.zst` file in order.
pub fn unzstd<'a>(packed: impl Read + 'a, budget: &'a Budget) -> io::Result<impl Read + 'a> {
    let mut decoder = zstd::Decoder::new(packed)?;
    decoder.window_log_max(MAX_ZSTD_WINDOW_LOG)?;
    Ok(BudgetReader { inner: decoder, budget })
}

/// A file of a `.tar` archive.
pub struct TarFile<'t> {
    /// Path in the archive. It may contain anything, including control characters.
    pub name: String,
    pub kind: FileKind,
    /// Modification time in the header (UTC). `None` for 0, which tools write when they omit the time.
    pub written: Option<Timestamp>,
    pub content: &'t mut dyn Read,
}

/// Passes each regular file of a `.tar` archive to `callback`, from front to back.
///
/// The error says where reading stopped and what to do. A forged header may promise any length, and a sparse file has holes
/// of any length, so the bytes of each file count against the budget. `prefix` is put before each name.
pub fn each_tar_file(
    packed: impl Read,
    budget: &Budget,
    prefix: &str,
    mut callback: impl FnMut(TarFile<'_>),
) -> Result<(), String> {
    let mut archive = tar::Archive::new(packed);
    let entries = archive
        .entries()
        .map_err(|error| format!("it is not a whole archive ({error}); copy or make it again"))?;
    for entry in entries {
        let entry = entry
            .map_err(|error| format!("reading of the archive stopped: {error}; copy or make it again"))?;
        let kind = entry.header().entry_type();
        if !(kind.is_file() || kind.is_gnu_sparse() || kind.is_contiguous()) {
            continue;
        }
        let name = format!("{prefix}{}", String::from_utf8_lossy(&entry.path_bytes()));
        let seconds = entry.header().mtime().ok().and_then(|seconds| i64::try_from(seconds).ok());
        let written = seconds.filter(|s| *s > 0).and_then(|s| Timestamp::from_second(s).ok());
        let mut content = BudgetReader { inner: entry, budget };
        let mut head = Vec::new();
        if let Err(error) = content.by_ref().take(SNIFF_LEN as u64).read_to_end(&mut head) {
            return Err(format!("{name}: reading stopped: {error}; copy or make it again"));
        }
        let kind = sniff(&head);
        callback(TarFile { name, kind, written, content: &mut head.as_slice().chain(content) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_where_the_budget_ends() {
        let budget = Budget(AtomicU64::new(100));
        let zeros = || BudgetReader { inner: io::repeat(0), budget: &budget };
        let mut first = [1; 60];
        zeros().read_exact(&mut first).unwrap();
        let error = zeros().read(&mut [1; 60]).unwrap_err();
        assert!(error.to_string().contains("unpacks to more than 4 GiB"), "{error}");
        assert!(matches!(ArchiveError::from(error), ArchiveError::Bomb));
        // Other threads use the remaining work.
        zeros().read_exact(&mut [1; 40]).unwrap();
    }

    #[test]
    fn the_hole_of_a_sparse_file_in_a_tar_counts_against_the_budget() {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNUSparse);
        header.set_path("events.txt").unwrap();
        header.set_size(512);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.sparse[0].offset.copy_from_slice(b"00000000000\0");
        gnu.sparse[0].numbytes.copy_from_slice(b"00000001000\0");
        gnu.sparse[1].offset.copy_from_slice(b"77777777777\0");
        gnu.sparse[1].numbytes.copy_from_slice(b"00000000000\0");
        gnu.realsize.copy_from_slice(b"77777777777\0");
        header.set_cksum();
        let archive = [&header.as_bytes()[..], &[b'x'; 512], &[0; 1024]].concat();
        let budget = Budget(AtomicU64::new(1 << 20));
        let mut errors = Vec::new();
        let result = each_tar_file(&archive[..], &budget, "", |file| {
            errors.extend(io::copy(file.content, &mut io::sink()).err());
        });
        assert!(matches!(ArchiveError::from(errors.pop().unwrap()), ArchiveError::Bomb), "{result:?}");
    }

    #[test]
    fn the_budget_grows_with_the_archive_and_never_overflows() {
        assert_eq!(Budget::new(0).0.into_inner(), MAX_UNPACKED);
        assert_eq!(Budget::new(1 << 30).0.into_inner(), MAX_UNPACKED + (200 << 30));
        assert_eq!(Budget::new(u64::MAX).0.into_inner(), u64::MAX);
    }
}
