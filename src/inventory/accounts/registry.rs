//! The list of export formats.

use super::format::Format;
use super::{adrecon, ldif, object_csv, object_json, object_list, project_csv, setspn};

/// Every format, the most specific first. The first that recognises a file reads it.
pub(super) const FORMATS: &[Format] = &[
    object_json::SHARPHOUND,
    object_json::LDAP,
    object_json::GET_AD,
    object_list::CLIXML,
    ldif::FORMAT,
    project_csv::FORMAT,
    adrecon::FORMAT,
    object_csv::CSVDE,
    object_csv::GET_AD,
    object_list::LIST,
    object_list::DSQUERY,
    setspn::FORMAT,
];

/// Does any format recognise the start of this text?
pub(in crate::inventory) fn is_known(head: &str) -> bool {
    FORMATS.iter().any(|format| (format.recognise)(head))
}
