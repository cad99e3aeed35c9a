//! The plan: all tasks, before any worker starts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::extracted::ExtractedLogs;
use super::report::FileReport;
use crate::chunks::BLOCK_LEN;
use crate::files::FileIndex;
use crate::files::archive::{self, Budget, Member, Part};
use crate::files::{FileError, Input, Kind};
use crate::records::reader::Counts;
use crate::records::values::filetime;
use crate::records::{MAX_VALUE, ReadErrors};

/// One task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// The `block`th block of an .evtx file: one big file keeps all workers as busy as many small ones.
    Block { input: usize, block: u64 },
    /// A file that can only be read from front to back.
    Whole { input: usize },
    /// A member of a zip archive.
    Member { member: usize },
}

/// One file (or archive member) and its results so far, from all workers.
pub(super) struct FileProgress {
    path: Arc<str>,
    kind: &'static str,
    bytes: u64,
    modified: Option<Timestamp>,
    chunks: AtomicU64,
    bad_checksums: AtomicU64,
    records: AtomicU64,
    events: AtomicU64,
    first_id: AtomicU64,
    last_id: AtomicU64,
    written: AtomicU64,
    first_written: AtomicU64,
    /// Number of chunks that the header of a closed log gives.
    promised: AtomicU64,
    cut: AtomicU64,
    first_cut: AtomicU64,
    read_errors: Mutex<ReadErrors>,
}

impl FileProgress {
    fn new(path: Arc<str>, kind: Kind, bytes: u64, modified: Option<Timestamp>) -> Self {
        Self {
            path,
            kind: kind.name(),
            bytes,
            modified,
            chunks: AtomicU64::new(0),
            bad_checksums: AtomicU64::new(0),
            records: AtomicU64::new(0),
            events: AtomicU64::new(0),
            first_id: AtomicU64::new(u64::MAX),
            last_id: AtomicU64::new(0),
            written: AtomicU64::new(0),
            first_written: AtomicU64::new(u64::MAX),
            promised: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            first_cut: AtomicU64::new(u64::MAX),
            read_errors: Mutex::default(),
        }
    }

    /// Sets the number of chunks that the file should have.
    pub(super) fn promise(&self, chunks: u64) {
        self.promised.store(chunks, Ordering::Relaxed);
    }

