//! What an item of `evidence` does. Reports tell the items apart by how they begin, also when they are read again.

use super::Cause;

/// How an item begins that speaks against the verdict.
const AGAINST: &str = "against it: ";

/// An item that speaks against the verdict.
pub(super) fn against(text: &str) -> String {
    format!("{AGAINST}{text}")
}

/// Why a cause was not chosen.
pub(super) fn not_chosen(cause: Cause, why: &str) -> String {
    format!("not {cause}: {why}")
}

/// What one item does, and its words without how it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence<'a> {
    /// It supports the verdict.
    For(&'a str),
    /// It speaks against the verdict.
    Against(&'a str),
    /// A cause that was considered, and why not: `CAUSE: why`.
    Considered(&'a str),
}

impl<'a> Evidence<'a> {
    pub fn of(item: &'a str) -> Self {
        if let Some(text) = item.strip_prefix(AGAINST) {
            return Self::Against(text);
        }
        match item.strip_prefix("not ") {
            Some(rest) if rest.split_once(": ").is_some_and(|(c, _)| c.parse::<Cause>().is_ok()) => {
                Self::Considered(rest)
            }
            _ => Self::For(item),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_told_apart_as_they_were_made() {
        assert_eq!(Evidence::of(&against("an old list")), Evidence::Against("an old list"));
        let item = not_chosen(Cause::WrongHost, "nothing shows it");
        assert_eq!(Evidence::of(&item), Evidence::Considered("wrong-host: nothing shows it"));
        for plain in ["srv1 owns it", "not to be taken for a cause: it is evidence", "not wrong-host", ""] {
            assert_eq!(Evidence::of(plain), Evidence::For(plain));
        }
    }
}
