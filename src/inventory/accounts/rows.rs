//! Reads the rows of a table of accounts.

use super::collector::{AccountCollector, CUT_OFF};
use super::format::{ReadError, Text};
use crate::text::delimited::{Row, Table, TableError};
use crate::text::row_check::ColumnFinder;

/// Reads a table row by row. `columns` finds the columns of interest. A row that fails the
/// [check](crate::text::row_check::RowCheck::check) is lost, and so is one that the end of the file cuts off.
pub(super) fn each_row<C>(
    text: Text<'_>,
    to: &mut AccountCollector,
    columns: impl FnOnce(&mut ColumnFinder<'_>) -> C,
    mut row: impl FnMut(&C, &Row<'_>, &mut AccountCollector) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let Some(mut table) = Table::open(text)? else { return Ok(()) };
    let mut finder = ColumnFinder::new(table.header());
    let columns = columns(&mut finder);
    let mut check = finder.into_check();
    let width = table.header().columns().len();
    while let Some(next) = table.next_row() {
        match next {
            Ok(cut) if !cut.is_ended && cut.width() < width => to.report_loss(cut.line, CUT_OFF),
            Ok(next) => match check.check(&next) {
                Ok(true) => row(&columns, &next, to)?,
                Ok(false) => {}
                Err(what) => to.report_loss(next.line, what),
            },
            Err(TableError::Io(error)) => return Err(error.into()),
            Err(error) => to.report_loss(0, error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inventory::accounts::load;

    /// Name and number of SPNs of each account, and the read errors.
    fn read(text: &str) -> (Vec<(String, usize)>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        std::fs::write(&path, text).unwrap();
        let inventory = load(&[path]);
        let accounts = inventory.accounts.iter().map(|a| (a.name.to_string(), a.spns.len())).collect();
        (accounts, inventory.files[0].read_errors.clone())
    }

    /// The second header was an error of its own, or an account.
    #[test]
    fn two_account_lists_in_one_file() {
        let pair = |name: &str, spns| (name.to_owned(), spns);
        let same =
            "account,domain,spn\na$,alpha.example,HOST/a\naccount,domain,spn\nb$,alpha.example,HOST/b\n";
        assert_eq!(read(same), (vec![pair("a$", 1), pair("b$", 1)], vec![]));
        let other =
            "account,domain,spn\na$,alpha.example,HOST/a\n\naccount,spn,domain\nb$,HOST/b,alpha.example\n";
        let (accounts, errors) = read(other);
        assert_eq!(accounts, [pair("a$", 1)]);
        assert!(errors[0].starts_with("line 4: a second table with other columns"), "{errors:?}");
    }

    /// The first of two columns was read without a word.
    #[test]
    fn two_columns_of_one_name_with_other_values() {
        let text = "account,domain,spn,SPN\na$,alpha.example,HOST/a,HOST/a\nb$,alpha.example,HOST/b,HOST/c\n";
        let (accounts, errors) = read(text);
        assert_eq!(accounts, [("a$".to_owned(), 1)]);
        assert!(
            errors[0].starts_with("line 3: two columns \"spn\" have the values \"HOST/b\""),
            "{errors:?}"
        );
    }

    /// The later of two names of one attribute replaced the earlier one without a word.
    #[test]
    fn two_names_of_one_attribute_with_other_values() {
        let text = "SamAccountName,DistinguishedName,servicePrincipalName,pwdLastSet,PasswordLastSet\n\
            a$,\"CN=a,DC=alpha,DC=example\",HOST/a,134086498701234567,2025-11-26T16:57:50Z\n\
            b$,\"CN=b,DC=alpha,DC=example\",HOST/b,134086498701234567,2025-12-01T00:00:01Z\n";
        let (accounts, errors) = read(text);
        assert_eq!(accounts.len(), 2);
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].starts_with("line 3: pwdLastSet is "), "{errors:?}");
    }
}
