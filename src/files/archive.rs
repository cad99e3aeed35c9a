//! Lists the members of a `.zip` archive and unpacks them in memory, never to disk.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use zip::ZipArchive;
use zip::extra_fields::ExtraField;
use zip::read::{OwnedZipFileEntry, ZipFile, ZipReadOptions};

use super::kind::{FileKind, SNIFF_LEN, sniff};
use super::unpack::{ArchiveError, Budget, BudgetReader, MAX_INNER_ARCHIVE, MAX_MEMBER_LIST, MAX_MEMBERS};

/// The error of an archive that holds no log, with its first members as `(name, kind)`.
pub fn describe_archive_without_log(members: &[(String, FileKind)]) -> String {
    const SHOWN: usize = 3;
    if members.iter().any(|(name, _)| name == "[Content_Types].xml") {
        return "this is a document of Office; save the sheet as CSV, or copy the text in it to a text file"
            .to_owned();
    }
    let shown: Vec<String> =
        members.iter().take(SHOWN).map(|(name, kind)| format!("{name} ({})", kind.name())).collect();
    let mut text = if members.is_empty() {
        "the archive is empty".to_owned()
    } else {
        format!("there is no log in it, only {}", shown.join(", "))
    };
    if members.len() > SHOWN {
        text.push_str(&format!(" and {} more", members.len() - SHOWN));
    }
    text.push_str("; export the log with `wevtutil epl System System.evtx`, or unpack what is packed in it");
    text
}

/// The members of a zip archive, in its order.
#[derive(Debug)]
pub struct MemberList {
    pub members: Vec<ZipMember>,
    pub budget: Budget,
    /// Errors of the archive as a whole.
    pub read_errors: Vec<String>,
}

/// A member of a zip archive.
#[derive(Debug)]
pub struct ZipMember {
    entry: OwnedZipFileEntry,
    /// The member itself, or the files in it if it is a zip archive.
    pub files: Vec<MemberFile>,
    /// Compressed size in bytes, as the archive states it.
    pub packed_len: u64,
}

/// A file in a zip archive, or in a zip archive inside it.
#[derive(Debug)]
pub struct MemberFile {
    /// Its entry in the inner archive, if it is in one.
    inner: Option<OwnedZipFileEntry>,
    /// `inner/System.evtx`, or `inner.zip!System.evtx`. It may contain anything, including control
    /// characters.
    pub name: String,
    pub kind: FileKind,
    /// Unpacked size in bytes, as the archive states it.
    pub len: u64,
    /// Modification time, as the archive states it.
    pub written: Option<Timestamp>,
    /// Why the file is not read; `None` if it can be.
    pub refusal: Option<ArchiveError>,
}

/// Lists the zip archive at `path` and recognises each member by its first bytes.
///
/// An error means that the archive cannot be listed. The error of one member is in [`MemberFile::refusal`].
pub fn list_members(path: &Path) -> Result<MemberList, ArchiveError> {
    let file = File::open(path)?;
    let budget = Budget::new(file.metadata()?.len());
    let (entries, mut archive, duplicates) = entries(file)?;
    let mut listing = MemberList { members: Vec::new(), budget, read_errors: Vec::new() };
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
        let packed_len = entry.compressed_size();
        let mut files = member_files(&entry, &mut archive, &listing.budget);
        files.truncate(room);
        room -= files.len();
        listing.members.push(ZipMember { entry, files, packed_len });
    }
    Ok(listing)
}

impl ZipMember {
    /// Unpacks the member of the archive at `path` and passes every file of a wanted kind, with its index, to
    /// `callback`. If the member cannot be unpacked, the first of these files gets the error.
    pub fn read(
        &self,
        path: &Path,
        budget: &Budget,
        is_wanted: impl Fn(FileKind) -> bool,
        callback: FileCallback<'_>,
    ) {
        let mut wanted = (0..)
            .zip(&self.files)
            .filter(|(_, file)| file.refusal.is_none() && is_wanted(file.kind))
            .peekable();
        if let Some(&(first, _)) = wanted.peek()
            && let Err(error) = self.try_read(path, budget, wanted, callback)
        {
            callback(first, Err(error));
        }
    }

    fn try_read<'f>(
        &self,
        path: &Path,
        budget: &Budget,
        wanted: impl Iterator<Item = (usize, &'f MemberFile)>,
        callback: FileCallback<'_>,
    ) -> Result<(), ArchiveError> {
        let mut archive = BufReader::with_capacity(BUFFER, File::open(path)?);
        let mut content = open_entry(&self.entry, &mut archive, budget)?;
        if let [MemberFile { inner: None, .. }] = self.files.as_slice() {
            callback(0, Ok(&mut content));
            return Ok(());
        }
        let inner_archive = read_inner_archive(&mut content)?;
        for (index, file) in wanted {
            let Some(entry) = &file.inner else { continue };
            match open_entry(entry, &mut Cursor::new(&inner_archive), budget) {
                Ok(mut content) => callback(index, Ok(&mut content)),
                Err(error) => callback(index, Err(error)),
            }
        }
        Ok(())
    }
}

/// Receives the index of a file in [`ZipMember::files`], and its content or why it could not be unpacked.
pub type FileCallback<'f> = &'f mut dyn FnMut(usize, Result<&mut dyn Read, ArchiveError>);

/// Bytes read from an archive at once.
const BUFFER: usize = 64 * 1024;

