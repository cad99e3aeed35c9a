use std::collections::HashMap;

use super::report::FileReport;
use crate::files::FileIndex;

/// The order of the files of a run by path. It makes a report independent of the order of the arguments and of how logs are
/// distributed over extractions.
#[derive(Debug, Default)]
pub struct FileOrder {
    /// Index in the file reports, by rank.
    reports: Vec<usize>,
    ranks: HashMap<FileIndex, usize>,
}

impl FileOrder {
    pub fn new(files: &[FileReport]) -> Self {
        let mut reports: Vec<usize> = (0..files.len()).collect();
        reports.sort_by_key(|&i| files.get(i).map(|file| (&file.path, file.index)));
        let indexes = reports.iter().map(|&i| files.get(i).map_or(0, |file| file.index));
        let ranks = indexes.zip(0..).collect();
        Self { reports, ranks }
    }

    /// The rank of a file: its position in the order, from 0. An unknown file comes last.
    pub fn rank(&self, index: FileIndex) -> FileIndex {
        self.ranks.get(&index).map_or(FileIndex::MAX, |&rank| rank as FileIndex)
    }

    /// The report of the file with this rank.
    pub fn report<'a>(&self, files: &'a [FileReport], rank: FileIndex) -> Option<&'a FileReport> {
        files.get(*self.reports.get(usize::try_from(rank).ok()?)?)
    }

    /// The position of a file in the reports.
    pub fn position(&self, index: FileIndex) -> Option<usize> {
        self.reports.get(*self.ranks.get(&index)?).copied()
    }
}
