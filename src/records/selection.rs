//! Selects the records that a run wants by provider and event ID.

use super::record::Record;

/// A provider under all its names, and the wanted event IDs.
#[derive(Debug, Clone)]
pub struct EventFilter {
    /// Names of the provider, which are compared with `Provider/@Name` (`@EventSourceName` if that is empty) without ASCII
    /// case. Empty for any provider.
    pub providers: Vec<String>,
    /// Empty for any event ID.
    pub event_ids: Vec<u16>,
}

/// The records that a run wants: those that one of its filters accepts.
#[derive(Debug, Clone)]
pub struct Selection {
    /// A bit for each event ID, which is set if a filter accepts it.
    ids: Box<[u64; 1024]>,
    /// Index in `providers` by event ID; 0 for an ID that no filter lists.
    providers_of: Vec<u32>,
    providers: Vec<WantedProviders>,
    conditions: Vec<ValueCondition>,
}

/// The providers that are wanted with an event ID.
#[derive(Debug, Clone, Default)]
struct WantedProviders {
    /// Is any provider wanted?
    any: bool,
    /// Names as text and in UTF-16.
    names: Vec<(String, Box<[[u8; 2]]>)>,
}

impl WantedProviders {
    fn add(&mut self, filter: &EventFilter) {
        self.any |= filter.providers.is_empty();
        self.names.extend(
            filter.providers.iter().map(|n| (n.clone(), n.encode_utf16().map(u16::to_le_bytes).collect())),
        );
    }
}

/// A condition on a value of a wanted record.
#[derive(Debug, Clone, Copy)]
pub struct ValueCondition {
    event_id: u16,
    /// `Data/@Name` in ASCII, with the case of the log.
    pub name: &'static str,
    accepts: fn(&str) -> bool,
}

impl ValueCondition {
    pub fn accepts(&self, value: &str) -> bool {
        (self.accepts)(value)
    }
}

impl Selection {
    pub fn new(filters: Vec<EventFilter>) -> Self {
        let mut ids = Box::new([0u64; 1024]);
        let mut providers_of = vec![0u32; 1 << 16];
        let mut providers = vec![WantedProviders::default()];
        for filter in filters.iter().filter(|filter| filter.event_ids.is_empty()) {
            ids.fill(u64::MAX);
            providers[0].add(filter);
        }
        let of_any_id = providers[0].clone();
        for filter in &filters {
            for &id in &filter.event_ids {
                ids[usize::from(id) / 64] |= 1 << (id % 64);
                let index = &mut providers_of[usize::from(id)];
                if *index == 0 {
                    *index = providers.len() as u32;
                    providers.push(of_any_id.clone());
                }
                providers[*index as usize].add(filter);
            }
        }
        Self { ids, providers_of, providers, conditions: Vec::new() }
    }

    /// Adds a condition: a record with this event ID is wanted only if `accepts` accepts its value `name`. A record without
    /// such a value stays wanted.
    ///
    /// With LogLevel=1 a machine logs a Kerberos event 3 for every ticket. Decoding all of them for the few with 0x29 would
    /// take most of the time.
    pub fn only_where(mut self, event_id: u16, name: &'static str, accepts: fn(&str) -> bool) -> Self {
        self.conditions.push(ValueCondition { event_id, name, accepts });
        self
    }

    /// The conditions on records with this event ID.
    pub fn conditions(&self, event_id: u16) -> impl Iterator<Item = &ValueCondition> {
        self.conditions.iter().filter(move |condition| condition.event_id == event_id)
    }

    /// Is this record wanted, and do its values meet the conditions?
    pub fn accepts_record(&self, record: &Record) -> bool {
        self.accepts(&record.provider, record.event_id) && self.conditions_hold(record)
    }

    /// Does the record meet all conditions on its event ID?
    pub fn conditions_hold(&self, record: &Record) -> bool {
        self.conditions(record.event_id).all(|condition| {
            let mut named = record.data.iter().filter(|d| d.name.as_deref() == Some(condition.name));
            named.next().is_none_or(|datum| condition.accepts(&datum.value))
        })
    }

