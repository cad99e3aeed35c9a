//! An earlier audit: what is new, what is gone, and what came back.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{COLUMNS, Risk, Row};
use crate::files::unread;
use crate::report::Status;

/// An earlier audit that cannot be used must not silently make everything new.
#[derive(Debug, thiserror::Error)]
pub enum EarlierError {
    #[error("--baseline {}: {}; name an earlier audit (.csv), or leave --baseline out to begin anew", path.display(), unread_csv(path, source))]
    Unreadable { path: PathBuf, source: csv::Error },
    #[error("--baseline {}: line {line}: this is no audit of krbtriage; name an earlier audit (.csv), or leave --baseline out to begin anew", path.display())]
    Foreign { path: PathBuf, line: u64 },
}

fn unread_csv(path: &Path, error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(source) => unread(path, source),
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line}: it has {len} cells where the first line has {expected_len}")
        }
        _ => error.to_string(),
    }
}

/// The rows of an earlier audit by their finding.
pub(super) struct Earlier {
    rows: HashMap<String, (Status, Row)>,
    order: Vec<String>,
}

pub(super) fn read(path: &Path) -> Result<Earlier, EarlierError> {
    let unreadable = |source| EarlierError::Unreadable { path: path.to_path_buf(), source };
    let foreign = |line| EarlierError::Foreign { path: path.to_path_buf(), line };
    let mut reader = csv::Reader::from_path(path).map_err(unreadable)?;
    if reader.headers().map_err(unreadable)?.iter().ne(COLUMNS) {
        return Err(foreign(1));
    }
    let mut earlier = Earlier { rows: HashMap::new(), order: Vec::new() };
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Vec<String> =
            record.iter().map(|c| c.strip_prefix('\'').unwrap_or(c).to_owned()).collect();
        let row: Row = cells.try_into().map_err(|_| foreign(line))?;
        let status = Status::ALL.into_iter().find(|s| s.name() == row[1]).ok_or_else(|| foreign(line))?;
        earlier.order.push(row[0].clone());
        earlier.rows.insert(row[0].clone(), (status, row));
    }
    Ok(earlier)
}

impl Earlier {
    /// A finding that was gone and is there again has come back: a firmware update switches adapters on.
    pub(super) fn status(&self, id: &str) -> Status {
        match self.rows.get(id) {
            None => Status::New,
            Some((Status::Resolved, _)) => Status::Reopened,
            Some(_) => Status::Ongoing,
        }
    }

    /// The rows of findings that are not there any more. They stay, so that one that comes back is known.
    pub(super) fn gone(&self, risks: &[Risk]) -> Vec<Row> {
        let here: HashSet<&str> = risks.iter().map(|r| r.id.as_str()).collect();
        self.order
            .iter()
            .filter(|id| !here.contains(id.as_str()))
            .filter_map(|id| self.rows.get(id))
            .map(|(_, row)| {
                let mut row = row.clone();
                row[1] = Status::Resolved.name().to_owned();
                row
            })
            .collect()
    }
}
