//! One incident of the inputs, and the row of the decision table that decided it: for `explain --why`.

use super::config::{Config, Error};
use super::{collect, diagnose, inputs};
use crate::commands::threads::with_threads;
use crate::diagnosis::{Finding, OrderKey, Orderable, Topology};
use crate::files::FileIndex;
use crate::probe::HostProgress;
use crate::report::Row;
use crate::scan::Progress;

/// How an incident was decided.
pub(crate) struct Decision {
    pub row: Row,
    pub topology: Topology,
    /// What the row of the table asks for.
    pub when: &'static str,
}

impl Orderable for Decision {
    fn order_key(&self) -> OrderKey<'_> {
        self.row.order_key()
    }
}

/// The decision about an incident, and what of the inputs could not be read. None where they have no such incident.
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
        let diagnosed = diagnose::diagnose(config, &inputs, &mut collected, progress, make);
        let is_wanted = |decision: &Decision| decision.row.incident_id.eq_ignore_ascii_case(incident_id);
        let decision = diagnosed.findings.into_iter().find(is_wanted);
        let logs = collected.logs.files.iter().map(|log| (&log.path, &log.read_errors));
        let lists = diagnosed.inventories.iter().map(|list| (&list.path, &list.read_errors));
        let unread = inputs.unread.iter().map(ToString::to_string);
        let errors = logs.chain(lists);
        let errors = errors.flat_map(|(path, errors)| errors.iter().map(move |why| format!("{path}: {why}")));
        Ok((decision, unread.chain(errors).collect()))
    })
}
