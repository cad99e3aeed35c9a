//! The names in Kerberos events and in directories, and how they are compared.
//!
//! An attacker may choose a name. So a comparison ignores only case and the optional parts of a name's grammar: a trailing
//! dot, the `$`, a realm, and the characters after the 15th of a NetBIOS name. No other character is removed.
//!
//! A file imports only files listed before it: `host`, `spn`, `principal` (any of them, or an account).

mod host;
mod principal;
mod spn;

pub use host::{HostMatch, HostName};
pub use principal::Principal;
pub use spn::Spn;

/// Folds a name for comparison: to lower case, by the rules of Unicode. Windows compares names of hosts, accounts, realms and
/// channels without case.
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// Folds a DNS domain or Kerberos realm for comparison: to lower case, without the trailing dot. `None` if it is empty.
pub fn domain_key(text: &str) -> Option<String> {
    let text = without_dot(text.trim());
    (!text.is_empty()).then(|| fold(text))
}

/// May `flat` be the NetBIOS name of the DNS domain `dns`? By default it is the first label. Both are folded.
pub(crate) fn is_flat_of(flat: &str, dns: &str) -> bool {
    !flat.contains('.') && dns.split('.').next() == Some(flat)
}

/// Can both names mean one domain? Either may be a NetBIOS name.
pub(crate) fn same_domain(a: &str, b: &str) -> bool {
    let (a, b) = (fold(a), fold(b));
    a == b || is_flat_of(&a, &b) || is_flat_of(&b, &a)
}

/// Removes the trailing dot of a fully qualified name (RFC 1034 3.1).
fn without_dot(text: &str) -> &str {
    text.strip_suffix('.').unwrap_or(text)
}

/// Does this look like a DNS domain, with at least two labels of letters, digits, `-` and `_`?
///
/// This decides whether the text after the last `@` of a name is a realm (`HTTP/fela@corp.local`) or part of the name.
pub(crate) fn looks_like_domain(text: &str) -> bool {
    let text = without_dot(text);
    text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        })
}