    /// Adds a worker's counts for a part of the file.
    pub(super) fn add(&self, counts: Counts, events: u64, read_errors: &mut ReadErrors) {
        for (total, part) in [
            (&self.chunks, counts.chunks),
            (&self.bad_checksums, counts.bad_checksums),
            (&self.records, counts.records),
            (&self.events, events),
        ] {
            if part > 0 {
                total.fetch_add(part, Ordering::Relaxed);
            }
        }
        if let Some((first, last)) = counts.ids {
            self.first_id.fetch_min(first, Ordering::Relaxed);
            self.last_id.fetch_max(last, Ordering::Relaxed);
            self.written.fetch_max(counts.written, Ordering::Relaxed);
            self.first_written.fetch_min(counts.first_written.unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        if let Some(first) = counts.first_cut {
            self.cut.fetch_add(counts.cut, Ordering::Relaxed);
            self.first_cut.fetch_min(first, Ordering::Relaxed);
        }
        if !read_errors.is_empty() {
            self.read_errors.lock().unwrap_or_else(PoisonError::into_inner).append(read_errors);
        }
    }

    fn into_report(mut self, index: FileIndex) -> FileReport {
        let mut read_errors =
            std::mem::take(self.read_errors.get_mut().unwrap_or_else(PoisonError::into_inner));
        let (promised, found) = (self.promised.into_inner(), *self.chunks.get_mut());
        if found < promised {
            // Sorted after the errors that have an offset.
            read_errors.add(u64::MAX, || {
                format!(
                    "its header gives {promised} chunks, but only {found} are there; copy it again, or export the log anew"
                )
            });
        }
        let (cut, first_cut) = (self.cut.into_inner(), self.first_cut.into_inner());
        if cut > 0 {
            read_errors.add(u64::MAX, || {
                format!(
                    "values of more than {} KiB were cut in {cut} of its records, first in record {first_cut}; the beginning \
                     of each and its SHA-256 are kept",
                    MAX_VALUE >> 10
                )
            });
        }
        let ids = (self.first_id.into_inner(), self.last_id.into_inner());
        FileReport {
            index,
            path: self.path,
            kind: self.kind,
            bytes: self.bytes,
            chunks: self.chunks.into_inner(),
            bad_checksums: self.bad_checksums.into_inner(),
            records: self.records.into_inner(),
            events: self.events.into_inner(),
            duplicates: 0,
            notes: read_errors.take_notes(),
            read_errors: read_errors.into_sentences(),
            record_ids: (ids.0 <= ids.1).then_some(ids),
            modified: self.modified,
            first_written: Some(self.first_written.into_inner()).filter(|&w| w > 0).and_then(filetime),
            last_written: Some(self.written.into_inner()).filter(|&w| w > 0).and_then(filetime),
            extracted: None,
        }
    }
}

/// A member of a zip archive, and the file that counts its content.
pub(super) struct PlannedMember {
    pub input: usize,
    pub member: Member,
    /// The file of its first part; the others follow.
    first: usize,
    /// Index of its archive's budget.
    budget: usize,
    /// Its part of the archive's bytes, for the progress.
    pub share: u64,
}

impl PlannedMember {
    /// The file of one of its parts.
    pub(super) fn file_of(&self, part: usize) -> FileIndex {
        FileIndex::try_from(self.first + part).unwrap_or(FileIndex::MAX)
    }
}

/// Is it reported on its own why the part is not read?
fn is_reported(part: &Part) -> bool {
    part.refusal.is_some() || part.kind.is_missed(Path::new(&part.name))
}

/// All files and all tasks.
pub(super) struct Plan<'a> {
    inputs: &'a [Input],
    files: Vec<FileProgress>,
    /// Task at which an input's blocks start, rising; the blocks themselves are not listed, so a file of
    /// terabytes costs no memory.
    blocks: Vec<(usize, usize)>,
    /// Tasks that cannot be split: files and members of archives.
    wholes: Vec<Task>,
    members: Vec<PlannedMember>,
    budgets: Vec<Budget>,
    tasks: usize,
    bytes: u64,
    /// Filled by the workers.
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
            wholes: Vec::new(),
            members: Vec::new(),
            budgets: Vec::new(),
            tasks: 0,
            bytes: 0,
            extracted: ExtractedLogs::default(),
        };
        for (i, input) in inputs.iter().enumerate() {
            match input.kind.refusal() {
                None if input.kind == Kind::Zip => plan.add_archive(i, input),
                None => {
                    plan.bytes += input.len;
                    if input.kind != Kind::Evtx {
                        plan.wholes.push(Task::Whole { input: i });
                    }
                }
                // A folder holds all sorts of files. Report only a log that will be missed.
                Some(refusal) if input.named || input.kind.is_missed(&input.path) => {
                    plan.read_error(i, || input.refusal().unwrap_or(refusal).to_owned());
                }
                Some(_) => {}
            }
        }
        // Tasks that cannot be split come first, the longest of them at the front.
        let mut wholes = std::mem::take(&mut plan.wholes);
        wholes.sort_by_key(|&task| std::cmp::Reverse(plan.length(task)));
        plan.tasks = wholes.len();
        plan.wholes = wholes;
        for (i, input) in inputs.iter().enumerate() {
            if input.kind == Kind::Evtx {
                plan.blocks.push((plan.tasks, i));
                plan.tasks += usize::try_from(input.len.div_ceil(BLOCK_LEN as u64)).unwrap_or(usize::MAX);
            }
        }
        plan
    }

    /// Every file in an archive is a file of its own. They come after all inputs.
    fn add_archive(&mut self, index: usize, input: &Input) {
        let listed = catch_unwind(AssertUnwindSafe(|| archive::list(&input.path)));
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
        let parts = || listing.members.iter().flat_map(|member| &member.parts);
        if !parts().any(|part| part.kind.is_read() || is_reported(part)) {
            let members: Vec<_> = parts().map(|part| (part.name.clone(), part.kind)).collect();
            self.read_error(index, || archive::no_log_in(&members));
        }
        let budget = self.budgets.len();
        self.budgets.push(listing.budget);
        let mut left = input.len;
        for member in listing.members {
            let first = self.files.len();
            for part in &member.parts {
                let path = format!("{}!{}", input.path.to_string_lossy(), part.name);
                self.files.push(FileProgress::new(path.into(), part.kind, part.len, None));
                let file = self.files.len() - 1;
                if let Some(refusal) = &part.refusal {
                    self.read_error(file, || format!("it is not read: {refusal}"));
                } else if let Some(refusal) = part.kind.refusal()
                    && part.kind.is_missed(Path::new(&part.name))
                {
                    self.read_error(file, || refusal.to_owned());
                }
            }
            // The archive states these sizes itself.
            let share = member.packed.min(left);
            left -= share;
            self.bytes += share;
            self.wholes.push(Task::Member { member: self.members.len() });
            self.members.push(PlannedMember { input: index, member, first, budget, share });
        }
    }

    fn read_error(&self, file: usize, read_error: impl FnOnce() -> String) {
        if let Some(file_progress) = self.files.get(file) {
            let mut read_errors = ReadErrors::default();
            read_errors.add(0, read_error);
            file_progress.add(Counts::default(), 0, &mut read_errors);
        }
    }

    /// Size of a task that cannot be split, in bytes.
    fn length(&self, task: Task) -> u64 {
        match task {
            Task::Whole { input } | Task::Block { input, .. } => {
                self.inputs.get(input).map_or(0, |input| input.len)
            }
            Task::Member { member } => self.members.get(member).map_or(0, |member| member.share),
        }
    }

    /// Bytes of all inputs that are read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Number of files that are read, with the members of archives.
    pub(super) fn files(&self) -> usize {
        self.wholes.len() + self.blocks.len()
    }

    /// Number of `threads` that have work. Starting one costs as much as reading a megabyte.
    pub(super) fn useful_threads(&self, threads: usize) -> usize {
        threads.min(self.tasks).max(1)
    }

    pub(super) fn task(&self, number: usize) -> Option<Task> {
        if number >= self.tasks {
            return None;
        }
        if let Some(&task) = self.wholes.get(number) {
            return Some(task);
        }
        let after = self.blocks.partition_point(|(start, _)| *start <= number);
        let &(start, input) = self.blocks.get(after.checked_sub(1)?)?;
        Some(Task::Block { input, block: (number - start) as u64 })
    }

    /// The file that a task is about: of a member, its first part.
    pub(super) fn file_of(&self, task: Task) -> Option<FileIndex> {
        match task {
            Task::Block { input, .. } | Task::Whole { input } => FileIndex::try_from(input).ok(),
            Task::Member { member } => self.members.get(member).map(|member| member.file_of(0)),
        }
    }

    pub(super) fn input(&self, index: usize) -> Option<&'a Input> {
        self.inputs.get(index)
    }

    /// A member, its archive, and the archive's remaining budget.
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
        for (file, read_error) in self.extracted.cut() {
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

    fn input(kind: Kind, len: u64, named: bool) -> Input {
        Input { path: format!("{len}").into(), kind, len, modified: None, named }
    }

    #[test]
    fn every_block_of_every_file_is_one_step_and_wholes_come_first() {
        let inputs = [
            input(Kind::Evtx, 1, true),
            input(Kind::Xml, 5, true),
            input(Kind::Evtx, 0, true),
            input(Kind::Evtx, BLOCK_LEN as u64 + 1, true),
            input(Kind::Xml, 9, true),
            input(Kind::Other, 9, false),
        ];
        let plan = Plan::new(&inputs);
        let tasks: Vec<_> = (0..).map_while(|n| plan.task(n)).collect();
        assert_eq!(
            tasks,
            [
                Task::Whole { input: 4 },
                Task::Whole { input: 1 },
                Task::Block { input: 0, block: 0 },
                Task::Block { input: 3, block: 0 },
                Task::Block { input: 3, block: 1 },
            ]
        );
        assert_eq!(plan.bytes(), 1 + 5 + BLOCK_LEN as u64 + 1 + 9);
    }

    #[test]
    fn a_legacy_log_is_always_reported_and_another_file_only_when_named() {
        let inputs =
            [input(Kind::LegacyEvt, 1, false), input(Kind::Other, 1, false), input(Kind::Other, 1, true)];
        let read_errors: Vec<_> =
            Plan::new(&inputs).into_reports().0.iter().map(|report| report.read_errors.len()).collect();
        assert_eq!(read_errors, [1, 0, 1]);
    }
}
