//! The plan lists all files and tasks before any worker starts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::extracted::ExtractedLogs;
use super::report::FileReport;
use crate::chunks::BLOCK_LEN;
use crate::files::archive::{self, MemberFile, ZipMember};
use crate::files::unpack::Budget;
use crate::files::{FileError, FileIndex, FileKind, Input};
use crate::records::reader::Counts;
use crate::records::values::filetime;
use crate::records::{MAX_VALUE, ReadErrors};

/// A unit of work of one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScanTask {
    /// The `block`th block of an .evtx file: one big file keeps all workers as busy as many small ones.
    Block { input: usize, block: u64 },
    /// A file that can only be read from front to back.
    Whole { input: usize },
    /// A member of a zip archive.
    Member { member: usize },
}

/// A file or archive member, and what all workers have found in it so far.
pub(super) struct FileProgress {
    path: Arc<str>,
    kind: &'static str,
    bytes: u64,
    modified: Option<Timestamp>,
    totals: Mutex<FileTotals>,
}

/// The sums of all workers about one file.
#[derive(Default)]
struct FileTotals {
    counts: Counts,
    /// Wanted records.
    events: u64,
    /// Number of chunks in the header of a closed log, otherwise 0.
    promised_chunks: u64,
    read_errors: ReadErrors,
}

impl FileProgress {
    fn new(path: Arc<str>, kind: FileKind, bytes: u64, modified: Option<Timestamp>) -> Self {
        Self { path, kind: kind.name(), bytes, modified, totals: Mutex::default() }
    }

    fn totals(&self) -> MutexGuard<'_, FileTotals> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the number of chunks that the file should have.
    pub(super) fn promise_chunks(&self, chunks: u64) {
        self.totals().promised_chunks = chunks;
    }

    /// Adds what a worker found, and empties `read_errors`.
    pub(super) fn add(&self, counts: Counts, events: u64, read_errors: &mut ReadErrors) {
        let mut totals = self.totals();
        totals.counts.add(counts);
        totals.events += events;
        totals.read_errors.append(read_errors);
    }

    fn into_report(self, index: FileIndex) -> FileReport {
        let FileTotals { counts, events, promised_chunks, mut read_errors } =
            self.totals.into_inner().unwrap_or_else(PoisonError::into_inner);
        // These errors have no offset and come last.
        if counts.chunks < promised_chunks {
            read_errors.add(u64::MAX, || {
                format!(
                    "its header gives {promised_chunks} chunks, but only {} are there; copy it again, or export the log \
                     anew",
                    counts.chunks
                )
            });
        }
        if let Some(first) = counts.first_truncated {
            read_errors.add(u64::MAX, || {
                format!(
                    "values of more than {} KiB were cut in {} of its records, first in record {first}; the beginning of \
                     each and its SHA-256 are kept",
                    MAX_VALUE >> 10,
                    counts.truncated
                )
            });
        }
        FileReport {
            index,
            path: self.path,
            kind: self.kind,
            bytes: self.bytes,
            chunks: counts.chunks,
            bad_checksums: counts.bad_checksums,
            records: counts.records,
            events,
            duplicates: 0,
            notes: read_errors.take_notes(),
            read_errors: read_errors.into_sentences(),
            record_ids: counts.ids,
            modified: self.modified,
            first_written: counts.first_written.filter(|&time| time > 0).and_then(filetime),
            last_written: Some(counts.last_written).filter(|&time| time > 0).and_then(filetime),
            extracted: None,
        }
    }
}

/// A member of a zip archive, and where its results go.
pub(super) struct PlannedMember {
    /// Index of the archive in the inputs.
    pub input: usize,
    pub member: ZipMember,
    /// Index of the member's first file in [`Plan::files`]; its other files follow.
    first_file: usize,
    /// Index of the archive's budget.
    budget: usize,
    /// Packed size in bytes, by which the progress advances.
    pub share: u64,
}

impl PlannedMember {
    /// The index in the run of the member's file `file`.
    pub(super) fn file_index(&self, file: usize) -> FileIndex {
        FileIndex::try_from(self.first_file + file).unwrap_or(FileIndex::MAX)
    }
}

/// Does the file's report say why it is not read?
fn is_reported(file: &MemberFile) -> bool {
    file.refusal.is_some() || file.kind.is_missed(Path::new(&file.name))
}

