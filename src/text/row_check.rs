//! Finds the columns of a table, and checks for each row that its values are in them.

use std::net::IpAddr;

use super::delimited::{Header, Row, is_column_name};

/// Finds the columns that a reader uses, and remembers which of them must agree in every row.
pub(crate) struct ColumnFinder<'h> {
    header: &'h Header,
    /// Positions of columns with one meaning.
    same: Vec<Vec<usize>>,
    allows_any_width: bool,
}

impl<'h> ColumnFinder<'h> {
    pub(crate) fn new(header: &'h Header) -> Self {
        Self { header, same: Vec::new(), allows_any_width: false }
    }

    pub(crate) fn header(&self) -> &'h Header {
        self.header
    }

    /// The first column with one of `names`, which have one meaning. In every row the other columns with these names must agree
    /// with it.
    pub(crate) fn find(&mut self, names: &[&str]) -> Option<usize> {
        let found = self.header.all_columns(names);
        let first = found.first().copied();
        if found.len() > 1 {
            self.same.push(found);
        }
        first
    }

    /// The columns with any of `names`, in the order of `names`, of which the first with a value counts. Their meanings differ,
    /// so only two columns of one name must agree.
    pub(crate) fn alternatives(&mut self, names: &[&str]) -> Vec<Option<usize>> {
        names.iter().map(|name| self.find(&[name])).filter(Option::is_some).collect()
    }

    /// Accepts rows with more cells than the header, of a tool that quotes nothing.
    pub(crate) fn allow_any_width(&mut self) {
        self.allows_any_width = true;
    }

    pub(crate) fn into_check(self) -> RowCheck {
        RowCheck {
            names: self.header.columns().to_vec(),
            same: self.same,
            allows_any_width: self.allows_any_width,
            max_width: None,
            is_over: false,
        }
    }
}

/// Checks the rows of one table in turn.
pub(crate) struct RowCheck {
    names: Vec<String>,
    same: Vec<Vec<usize>>,
    allows_any_width: bool,
    /// Maximum number of cells of a row. The first row sets it.
    max_width: Option<usize>,
    /// A second table began, whose rows are not read.
    is_over: bool,
}

impl RowCheck {
    /// Is the row one to read? The header again, where files were put together, is not. The error says why the values of a row
    /// cannot be used: it is too wide, two of its columns contradict each other, or a table with other columns begins.
    pub(crate) fn check(&mut self, row: &Row<'_>) -> Result<bool, String> {
        if self.is_over {
            return Ok(false);
        }
        if self.is_header(row) {
            self.is_over = !self.repeats_header(row);
            return match self.is_over {
                true => Err("a second table with other columns begins here and is not read; save it as a file of its own".into()),
                false => Ok(false),
            };
        }
        if !self.allows_any_width && self.is_too_wide(row) {
            return Err(format!(
                "{} cells, and the header has {} columns; put quotation marks around a value with a delimiter in it; the row is \
                 skipped",
                row.width(),
                self.names.len()
            ));
        }
        match self.contradiction(row).filter(|_| row.width() <= self.names.len()) {
            Some(contradiction) => Err(contradiction),
            None => Ok(true),
        }
    }

    /// Has the row at least two names of columns, and no address or SPN?
    fn is_header(&self, row: &Row<'_>) -> bool {
        let cells = || (0..row.width()).map(|at| row.get(Some(at)));
        let is_name = |cell: &&str| self.names.iter().any(|name| is_column_name(cell, name));
        let is_value = |cell: &str| {
            let address = cell.split('%').next().unwrap_or_default();
            (cell.contains('/') && !is_name(&cell)) || address.parse::<IpAddr>().is_ok()
        };
        cells().filter(is_name).nth(1).is_some() && !cells().any(is_value)
    }

    fn repeats_header(&self, row: &Row<'_>) -> bool {
        self.names.iter().enumerate().all(|(at, name)| is_column_name(row.get(Some(at)), name))
    }