/// Lists the entries of an archive except folders. Also returns the archive to read them from, and whether several have
/// the same name.
fn entries<R: Read + Seek>(
    archive: R,
) -> Result<(Vec<OwnedZipFileEntry>, impl Read + Seek, bool), ArchiveError> {
    let left = Arc::new(AtomicU64::new(MAX_MEMBER_LIST));
    let limited = MemberListReader { inner: archive, left: Arc::clone(&left) };
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

/// A reader of an archive that limits how much of the member list the zip crate reads and keeps: a forged list may be
/// gigabytes long.
struct MemberListReader<R> {
    inner: R,
    left: Arc<AtomicU64>,
}

impl<R: Read> Read for MemberListReader<R> {
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

impl<R: Seek> Seek for MemberListReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

fn open_entry<'a, R: Read + Seek>(
    entry: &'a OwnedZipFileEntry,
    archive: &'a mut R,
    budget: &'a Budget,
) -> Result<BudgetReader<'a, ZipFile<'a, R>>, ArchiveError> {
    let inner = entry.as_ref().with_reader(archive, ZipReadOptions::new())?;
    Ok(BudgetReader { inner, budget })
}

/// Recognises a member by its first bytes, and lists the files in it if it is a zip archive.
fn member_files(
    entry: &OwnedZipFileEntry,
    archive: &mut (impl Read + Seek),
    budget: &Budget,
) -> Vec<MemberFile> {
    let (kind, inner) = match sniff_entry(entry, archive, budget) {
        Ok((FileKind::Zip, bytes, _)) => (FileKind::Zip, bytes),
        Ok((kind, _, written)) => return vec![MemberFile::new(entry, kind, None).with_time(written)],
        Err(error) => return vec![MemberFile::new(entry, FileKind::Other, Some(error))],
    };
    let (entries, mut archive, _) = match entries(Cursor::new(&inner)) {
        Ok(listed) => listed,
        Err(error) => return vec![MemberFile::new(entry, kind, Some(error))],
    };
    let outer_name = entry_name(entry);
    entries
        .into_iter()
        .map(|inner| {
            let mut file = match sniff_entry(&inner, &mut archive, budget) {
                Ok((FileKind::Zip, ..)) => {
                    MemberFile::new(&inner, FileKind::Zip, Some(ArchiveError::TooDeep))
                }
                Ok((kind, _, written)) => MemberFile::new(&inner, kind, None).with_time(written),
                Err(error) => MemberFile::new(&inner, FileKind::Other, Some(error)),
            };
            file.name = format!("{outer_name}!{}", file.name);
            file.inner = Some(inner);
            file
        })
        .collect()
}

impl MemberFile {
    fn new(entry: &OwnedZipFileEntry, kind: FileKind, refusal: Option<ArchiveError>) -> Self {
        let written = entry.as_ref().last_modified().and_then(header_time);
        Self { inner: None, name: entry_name(entry), kind, len: entry.size(), written, refusal }
    }

    /// Replaces the time in the entry's header with a more exact one, if there is one.
    fn with_time(self, exact: Option<Timestamp>) -> Self {
        Self { written: exact.or(self.written), ..self }
    }
}

/// The modification time in UTC, which most tools except Explorer write in addition to the local one.
fn exact_time(field: &ExtraField) -> Option<Timestamp> {
    match field {
        ExtraField::ExtendedTimestamp(times) => Timestamp::from_second(times.mod_time()?.into()).ok(),
        // Units of 100 ns since 1601-01-01.
        ExtraField::Ntfs(times) => {
            let seconds = i64::try_from(times.mtime() / 10_000_000).ok()? - 11_644_473_600;
            Timestamp::from_second(seconds).ok()
        }
        _ => None,
    }
}

/// Recognises an entry by its first bytes. Returns its kind, these bytes (all bytes of a zip archive), and its
/// modification time if the header has that in UTC.
fn sniff_entry(
    entry: &OwnedZipFileEntry,
    archive: &mut (impl Read + Seek),
    budget: &Budget,
) -> Result<(FileKind, Vec<u8>, Option<Timestamp>), ArchiveError> {
    if entry.encrypted() {
        return Err(ArchiveError::Encrypted);
    }
    let mut unpacked = open_entry(entry, archive, budget)?;
    let written = unpacked.inner.extra_data_fields().find_map(exact_time);
    let mut head = Vec::new();
    unpacked.by_ref().take(SNIFF_LEN as u64).read_to_end(&mut head)?;
    let kind = sniff(&head);
    if kind == FileKind::Zip {
        head = read_inner_archive(&mut head.as_slice().chain(unpacked))?;
    }
    Ok((kind, head, written))
}

/// Reads a whole archive that is inside another one.
fn read_inner_archive(unpacked: &mut dyn Read) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    unpacked.take(MAX_INNER_ARCHIVE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_INNER_ARCHIVE {
        return Err(ArchiveError::InnerTooBig);
    }
    Ok(bytes)
}

/// The name of an entry in the archive. Old .NET versions wrote `\` between folders; it becomes `/`.
fn entry_name(entry: &OwnedZipFileEntry) -> String {
    match entry.name() {
        Ok(name) => name.replace('\\', "/"),
        Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
    }
}

/// Converts a time of an entry's header, which is local, without a zone and exact to two seconds. It is read as UTC.
/// `None` for 1980-01-01, which tools write when they omit the time.
fn header_time(time: zip::DateTime) -> Option<Timestamp> {
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
        let file = &member_files(&entries[0], &mut archive, &Budget::new(0))[0];
        assert_eq!(file.written, Some("2026-10-01T10:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_member_without_a_date_is_not_from_1980() {
        let time = |year, month| zip::DateTime::from_date_and_time(year, month, 1, 10, 0, 0).unwrap();
        assert_eq!(header_time(time(1980, 1)), None);
        assert_eq!(header_time(time(2026, 10)), Some("2026-10-01T10:00:00Z".parse().unwrap()));
    }
}
