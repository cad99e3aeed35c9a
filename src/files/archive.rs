//! Logs inside `.zip`, `.gz` and `.zst`: unpacked in memory as they are read, and never to disk.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use zip::ZipArchive;
use zip::extra_fields::ExtraField;
use zip::read::{OwnedZipFileEntry, ZipFile, ZipReadOptions};
use zip::result::ZipError;

use super::kind::{Kind, SNIFF_LEN, sniff};

/// Most bytes read to list an archive's members: some 80,000 of them. The list is kept in memory.
pub const MAX_MEMBER_LIST: u64 = 8 << 20;

/// Most members read of one archive, including those of archives inside it.
pub const MAX_MEMBERS: usize = 100_000;

/// Largest archive read inside another one, because it has to be in memory. Archives inside that one are not
/// read.
pub const MAX_INNER_ARCHIVE: u64 = 16 << 20;

/// Most bytes unpacked from an archive: 4 GiB (the largest log that Windows keeps, perhaps mostly reserved
/// zeros), and 200 times its own size (logs shrink to a tenth or a twentieth).
pub const MAX_UNPACKED: u64 = 4 << 30;
pub const MAX_RATIO: u64 = 200;

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
        "it unpacks to more than {} GiB and {MAX_RATIO} times its size, so reading stopped; \
         if that is right, unpack it and name the files",
        MAX_UNPACKED >> 30
    )]
    Bomb,
    #[error("it is not a whole archive ({0}); copy or make it again")]
    Broken(Cow<'static, str>),
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl From<ZipError> for ArchiveError {
    fn from(error: ZipError) -> Self {
        match error {
            // The library wraps our own error.
            ZipError::Io(error) => match error.downcast::<Self>() {
                Ok(ours) => ours,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Self::Broken("it ends early".into())
                }
                // The library reports an unsupported compression method this way.
                Err(error) if error.kind() == io::ErrorKind::Unsupported => Self::Method,
                Err(error) => Self::Io(error),
            },
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

/// Remaining number of bytes that an archive may unpack to. All readers of its members share it.
#[derive(Debug)]
pub struct Budget(AtomicU64);

impl Budget {
    /// For an archive of `size` bytes.
    pub fn new(size: u64) -> Self {
        Self(AtomicU64::new(MAX_UNPACKED.saturating_add(size.saturating_mul(MAX_RATIO))))
    }

    fn spend(&self, bytes: u64) -> io::Result<()> {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes))
            .map(drop)
            .map_err(|_| io::Error::other(ArchiveError::Bomb))
    }
}

/// Reads unpacked data within the budget.
struct Unpacked<'a, R> {
    inner: R,
    budget: &'a Budget,
}

impl<R: Read> Read for Unpacked<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.budget.spend(n as u64)?;
        Ok(n)
    }
}

/// Unpacks a `.gz` file (all its members in order).
pub fn gunzip<'a>(packed: impl Read + 'a, budget: &'a Budget) -> impl Read + 'a {
    Unpacked { inner: MultiGzDecoder::new(packed), budget }
}

/// Largest window of a `.zst` file as a power of two: 8 MiB, enough for `zstd -19` and lower levels. The file
/// chooses the window, and unpacking keeps it in memory.
const MAX_WINDOW: u32 = 23;

/// Unpacks a `.zst` file (all its frames in order).
pub fn unzstd<'a>(packed: impl Read + 'a, budget: &'a Budget) -> io::Result<impl Read + 'a> {
    let mut decoder = zstd::Decoder::new(packed)?;
    decoder.window_log_max(MAX_WINDOW)?;
    Ok(Unpacked { inner: decoder, budget })
}

/// A reader of unpacked data that counts against `budget`, for content that is not counted yet.
pub fn spending<'a>(inner: impl Read + 'a, budget: &'a Budget) -> impl Read + 'a {
    Unpacked { inner, budget }
}

/// Names the members of an archive that holds no log.
pub fn no_log_in(members: &[(String, Kind)]) -> String {
    const SHOWN: usize = 3;
    if members.iter().any(|(name, _)| name == "[Content_Types].xml") {
        return "this is a document of Office; save the sheet as CSV, or copy the text in it to a text file"
            .to_owned();
    }
    let shown: Vec<String> =
        members.iter().take(SHOWN).map(|(name, kind)| format!("{name} ({})", kind.name())).collect();
    let mut text = match members.is_empty() {
        true => "the archive is empty".to_owned(),
        false => format!("there is no log in it, only {}", shown.join(", ")),
    };
    if members.len() > SHOWN {
        text.push_str(&format!(" and {} more", members.len() - SHOWN));
    }
    text.push_str("; export the log with `wevtutil epl System System.evtx`, or unpack what is packed in it");
    text
}

