//! Which records a run wants: pairs of provider and event ID.

/// A provider (under all names it goes by) and the event IDs wanted of it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Names compared without ASCII case with `Provider/@Name` (or `@EventSourceName` where there is no name).
    /// Empty: any provider.
    pub providers: Vec<String>,
    /// Empty: any event ID.
    pub event_ids: Vec<u16>,
}

/// The records a run wants. A record is wanted when one of the entries accepts it.
#[derive(Debug, Clone)]
pub struct Selection {
    wanted: Vec<Wanted>,
    /// One bit per event ID that any entry accepts: the first and cheapest question to a record.
    ids: Box<[u64; 1024]>,
}

impl Selection {
    pub fn new(wanted: Vec<Wanted>) -> Self {
        let mut ids = Box::new([0u64; 1024]);
        for entry in &wanted {
            if entry.event_ids.is_empty() {
                ids.fill(u64::MAX);
            }
            for &id in &entry.event_ids {
                ids[usize::from(id) / 64] |= 1 << (id % 64);
            }
        }
        Self { wanted, ids }
    }

    /// Could a record with this event ID be wanted, whatever its provider?
    #[inline]
    pub fn accepts_id(&self, id: u16) -> bool {
        self.ids[usize::from(id) / 64] & (1 << (id % 64)) != 0
    }

    /// Is this record wanted?
    pub fn accepts(&self, provider: &str, id: u16) -> bool {
        self.accepts_named(id, |name| name.eq_ignore_ascii_case(provider))
    }

    /// As [`Selection::accepts`], for a provider's name as UTF-16.
    pub fn accepts_wide(&self, provider: &[[u8; 2]], id: u16) -> bool {
        let units = || provider.iter().map(|unit| u16::from_le_bytes(*unit));
        self.accepts_named(id, |name| {
            // Both lengths are the same for ASCII names, and telling by them is quick.
            (!name.is_ascii() || name.len() == provider.len())
                && name.encode_utf16().map(lower).eq(units().map(lower))
        })
    }

    fn accepts_named(&self, id: u16, same: impl Fn(&str) -> bool) -> bool {
        self.accepts_id(id)
            && self.wanted.iter().any(|entry| {
                (entry.event_ids.is_empty() || entry.event_ids.contains(&id))
                    && (entry.providers.is_empty() || entry.providers.iter().any(|name| same(name)))
            })
    }

    pub fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }
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

    #[test]
    fn a_name_in_utf_16_is_accepted_like_the_same_name_in_utf_8() {
        let s = Selection::new(vec![Wanted { providers: vec!["KDC".into(), "Dienst ü".into()], event_ids: vec![4] }]);
        for name in ["KDC", "kdc", "KD", "KDCX", "Dienst ü", "DIENST ü", "Dienst Ü", ""] {
            let units: Vec<_> = name.encode_utf16().map(u16::to_le_bytes).collect();
            assert_eq!(s.accepts_wide(&units, 4), s.accepts(name, 4), "{name}");
            assert!(!s.accepts_wide(&units, 5));
        }
    }

    #[test]
    fn accepts_by_provider_and_id_together() {
        let s = Selection::new(vec![Wanted { providers: vec!["Kerberos".into()], event_ids: vec![4] }]);
        assert!(s.accepts("kerberos", 4));
        assert!(!s.accepts("Kerberos", 5));
        assert!(!s.accepts("KDC", 4));
        assert!(s.accepts_id(4) && !s.accepts_id(3));
    }

    #[test]
    fn no_ids_means_all_ids_and_no_provider_all_providers() {
        let s = Selection::new(vec![Wanted { providers: vec![], event_ids: vec![] }]);
        assert!(s.accepts("anything", 65535));
    }
}
