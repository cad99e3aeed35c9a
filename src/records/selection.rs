//! Which records a run wants: pairs of provider and event ID.

use super::record::Record;

/// A provider under all its names, and the wanted event IDs.
#[derive(Debug, Clone)]
pub struct EventFilter {
    /// Names to compare with `Provider/@Name` (or `@EventSourceName` if it is empty), ignoring ASCII case.
    /// Empty: any provider.
    pub providers: Vec<String>,
    /// Empty: any event ID.
    pub event_ids: Vec<u16>,
}

/// The records a run wants. A record is wanted when one of the entries accepts it.
#[derive(Debug, Clone)]
pub struct Selection {
    /// One bit per event ID that any entry accepts. It is the cheapest check, so it comes first.
    ids: Box<[u64; 1024]>,
    /// Index in `groups` by event ID; 0 for IDs that no entry names.
    group_of: Vec<u32>,
    groups: Vec<Group>,
    conditions: Vec<Condition>,
}

/// The providers that are wanted with an event ID.
#[derive(Debug, Clone, Default)]
struct Group {
    any: bool,
    /// Names as text and as UTF-16.
    names: Vec<(String, Box<[[u8; 2]]>)>,
}

impl Group {
    fn add(&mut self, entry: &EventFilter) {
        self.any |= entry.providers.is_empty();
        self.names.extend(
            entry.providers.iter().map(|n| (n.clone(), n.encode_utf16().map(u16::to_le_bytes).collect())),
        );
    }
}

/// Condition on a value of a wanted record.
#[derive(Debug, Clone, Copy)]
pub struct Condition {
    event_id: u16,
    /// `Data/@Name` in ASCII, as the log spells it.
    pub name: &'static str,
    accepts: fn(&str) -> bool,
}

impl Condition {
    pub fn accepts(&self, value: &str) -> bool {
        (self.accepts)(value)
    }
}

impl Selection {
    pub fn new(wanted: Vec<EventFilter>) -> Self {
        let mut ids = Box::new([0u64; 1024]);
        let mut group_of = vec![0u32; 1 << 16];
        let mut groups = vec![Group::default()];
        for entry in wanted.iter().filter(|entry| entry.event_ids.is_empty()) {
            ids.fill(u64::MAX);
            groups[0].add(entry);
        }
        let of_any = groups[0].clone();
        for entry in &wanted {
            for &id in &entry.event_ids {
                ids[usize::from(id) / 64] |= 1 << (id % 64);
                let group = &mut group_of[usize::from(id)];
                if *group == 0 {
                    *group = groups.len() as u32;
                    groups.push(of_any.clone());
                }
                groups[*group as usize].add(entry);
            }
        }
        Self { ids, group_of, groups, conditions: Vec::new() }
    }

    /// Wants records with this event ID only if `accepts` accepts the value called `name`. Records without
    /// such a value stay wanted. With LogLevel=1 a machine logs a Kerberos event 3 for every ticket, and
    /// decoding them all for the few with 0x29 would take longer than everything else.
    pub fn only_where(mut self, event_id: u16, name: &'static str, accepts: fn(&str) -> bool) -> Self {
        self.conditions.push(Condition { event_id, name, accepts });
        self
    }

    /// The conditions on records with this event ID.
    pub fn conditions(&self, event_id: u16) -> impl Iterator<Item = &Condition> {
        self.conditions.iter().filter(move |condition| condition.event_id == event_id)
    }

    /// Is this record wanted, including its values?
    pub fn accepts_record(&self, record: &Record) -> bool {
        self.accepts(&record.provider, record.event_id) && self.conditions_hold(record)
    }

    /// Do the conditions on this record's event ID hold?
    pub fn conditions_hold(&self, record: &Record) -> bool {
        self.conditions(record.event_id).all(|condition| {
            let mut named = record.data.iter().filter(|d| d.name.as_deref() == Some(condition.name));
            named.next().is_none_or(|datum| condition.accepts(&datum.value))
        })
    }

    /// Could a record with this event ID be wanted, whatever its provider?
    #[inline]
    pub fn accepts_id(&self, id: u16) -> bool {
        self.ids[usize::from(id) / 64] & (1 << (id % 64)) != 0
    }

    /// Is a record with this provider and event ID wanted?
    pub fn accepts(&self, provider: &str, id: u16) -> bool {
        self.group(id).is_some_and(|group| {
            group.any || group.names.iter().any(|(name, _)| name.eq_ignore_ascii_case(provider))
        })
    }

    /// The same as [`Selection::accepts`], for a provider's name in UTF-16.
    pub fn accepts_wide(&self, provider: &[[u8; 2]], id: u16) -> bool {
        self.group(id)
            .is_some_and(|group| group.any || group.names.iter().any(|(_, name)| same(name, provider)))
    }

    fn group(&self, id: u16) -> Option<&Group> {
        self.groups.get(*self.group_of.get(usize::from(id))? as usize)
    }
}

/// Compares two names without ASCII case. Equal names usually have the same case.
fn same(a: &[[u8; 2]], b: &[[u8; 2]]) -> bool {
    let unit = |unit: &[u8; 2]| lower(u16::from_le_bytes(*unit));
    a.len() == b.len() && (a == b || a.iter().map(unit).eq(b.iter().map(unit)))
}

/// Lower case in ASCII.
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
            assert_eq!(s.accepts_wide(&units, 4), s.accepts(name, 4), "{name}");
            assert!(!s.accepts_wide(&units, 5));
        }
    }

    #[test]
    fn a_condition_turns_away_by_value_and_nothing_without_the_value() {
        let s = Selection::new(vec![EventFilter { providers: vec![], event_ids: vec![3, 4] }]).only_where(
            3,
            "ErrorCode",
            |code| code == "0x29",
        );
        let datum = |code: &str| Datum { name: Some("ErrorCode".into()), value: code.into() };
        let record = |event_id, code: Option<&str>| {
            Record::of("SRV1").saying(|content| {
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
