//! Makes the key under which a registered SPN is found.

use crate::names::Spn;

/// The key of a registered SPN: [`Spn::key`], and the realm if the directory entry has one.
pub(super) fn stored_key(text: &str) -> Box<str> {
    if is_plain(text) {
        return text.to_ascii_lowercase().into();
    }
    match Spn::parse(text) {
        Some(spn) => match &spn.realm {
            Some(realm) => format!("{}@{}", spn.key(), realm.to_lowercase()).into(),
            None => spn.key().into(),
        },
        None => text.to_lowercase().into(),
    }
}

/// Is the key simply the text in lower case? Nearly every SPN is so, and needs no parsing.
fn is_plain(text: &str) -> bool {
    let mut before = b'/';
    for b in text.bytes() {
        let separator = matches!(b, b'/' | b':');
        let odd = !(b.is_ascii_alphanumeric() || separator || matches!(b, b'-' | b'.' | b'_' | b'$'));
        if odd || (separator && matches!(before, b'/' | b':' | b'.')) {
            return false;
        }
        before = b;
    }
    !matches!(before, b'/' | b':' | b'.') && text.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_quick_key_is_used_and_is_the_same() {
        for plain in ["HOST/srv1.alpha.example.com", "MSSQLSvc/sql1:1433", "ldap/dc/a.test", "x/a:b:c"] {
            assert!(is_plain(plain), "{plain}");
        }
        for odd in
            ["HTTP/x.", "HTTP/x.:80", "HTTP/x@a.test", "a//b", "a/b/", "a/b:", "x/[::1]", "x/ä", "nothing"]
        {
            assert!(!is_plain(odd), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn plain_text_has_the_parsed_key(text in "[aZ.:/-]{0,12}") {
            if is_plain(&text) {
                prop_assert_eq!(Spn::parse(&text).map(|spn| spn.key()), Some(stored_key(&text).into_string()));
            }
        }
    }
}