/// A zip archive's members.
#[derive(Debug)]
pub struct Listing {
    pub members: Vec<Member>,
    pub budget: Budget,
    /// The error of the archive as a whole.
    pub read_errors: Vec<String>,
}

/// A member of a zip archive, in the archive's order.
#[derive(Debug)]
pub struct Member {
    entry: OwnedZipFileEntry,
    /// The member itself, or its members if it is an archive.
    pub parts: Vec<Part>,
    /// Size in bytes, as the archive states it.
    pub packed: u64,
}

/// A file in an archive.
#[derive(Debug)]
pub struct Part {
    /// Index in the archive inside the archive.
    inner: Option<OwnedZipFileEntry>,
    /// `inner/System.evtx`, or `inner.zip!System.evtx`. It may contain anything, including control
    /// characters.
    pub name: String,
    pub kind: Kind,
    /// Bytes unpacked, as the archive says.
    pub len: u64,
    /// When the file was written, as the archive says.
    pub written: Option<Timestamp>,
    /// Why it is not read.
    pub refusal: Option<ArchiveError>,
}

/// Lists the zip archive at `path` and recognises each member by its first bytes.
pub fn list(path: &Path) -> Result<Listing, ArchiveError> {
    let file = File::open(path)?;
    let budget = Budget::new(file.metadata()?.len());
    let (entries, mut file, duplicates) = entries(file)?;
    let mut listing = Listing { members: Vec::new(), budget, read_errors: Vec::new() };
    if duplicates {
        listing.read_errors.push("members have the same name; of each name only the last is read: make the archive again with names of their own".to_owned());
    }
    let mut room = MAX_MEMBERS;
    for entry in entries {
        if room == 0 {
            listing.read_errors.push(format!(
                "there are more than {MAX_MEMBERS} files in it and the rest is not read; \
                 unpack it and name the folder"
            ));
            break;
        }
        let packed = entry.compressed_size();
        let mut parts = parts(&entry, &mut file, &listing.budget);
        parts.truncate(room);
        room -= parts.len();
        listing.members.push(Member { entry, parts, packed });
    }
    Ok(listing)
}

impl Member {
    /// Unpacks the member of the archive at `path` and passes every part that is read, with its index, to
    /// `each`. An error means that a part could not be unpacked.
    pub fn read(&self, path: &Path, budget: &Budget, each: Each<'_>) {
        let is_read = |part: &Part| part.refusal.is_none() && part.kind.is_read();
        let Some(first) = self.parts.iter().position(is_read) else {
            return;
        };
        if let Err(error) = self.try_read(path, budget, each) {
            each(first, Err(error));
        }
    }

    /// Like [`read`](Self::read), for parts of any kind that are not refused.
    pub(crate) fn read_all(&self, path: &Path, budget: &Budget, each: Each<'_>) {
        let Some(first) = self.parts.iter().position(|part| part.refusal.is_none()) else {
            return;
        };
        if let Err(error) = self.try_read(path, budget, each) {
            each(first, Err(error));
        }
    }

    fn try_read(&self, path: &Path, budget: &Budget, each: Each<'_>) -> Result<(), ArchiveError> {
        let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
        let mut outer = unpack(&self.entry, &mut file, budget)?;
        if let [Part { inner: None, .. }] = self.parts.as_slice() {
            each(0, Ok(&mut outer));
            return Ok(());
        }
        let bytes = inner_archive(&mut outer)?;
        for (index, part) in self.parts.iter().enumerate() {
            let Some(inner) = part.inner.as_ref().filter(|_| part.refusal.is_none()) else {
                continue;
            };
            match unpack(inner, &mut Cursor::new(&bytes), budget) {
                Ok(mut unpacked) => each(index, Ok(&mut unpacked)),
                Err(error) => each(index, Err(error)),
            }
        }
        Ok(())
    }
}

/// Takes a part's index and content.
pub type Each<'f> = &'f mut dyn FnMut(usize, Result<&mut dyn Read, ArchiveError>);

const BUFFER: usize = 64 * 1024;