/// All files and tasks of a scan.
pub(super) struct Plan<'a> {
    inputs: &'a [Input],
    /// The inputs, then the files in archives.
    files: Vec<FileProgress>,
    /// The number of the first task of an .evtx file and the file's index, in rising order. The blocks are not listed, so
    /// a file of terabytes costs no memory.
    blocks: Vec<(usize, usize)>,
    /// Tasks that cannot be split: files and members of archives.
    unsplit_tasks: Vec<ScanTask>,
    members: Vec<PlannedMember>,
    /// The budget of each zip archive.
    budgets: Vec<Budget>,
    /// Number of all tasks.
    tasks: usize,
    /// Bytes of all inputs that are read.
    bytes: u64,
    /// The logs that were extracted elsewhere, which the workers add.
    pub extracted: ExtractedLogs,
}

impl<'a> Plan<'a> {
    pub(super) fn new(inputs: &'a [Input]) -> Self {
        let mut plan = Self {
            inputs,
            files: inputs
                .iter()
                .map(|i| FileProgress::new(i.path.to_string_lossy().into(), i.kind, i.len, i.modified))
                .collect(),
            blocks: Vec::new(),
            unsplit_tasks: Vec::new(),
            members: Vec::new(),
            budgets: Vec::new(),
            tasks: 0,
            bytes: 0,
            extracted: ExtractedLogs::default(),
        };
        for (i, input) in inputs.iter().enumerate() {
            match input.kind.refusal() {
                None if input.kind == FileKind::Zip => plan.add_archive(i, input),
                None => {
                    plan.bytes += input.len;
                    if input.kind != FileKind::Evtx {
                        plan.unsplit_tasks.push(ScanTask::Whole { input: i });
                    }
                }
                // A folder may hold many other files. Only one that a user would miss is reported.
                Some(refusal) if input.explicit || input.kind.is_missed(&input.path) => {
                    plan.read_error(i, || input.refusal().unwrap_or(refusal).to_owned());
                }
                Some(_) => {}
            }
        }
        // Tasks that cannot be split come first, so that no long one is left for the end.
        let mut unsplit_tasks = std::mem::take(&mut plan.unsplit_tasks);
        unsplit_tasks.sort_by_key(|&task| std::cmp::Reverse(plan.bytes_of(task)));
        plan.tasks = unsplit_tasks.len();
        plan.unsplit_tasks = unsplit_tasks;
        for (i, input) in inputs.iter().enumerate() {
            if input.kind == FileKind::Evtx {
                plan.blocks.push((plan.tasks, i));
                plan.tasks += usize::try_from(input.len.div_ceil(BLOCK_LEN as u64)).unwrap_or(usize::MAX);
            }
        }
        plan
    }

    /// Adds the files and members of a zip archive.
    fn add_archive(&mut self, index: usize, input: &Input) {
        let listed = catch_unwind(AssertUnwindSafe(|| archive::list_members(&input.path)));
        let listing = match listed {
            Ok(Ok(listing)) => listing,
            Ok(Err(error)) => return self.read_error(index, || format!("it is not read: {error}")),
            Err(_) => {
                return self.read_error(index, || {
                    "listing it failed inside the program (please report this); unpack it and name \
                     the folder"
                        .to_owned()
                });
            }
        };
        for read_error in listing.read_errors {
            self.read_error(index, || read_error);
        }
        let files = || listing.members.iter().flat_map(|member| &member.files);
        if !files().any(|file| file.kind.is_read() || is_reported(file)) {
            let files: Vec<_> = files().map(|file| (file.name.clone(), file.kind)).collect();
            self.read_error(index, || archive::describe_archive_without_log(&files));
        }
        let budget = self.budgets.len();
        self.budgets.push(listing.budget);
        let mut left = input.len;
        for member in listing.members {
            let first_file = self.files.len();
            for file in &member.files {
                let index = self.files.len();
                let path = format!("{}!{}", input.path.to_string_lossy(), file.name);
                self.files.push(FileProgress::new(path.into(), file.kind, file.len, None));
                if let Some(refusal) = &file.refusal {
                    self.read_error(index, || format!("it is not read: {refusal}"));
                } else if let Some(refusal) = file.kind.refusal()
                    && is_reported(file)
                {
                    self.read_error(index, || refusal.to_owned());
                }
            }
            // A forged archive may state any size.
            let share = member.packed_len.min(left);
            left -= share;
            self.bytes += share;
            self.unsplit_tasks.push(ScanTask::Member { member: self.members.len() });
            self.members.push(PlannedMember { input: index, member, first_file, budget, share });
        }
    }

    fn read_error(&self, file: usize, read_error: impl FnOnce() -> String) {
        if let Some(file_progress) = self.files.get(file) {
            let mut read_errors = ReadErrors::default();
            read_errors.add(0, read_error);
            file_progress.add(Counts::default(), 0, &mut read_errors);
        }
    }

