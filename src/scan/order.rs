use std::collections::HashMap;

use super::report::FileReport;
use crate::files::FileIndex;

/// The files of a run in the order of their paths, so that a report does not depend on the order of the
/// arguments or on how files were distributed over extractions.
#[derive(Debug, Default)]
pub struct FileOrder {
    /// Place in the reports, by place in the order.
    reports: Vec<usize>,
    places: HashMap<FileIndex, usize>,
}

impl FileOrder {
    pub fn new(files: &[FileReport]) -> Self {
        let mut reports: Vec<usize> = (0..files.len()).collect();
        reports.sort_by_key(|&i| files.get(i).map(|file| (&file.path, file.index)));
        let indexes = reports.iter().map(|&i| files.get(i).map_or(0, |file| file.index));
        let places = indexes.zip(0..).collect();
        Self { reports, places }
    }

    /// A file's place in the order, by its index.
    pub fn place(&self, index: FileIndex) -> FileIndex {
        self.places.get(&index).map_or(FileIndex::MAX, |&place| place as FileIndex)
    }

    /// The file at a place.
    pub fn report<'a>(&self, files: &'a [FileReport], place: FileIndex) -> Option<&'a FileReport> {
        files.get(*self.reports.get(usize::try_from(place).ok()?)?)
    }

    /// The position in the reports of the file with this index.
    pub fn position(&self, index: FileIndex) -> Option<usize> {
        self.reports.get(*self.places.get(&index)?).copied()
    }
}