    /// Does any filter accept this event ID?
    #[inline]
    pub fn accepts_id(&self, id: u16) -> bool {
        self.ids[usize::from(id) / 64] & (1 << (id % 64)) != 0
    }

    /// Is a record with this provider and event ID wanted?
    pub fn accepts(&self, provider: &str, id: u16) -> bool {
        self.providers(id).is_some_and(|wanted| {
            wanted.any || wanted.names.iter().any(|(name, _)| name.eq_ignore_ascii_case(provider))
        })
    }

    /// Like [`Selection::accepts`], for a provider's name in UTF-16.
    pub fn accepts_utf16(&self, provider: &[[u8; 2]], id: u16) -> bool {
        self.providers(id).is_some_and(|wanted| {
            wanted.any || wanted.names.iter().any(|(_, name)| eq_ignore_ascii_case(name, provider))
        })
    }

    fn providers(&self, id: u16) -> Option<&WantedProviders> {
        self.providers.get(*self.providers_of.get(usize::from(id))? as usize)
    }
}

/// Compares two names in UTF-16 without ASCII case. Equal names usually have the same case.
fn eq_ignore_ascii_case(a: &[[u8; 2]], b: &[[u8; 2]]) -> bool {
    let unit = |unit: &[u8; 2]| lower(u16::from_le_bytes(*unit));
    a.len() == b.len() && (a == b || a.iter().map(unit).eq(b.iter().map(unit)))
}

/// Converts an ASCII letter to lower case.
fn lower(unit: u16) -> u16 {
    match u8::try_from(unit) {
        Ok(byte) => byte.to_ascii_lowercase().into(),
        Err(_) => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Datum;

    #[test]
    fn a_name_in_utf_16_is_accepted_like_the_same_name_in_utf_8() {
        let s = Selection::new(vec![EventFilter {
            providers: vec!["KDC".into(), "Dienst ü".into()],
            event_ids: vec![4],
        }]);
        for name in ["KDC", "kdc", "KD", "KDCX", "Dienst ü", "DIENST ü", "Dienst Ü", ""] {
            let units: Vec<_> = name.encode_utf16().map(u16::to_le_bytes).collect();
            assert_eq!(s.accepts_utf16(&units, 4), s.accepts(name, 4), "{name}");
            assert!(!s.accepts_utf16(&units, 5));
        }
    }

    #[test]
    fn a_condition_rejects_by_value_and_keeps_a_record_without_the_value() {
        let s = Selection::new(vec![EventFilter { providers: vec![], event_ids: vec![3, 4] }]).only_where(
            3,
            "ErrorCode",
            |code| code == "0x29",
        );
        let datum = |code: &str| Datum { name: Some("ErrorCode".into()), value: code.into() };
        let record = |event_id, code: Option<&str>| {
            Record::event_4("SRV1").with_content(|content| {
                content.event_id = event_id;
                content.data = code.map(datum).into_iter().collect();
            })
        };
        assert!(s.accepts_record(&record(3, Some("0x29"))));
        assert!(!s.accepts_record(&record(3, Some("0x19"))));
        assert!(s.accepts_record(&record(3, None)));
        assert!(s.accepts_record(&record(4, Some("0x19"))));
    }

    #[test]
    fn accepts_by_provider_and_id_together() {
        let s = Selection::new(vec![EventFilter { providers: vec!["Kerberos".into()], event_ids: vec![4] }]);
        assert!(s.accepts("kerberos", 4));
        assert!(!s.accepts("Kerberos", 5));
        assert!(!s.accepts("KDC", 4));
        assert!(s.accepts_id(4) && !s.accepts_id(3));
    }

    #[test]
    fn no_ids_means_all_ids_and_no_provider_all_providers() {
        let s = Selection::new(vec![EventFilter { providers: vec![], event_ids: vec![] }]);
        assert!(s.accepts("anything", 65535));
    }
}
