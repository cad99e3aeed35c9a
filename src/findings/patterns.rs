//! What only all incidents together show.

use std::collections::{BTreeSet, HashMap};

use super::case::Knowledge;
use crate::files::FileIndex;
use crate::incidents::Incident;
use crate::names::{HostName, Principal};

/// What only all incidents together show.
#[derive(Debug, Default)]
pub struct Patterns {
    /// Service classes that fail for a host that answers itself, by the target's folded host name.
    classes: HashMap<String, BTreeSet<String>>,
    /// The files that hold anything that a client logged, by its name in lower case.
    logs: HashMap<String, BTreeSet<FileIndex>>,
}

impl Patterns {
    pub fn of(incidents: &[Incident], know: &Knowledge<'_>) -> Self {
        let mut patterns = Self::default();
        for incident in incidents {
            patterns
                .logs
                .entry(incident.client.to_lowercase())
                .or_default()
                .extend(&incident.occurrences.files);
        }
        for (computer, files) in know.signals.files() {
            if let Some(known) = patterns.logs.get_mut(&computer.to_lowercase()) {
                known.extend(files);
            }
        }
        for incident in incidents {
            let (target, answerer) =
                (Principal::parse(&incident.target), Principal::parse(&incident.answered_by));
            let (Some(spn), Some(host), Some(by)) = (target.spn(), target.host(), answerer.host()) else {
                continue;
            };
            if host.same_label(&by) {
                patterns.classes.entry(host.to_string()).or_default().insert(spn.class.to_lowercase());
            }
        }
        patterns
    }

    /// How many service classes fail for a host that answers itself.
    pub fn failing_classes(&self, host: &HostName) -> usize {
        self.classes.get(&host.to_string()).map_or(0, BTreeSet::len)
    }

    /// The files that hold anything that this client logged.
    pub fn logs_of(&self, client: &str) -> Option<&BTreeSet<FileIndex>> {
        self.logs.get(&client.to_lowercase())
    }
}
