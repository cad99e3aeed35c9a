//! Reads lists of properties, which are PowerShell's default view of `Get-NetIPAddress`, and the output of
//! `Get-NetAdapter | Format-List`, `Get-CimInstance Win32_NetworkAdapterConfiguration | Format-List` and
//! `wmic nicconfig get ... /value`.
//!
//! The objects are those of [JSON](super::powershell_json), with texts for values.

use serde_json::Value;

use super::collector::AddressCollector;
use super::format::{Format, Reader, Refusal, Sample};
use super::json::Object;
use super::powershell_json::{add_object, is_known_class};
use crate::text::decode::TextReader;
use crate::text::property_list::{DROPPED_MESSAGE, each_list};

pub(super) const FORMAT: Format = Format { name: "list of properties", recognise, read: Reader::Text(read) };

const COMMAND: &str = "Get-NetIPAddress | Export-Csv -NoTypeInformation -Encoding UTF8 addresses.csv";

fn recognise(sample: &Sample<'_>) -> bool {
    let mut known = false;
    // Reading a slice cannot fail.
    let _ = each_list(TextReader::from_text(sample.text), |list, _| known |= is_known_class(&object(list)));
    known
}

fn read(text: &str, to: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let mut refusal = None;
    let result = each_list(TextReader::from_text(text), |list, line| {
        if refusal.is_some() {
            return;
        }
        let object = object(list);
        if object.len() < list.len() {
            to.report(
                line,
                "a property of this object appears twice, which leaves its value open; the object is skipped",
            );
            return;
        }
        let is_cut = |(name, value): (&String, &Value)| {
            name.to_lowercase().contains("ip") && value.as_str().is_some_and(|text| text.contains("..."))
        };
        refusal = match object.iter().any(is_cut) {
            true => {
                let found = "a list of addresses ends with ...".to_owned();
                Some(Refusal::LostData { found, command: COMMAND })
            }
            false => add_object(to, &object, line).err(),
        };
    });
    if let Some(line) = result.map_err(|error| Refusal::Unreadable(error.to_string()))? {
        to.report(line, DROPPED_MESSAGE);
    }
    refusal.map_or(Ok(()), Err)
}

fn object(list: &[(String, String)]) -> Object {
    list.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect()
}
