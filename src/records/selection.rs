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
        self.accepts_id(id)
            && self.wanted.iter().any(|entry| {
                (entry.event_ids.is_empty() || entry.event_ids.contains(&id))
                    && (entry.providers.is_empty()
                        || entry.providers.iter().any(|p| p.eq_ignore_ascii_case(provider)))
            })
    }

    pub fn wanted(&self) -> &[Wanted] {
        &self.wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