    /// Size in bytes of a task that cannot be split.
    fn bytes_of(&self, task: ScanTask) -> u64 {
        match task {
            ScanTask::Whole { input } | ScanTask::Block { input, .. } => {
                self.inputs.get(input).map_or(0, |input| input.len)
            }
            ScanTask::Member { member } => self.members.get(member).map_or(0, |member| member.share),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Number of files that are read, including members of archives.
    pub(super) fn files(&self) -> usize {
        self.unsplit_tasks.len() + self.blocks.len()
    }

    /// Number of `threads` that have work. Starting one takes as long as reading a megabyte.
    pub(super) fn useful_threads(&self, threads: usize) -> usize {
        threads.min(self.tasks).max(1)
    }

    /// The task with this number, counted from 0.
    pub(super) fn task(&self, number: usize) -> Option<ScanTask> {
        if number >= self.tasks {
            return None;
        }
        if let Some(&task) = self.unsplit_tasks.get(number) {
            return Some(task);
        }
        let after = self.blocks.partition_point(|(start, _)| *start <= number);
        let &(start, input) = self.blocks.get(after.checked_sub(1)?)?;
        Some(ScanTask::Block { input, block: (number - start) as u64 })
    }

    /// The file that a task reads; the first one of a member.
    pub(super) fn file_of(&self, task: ScanTask) -> Option<FileIndex> {
        match task {
            ScanTask::Block { input, .. } | ScanTask::Whole { input } => FileIndex::try_from(input).ok(),
            ScanTask::Member { member } => self.members.get(member).map(|member| member.file_index(0)),
        }
    }

    pub(super) fn input(&self, index: usize) -> Option<&'a Input> {
        self.inputs.get(index)
    }

    /// A member, its archive and the archive's budget.
    pub(super) fn member(&self, index: usize) -> Option<(&PlannedMember, &'a Input, &Budget)> {
        let member = self.members.get(index)?;
        Some((member, self.inputs.get(member.input)?, self.budgets.get(member.budget)?))
    }

    pub(super) fn file_progress(&self, file: FileIndex) -> Option<&FileProgress> {
        self.files.get(usize::try_from(file).ok()?)
    }

    /// The reports of all files, and the paths that an extraction could not read.
    pub(super) fn into_reports(self) -> (Vec<FileReport>, Vec<FileError>) {
        let mut reports: Vec<_> =
            (0..).zip(self.files).map(|(i, file_progress)| file_progress.into_report(i)).collect();
        for (file, read_error) in self.extracted.incomplete_files() {
            if let Some(report) = usize::try_from(file).ok().and_then(|file| reports.get_mut(file)) {
                report.read_errors.push(read_error.to_owned());
            }
        }
        let (extracted, unread) = self.extracted.into_reports();
        reports.extend(extracted);
        (reports, unread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: FileKind, len: u64, explicit: bool) -> Input {
        Input { path: format!("{len}").into(), kind, len, modified: None, explicit }
    }

    #[test]
    fn every_block_of_every_file_is_one_step_and_unsplit_tasks_come_first() {
        let inputs = [
            input(FileKind::Evtx, 1, true),
            input(FileKind::Xml, 5, true),
            input(FileKind::Evtx, 0, true),
            input(FileKind::Evtx, BLOCK_LEN as u64 + 1, true),
            input(FileKind::Xml, 9, true),
            input(FileKind::Other, 9, false),
        ];
        let plan = Plan::new(&inputs);
        let tasks: Vec<_> = (0..).map_while(|n| plan.task(n)).collect();
        assert_eq!(
            tasks,
            [
                ScanTask::Whole { input: 4 },
                ScanTask::Whole { input: 1 },
                ScanTask::Block { input: 0, block: 0 },
                ScanTask::Block { input: 3, block: 0 },
                ScanTask::Block { input: 3, block: 1 },
            ]
        );
        assert_eq!(plan.bytes(), 1 + 5 + BLOCK_LEN as u64 + 1 + 9);
    }

    #[test]
    fn a_legacy_log_is_always_reported_and_another_file_only_when_named() {
        let inputs = [
            input(FileKind::LegacyEvt, 1, false),
            input(FileKind::Other, 1, false),
            input(FileKind::Other, 1, true),
        ];
        let read_errors: Vec<_> =
            Plan::new(&inputs).into_reports().0.iter().map(|report| report.read_errors.len()).collect();
        assert_eq!(read_errors, [1, 0, 1]);
    }
}
