//! Changes the case of a sentence's first letter.

use std::borrow::Cow;

/// Changes the first letter of a text to upper case.
pub(crate) fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    let mut out = String::with_capacity(text.len());
    out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
    out.push_str(chars.as_str());
    out
}

/// Changes the first letter of a text to lower case, to continue a sentence. A text with an upper-case second letter begins with a
/// name or an abbreviation, and stays as written.
pub(crate) fn uncapitalise(text: &str) -> Cow<'_, str> {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            let mut out = String::with_capacity(text.len());
            out.extend(first.to_lowercase());
            out.push_str(chars.as_str());
            out.into()
        }
        _ => text.into(),
    }
}