/// The members that an archive lists, the archive to read them from, and whether names are used twice.
fn entries<R: Read + Seek>(
    archive: R,
) -> Result<(Vec<OwnedZipFileEntry>, impl Read + Seek, bool), ArchiveError> {
    let left = Arc::new(AtomicU64::new(MAX_MEMBER_LIST));
    let limited = Limited { inner: archive, left: Arc::clone(&left) };
    let opened = ZipArchive::new(BufReader::with_capacity(BUFFER, limited));
    let archive = match opened {
        Err(_) if left.load(Ordering::Relaxed) == 0 => return Err(ArchiveError::TooManyMembers),
        opened => opened?,
    };
    left.store(u64::MAX, Ordering::Relaxed);
    let duplicates = archive.has_duplicate_names();
    let mut entries = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = OwnedZipFileEntry::from(archive.by_index_data(index)?);
        if !entry.is_dir() {
            entries.push(entry);
        }
    }
    Ok((entries, archive.into_inner(), duplicates))
}

/// Limits how much of the member list the library reads and keeps: it may be gigabytes long.
struct Limited<R> {
    inner: R,
    left: Arc<AtomicU64>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other(ArchiveError::TooManyMembers));
        }
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let n = self.inner.read(buffer.get_mut(..room).unwrap_or_default())?;
        self.left.store(left - n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl<R: Seek> Seek for Limited<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

fn unpack<'a, R: Read + Seek>(
    entry: &'a OwnedZipFileEntry,
    archive: &'a mut R,
    budget: &'a Budget,
) -> Result<Unpacked<'a, ZipFile<'a, R>>, ArchiveError> {
    let inner = entry.as_ref().with_reader(archive, ZipReadOptions::new())?;
    Ok(Unpacked { inner, budget })
}

/// Recognises a member by its first bytes, and lists it if it is an archive.
fn parts(entry: &OwnedZipFileEntry, archive: &mut (impl Read + Seek), budget: &Budget) -> Vec<Part> {
    let (kind, inner) = match kind_and_content(entry, archive, budget) {
        Ok((Kind::Zip, bytes, _)) => (Kind::Zip, bytes),
        Ok((kind, _, written)) => return vec![Part::new(entry, kind, None).written(written)],
        Err(error) => return vec![Part::new(entry, Kind::Other, Some(error))],
    };
    let (entries, mut archive, _) = match entries(Cursor::new(&inner)) {
        Ok(listed) => listed,
        Err(error) => return vec![Part::new(entry, kind, Some(error))],
    };
    let outer_name = name(entry);
    entries
        .into_iter()
        .map(|inner| {
            let mut part = match kind_and_content(&inner, &mut archive, budget) {
                Ok((Kind::Zip, ..)) => Part::new(&inner, Kind::Zip, Some(ArchiveError::TooDeep)),
                Ok((kind, _, written)) => Part::new(&inner, kind, None).written(written),
                Err(error) => Part::new(&inner, Kind::Other, Some(error)),
            };
            part.name = format!("{outer_name}!{}", part.name);
            part.inner = Some(inner);
            part
        })
        .collect()
}

impl Part {
    fn new(entry: &OwnedZipFileEntry, kind: Kind, refusal: Option<ArchiveError>) -> Self {
        let written = entry.as_ref().last_modified().and_then(written_at);
        Self { inner: None, name: name(entry), kind, len: entry.size(), written, refusal }
    }

    /// With a better time, if there is one.
    fn written(self, exact: Option<Timestamp>) -> Self {
        Self { written: exact.or(self.written), ..self }
    }
}

/// The time in UTC that most tools except Explorer write beside the local one.
fn exact_time(field: &ExtraField) -> Option<Timestamp> {
    match field {
        ExtraField::ExtendedTimestamp(times) => Timestamp::from_second(times.mod_time()?.into()).ok(),
        // Since 1601, in units of 100 ns.
        ExtraField::Ntfs(times) => {
            let seconds = i64::try_from(times.mtime() / 10_000_000).ok()? - 11_644_473_600;
            Timestamp::from_second(seconds).ok()
        }
        _ => None,
    }
}

