//! Names as Kerberos and Windows write them, and when two of them mean the same.
//!
//! Comparison folds case and nothing else: names may be chosen by somebody hostile, so no character is
//! stripped or cleaned (a trailing dot, the `$`, a realm and the NetBIOS cut are parts of the grammar).

mod host;
mod principal;
mod spn;

pub use host::{HostMatch, HostName};
pub use principal::Principal;
pub use spn::Spn;

/// A name in its form for comparison: in lower case, by the rules of Unicode. Windows compares names of hosts, accounts, realms and
/// channels without case.
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// A DNS domain or Kerberos realm, ready to compare: lower case, no trailing dot. `None` when empty.
pub fn domain_key(text: &str) -> Option<String> {
    let text = without_dot(text.trim());
    (!text.is_empty()).then(|| fold(text))
}

/// A fully qualified name may end with one dot (RFC 1034 3.1), and means the same without it.
fn without_dot(text: &str) -> &str {
    text.strip_suffix('.').unwrap_or(text)
}

/// Does this look like a DNS domain? At least two labels of letters, digits, `-` and `_`.
///
/// Decides whether what follows the last `@` of a name is a realm (`HTTP/fela@corp.local`) or part of it.
pub(crate) fn looks_like_domain(text: &str) -> bool {
    let text = without_dot(text);
    text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        })
}