    /// Has the row more values than the header has columns? Then one of them has a delimiter in it without quotation marks, and
    /// those after it are in the wrong columns. If all lines end with a delimiter, the first row has empty cells more, and each
    /// row may have them.
    fn is_too_wide(&mut self, row: &Row<'_>) -> bool {
        let columns = self.names.len();
        let has_more = (columns..row.width()).any(|at| !row.get(Some(at)).is_empty());
        let max = *self.max_width.get_or_insert(if has_more { columns } else { columns.max(row.width()) });
        has_more || row.width() > max
    }

    /// Says which two columns of one meaning have different values.
    fn contradiction(&self, row: &Row<'_>) -> Option<String> {
        self.same.iter().find_map(|group| {
            let mut values = group.iter().map(|at| (*at, row.get(Some(*at)))).filter(|(_, value)| !value.is_empty());
            let (first, value) = values.next()?;
            let (other, contrary) = values.find(|(_, other)| !agree(value, other))?;
            let name = |at: usize| self.names.get(at).map_or("", String::as_str);
            Some(match name(first) == name(other) {
                true => format!(
                    "two columns {:?} have the values {value:?} and {contrary:?}; the row is skipped",
                    name(first)
                ),
                false => format!(
                    "the columns {:?} and {:?} have one meaning, and the values {value:?} and {contrary:?}; the row is skipped",
                    name(first),
                    name(other)
                ),
            })
        })
    }
}

/// Are the values equal in any case, or a short host name and its full one?
fn agree(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let begins = long.get(..short.len()).is_some_and(|start| start.eq_ignore_ascii_case(short));
    let goes_on = long.get(short.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    begins && goes_on && (short.len() == long.len() || short.parse::<IpAddr>().is_err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::decode::TextReader;
    use crate::text::delimited::Table;

    /// The first cell of each row that is used, and the errors with their lines.
    fn checked(text: &str, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut table = Table::open(TextReader::from_text(text)).unwrap().unwrap();
        let mut finder = ColumnFinder::new(table.header());
        finder.find(names);
        let mut check = finder.into_check();
        let (mut used, mut errors) = (Vec::new(), Vec::new());
        while let Some(row) = table.next_row() {
            let row = row.unwrap();
            match check.check(&row) {
                Ok(true) => used.push(row.get(Some(0)).to_owned()),
                Ok(false) => {}
                Err(what) => errors.push(format!("line {}: {what}", row.line)),
            }
        }
        (used, errors)
    }

    /// The first of two columns was read without a word.
    #[test]
    fn two_columns_of_one_meaning_must_agree() {
        let text = "host,address,Host\nsrv1,192.0.2.1,SRV1\nsrv2,192.0.2.2,\nsrv3,192.0.2.3,srv4\nsrv5,192.0.2.5,srv5.alpha.example\n";
        let (used, errors) = checked(text, &["host"]);
        assert_eq!(used, ["srv1", "srv2", "srv5"]);
        assert_eq!(
            errors,
            ["line 4: two columns \"host\" have the values \"srv3\" and \"srv4\"; the row is skipped"]
        );
        let (used, errors) = checked("host,computer\na,b\n192.0.2.1,192.0.2.1.5\n", &["host", "computer"]);
        assert!(used.is_empty());
        assert!(
            errors[0].starts_with("line 2: the columns \"host\" and \"computer\" have one meaning"),
            "{errors:?}"
        );
    }

    #[test]
    fn columns_that_are_not_used_may_differ() {
        let (used, errors) = checked("host,note,note\nsrv1,a,b\n", &["host"]);
        assert_eq!((used.len(), errors.len()), (1, 0));
    }

    #[test]
    fn a_second_header_ends_the_table_unless_it_is_the_same() {
        let text = "account,domain,spn\na,x,HTTP/a\nAccount,Domain,SPN\nb,x,HTTP/b\naccount,spn,domain\nc,HTTP/c,x\nd,HTTP/d,x\n";
        let (used, errors) = checked(text, &["account"]);
        assert_eq!(used, ["a", "b"]);
        assert_eq!(errors.len(), 1);
        assert!(errors[0].starts_with("line 5: a second table with other columns"), "{errors:?}");
    }
}