/// The kind, the content of an archive, and when the member was written if its header has that in UTC.
fn kind_and_content(
    entry: &OwnedZipFileEntry,
    archive: &mut (impl Read + Seek),
    budget: &Budget,
) -> Result<(Kind, Vec<u8>, Option<Timestamp>), ArchiveError> {
    if entry.encrypted() {
        return Err(ArchiveError::Encrypted);
    }
    let mut unpacked = unpack(entry, archive, budget)?;
    let written = unpacked.inner.extra_data_fields().find_map(exact_time);
    let mut head = Vec::new();
    unpacked.by_ref().take(SNIFF_LEN as u64).read_to_end(&mut head).map_err(ours)?;
    let kind = sniff(&head);
    if kind == Kind::Zip {
        head = inner_archive(&mut head.as_slice().chain(unpacked))?;
    }
    Ok((kind, head, written))
}

fn inner_archive(unpacked: &mut dyn Read) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    unpacked.take(MAX_INNER_ARCHIVE + 1).read_to_end(&mut bytes).map_err(ours)?;
    if bytes.len() as u64 > MAX_INNER_ARCHIVE {
        return Err(ArchiveError::InnerTooBig);
    }
    Ok(bytes)
}

/// An error of ours that came through a reader.
fn ours(error: io::Error) -> ArchiveError {
    ArchiveError::from(ZipError::Io(error))
}

/// As the archive has it; old .NET versions wrote `\\` between folders.
fn name(entry: &OwnedZipFileEntry) -> String {
    match entry.name() {
        Ok(name) => name.replace('\\', "/"),
        Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
    }
}

/// A time as zip archives have it: local, to two seconds, without a zone. It is read as UTC. `None` for the first day
/// of 1980, which archives without dates have.
fn written_at(time: zip::DateTime) -> Option<Timestamp> {
    let [month, day, hour, minute, second] =
        [time.month(), time.day(), time.hour(), time.minute(), time.second()].map(|n| i8::try_from(n).ok());
    let year = i16::try_from(time.year()).ok()?;
    if (time.year(), time.month(), time.day()) == (1980, 1, 1) {
        return None;
    }
    let civil = DateTime::new(year, month?, day?, hour?, minute?, second?, 0).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_where_the_budget_ends() {
        let budget = Budget(AtomicU64::new(100));
        let zeros = || Unpacked { inner: io::repeat(0), budget: &budget };
        let mut first = [1; 60];
        zeros().read_exact(&mut first).unwrap();
        let error = zeros().read(&mut [1; 60]).unwrap_err();
        assert!(error.to_string().contains("unpacks to more than 4 GiB"), "{error}");
        assert!(matches!(ours(error), ArchiveError::Bomb));
        // Other threads use the remaining work.
        zeros().read_exact(&mut [1; 40]).unwrap();
    }

    #[test]
    fn the_budget_grows_with_the_archive_and_never_overflows() {
        assert_eq!(Budget::new(0).0.into_inner(), MAX_UNPACKED);
        assert_eq!(Budget::new(1 << 30).0.into_inner(), MAX_UNPACKED + (200 << 30));
        assert_eq!(Budget::new(u64::MAX).0.into_inner(), u64::MAX);
    }

    #[test]
    fn what_is_no_archive_is_broken() {
        for bytes in [&b""[..], b"PK\x03\x04", b"PK\x05\x06 and then nothing more of it"] {
            assert!(matches!(entries(Cursor::new(bytes)), Err(ArchiveError::Broken(_))));
        }
    }

    #[test]
    fn the_time_in_utc_comes_before_the_local_one() {
        use std::io::Write;
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let local = zip::DateTime::from_date_and_time(2026, 10, 1, 12, 0, 0).unwrap();
        let mut options =
            zip::write::FileOptions::<zip::write::ExtendedFileOptions>::default().last_modified_time(local);
        // 2026-10-01T10:00:00Z, with the flag for the time of the last change.
        let mut field = vec![1];
        field.extend_from_slice(&1_790_848_800_u32.to_le_bytes());
        options.add_extra_field(0x5455, &field, false).unwrap();
        zip.start_file("a.csv", options).unwrap();
        zip.write_all(b"host,address\n").unwrap();
        let bytes = zip.finish().unwrap().into_inner();
        let (entries, mut archive, _) = entries(Cursor::new(&bytes)).unwrap();
        let part = &parts(&entries[0], &mut archive, &Budget::new(0))[0];
        assert_eq!(part.written, Some("2026-10-01T10:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_member_without_a_date_is_not_from_1980() {
        let time = |year, month| zip::DateTime::from_date_and_time(year, month, 1, 10, 0, 0).unwrap();
        assert_eq!(written_at(time(1980, 1)), None);
        assert_eq!(written_at(time(2026, 10)), Some("2026-10-01T10:00:00Z".parse().unwrap()));
    }
}
