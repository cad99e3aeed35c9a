//! The list of export formats.

use super::format::Format;
use super::{ldif, object_csv, object_json, project_csv, setspn};

/// Every format, the most specific first. The first that recognises a file reads it.
pub(super) const FORMATS: &[Format] = &[
    object_json::SHARPHOUND,
    object_json::LDAP,
    object_json::GET_AD,
    ldif::FORMAT,
    project_csv::FORMAT,
    object_csv::CSVDE,
    object_csv::GET_AD,
    setspn::FORMAT,
];

/// Does any format recognise the start of this text?
pub(in crate::inventory) fn is_known(head: &str) -> bool {
    FORMATS.iter().any(|format| (format.recognise)(head))
}
