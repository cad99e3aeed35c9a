//! `Get-ADObject`, `Get-ADComputer` or `Get-ADUser` through `ConvertTo-Json`: a list, one object, or the list
//! that Windows PowerShell wraps (`{"value": [..], "Count": 2}`).
//!
//! Written after the documented shapes. The filter is not in the file: the content decides what the absence
//! of an SPN means, as for [CSV](super::get_ad_csv).

use std::fs::File;

use super::collect::{Attribute, Collector, Entry};
use super::get_ad_csv::is_type_name;
use super::json::{Attributes, set_all};
use super::objects::{Layout, Object, Objects, read_objects};
use super::{Format, ReadError};
use crate::inventory::stream::TextStream;

pub(super) const FORMAT: Format = Format { name: "Get-AD JSON", recognise, read, may_be_empty: false };

/// What exports all that is wanted as JSON.
const COMMAND: &str = "Get-ADObject -LDAPFilter '(servicePrincipalName=*)' -Properties objectClass,sAMAccountName,servicePrincipalName,dNSHostName,pwdLastSet,whenChanged,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,whenCreated,msDS-AdditionalDnsHostName | Select-Object ObjectClass,sAMAccountName,DistinguishedName,dNSHostName,pwdLastSet,whenChanged,whenCreated,userAccountControl,msDS-SupportedEncryptionTypes,primaryGroupID,operatingSystem,@{n='msDS-AdditionalDnsHostName';e={[string[]]$_.'msDS-AdditionalDnsHostName'}},@{n='servicePrincipalName';e={[string[]]$_.servicePrincipalName}} | ConvertTo-Json -Depth 3 | Out-File -Encoding UTF8 spns.json";

fn recognise(head: &str) -> bool {
    let text = head.trim_start();
    let lower = text.to_ascii_lowercase();
    text.starts_with(['[', '{'])
        && (lower.contains("\"distinguishedname\"") || lower.contains("\"samaccountname\""))
}

/// `{"value": [..`, with `"Count"` before or after it.
fn is_wrapped(head: &str) -> bool {
    let start: String = head.chars().filter(|c| !c.is_whitespace()).take(40).collect();
    let start = start.to_ascii_lowercase();
    let rest = match start.strip_prefix("{\"count\":") {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches(','),
        None => start.trim_start_matches('{'),
    };
    start.starts_with('{') && rest.starts_with("\"value\":[")
}

fn read(text: &mut TextStream<File>, block: usize, to: &mut Collector) -> Result<(), ReadError> {
    let layout = if is_wrapped(text.head()) { Layout::Wrapped } else { Layout::List };
    let Accounts { with_spns } = read_objects(text, layout, block, to)?;
    if !with_spns {
        to.lost(0, format!("no object has a servicePrincipalName; export them with: {COMMAND}"));
    }
    Ok(())
}

#[derive(Default)]
struct Accounts {
    with_spns: bool,
}

impl Objects for Accounts {
    fn object(&mut self, object: &Object, to: &mut Collector) -> Result<(), ReadError> {
        let attributes: Attributes = match serde_json::from_str(object.text) {
            Ok(attributes) => attributes,
            Err(error) => {
                to.lost(object.line, format!("an object is no JSON: {error}"));
                return Ok(());
            }
        };
        for (attribute, value) in &attributes.attributes {
            if *attribute != Attribute::ServicePrincipalName {
                continue;
            }
            self.with_spns = true;
            if let Some(type_name) = value.texts.iter().find(|text| is_type_name(text)) {
                let type_name = type_name.to_string();
                return Err(ReadError::Flattened { line: object.line, type_name, command: COMMAND });
            }
        }
        let mut entry = Entry::new(object.line, to);
        set_all(&mut entry, &attributes.attributes, object.line, to);
        entry.finish(to);
        Ok(())
    }

    fn join(&mut self, next: Self) {
        self.with_spns |= next.with_spns;
    }
}
