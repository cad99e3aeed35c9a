//! Finds the row of the decision table that decided one incident, for `explain --why`.

use super::config::{Config, Error};
use super::{collect, diagnose, inputs};
use crate::commands::threads::with_threads;
use crate::diagnosis::{Finding, OrderKey, Orderable, Topology};
use crate::files::FileIndex;
use crate::probe::HostProgress;
use crate::report::Row;
use crate::scan::Progress;

/// An incident, and the row of the decision table that decided it.
pub(crate) struct Decision {
    /// The incident as the report has it.
    pub row: Row,
    /// Topology of the row of the table.
    pub topology: Topology,
    /// Condition of the row of the table.
    pub when: &'static str,
}

impl Orderable for Decision {
    fn order_key(&self) -> OrderKey<'_> {
        self.row.order_key()
    }
}

/// Triages the inputs and returns the decision about one incident, or `None` if they do not have it. Also returns their read
/// errors.
pub(crate) fn decision(
    config: &Config,
    incident_id: &str,
    progress: &(impl Progress + HostProgress),
) -> Result<(Option<Decision>, Vec<String>), Error> {
    with_threads(config.scan.threads, || {
        let inputs = inputs::read_inputs(config)?;
        let mut collected = collect::collect(config, &inputs, progress);
        if let Some(reasons) = collected.no_log(&inputs) {
            return Err(Error::NoLogs(reasons));
        }
        let make = |finding: Finding, log_name: &dyn Fn(FileIndex) -> String| {
            let (topology, when) = finding.row;
            Decision { row: Row::new(finding, log_name), topology, when }
        };
        let diagnoses = diagnose::diagnose(config, &inputs, &mut collected, progress, make);
        let is_wanted = |decision: &Decision| decision.row.incident_id.eq_ignore_ascii_case(incident_id);
        let decision = diagnoses.findings.into_iter().find(is_wanted);
        let logs = collected.logs.files.iter().map(|log| (&log.path, &log.read_errors));
        let lists = diagnoses.inventories.iter().map(|list| (&list.path, &list.read_errors));
        let unread = inputs.unread.iter().map(ToString::to_string);
        let errors = logs.chain(lists);
        let errors = errors.flat_map(|(path, errors)| errors.iter().map(move |why| format!("{path}: {why}")));
        Ok((decision, unread.chain(errors).collect()))
    })
}
