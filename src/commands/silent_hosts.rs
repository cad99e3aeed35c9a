//! Describes hosts that did not answer a probe.

use indexmap::IndexMap;

use crate::probe::Probe;
use crate::report::numbers::pluralize;
use crate::report::text_writer::few;

/// Returns the reasons why hosts did not answer: a sentence for each address that was tried. More than `most` hosts with the
/// same failure share one sentence.
pub(super) fn describe_silent_hosts(probes: &[Probe], most: usize) -> Vec<String> {
    let mut by_failure: IndexMap<String, (Vec<String>, Vec<String>)> = IndexMap::new();
    for probe in probes.iter().filter(|probe| probe.answer.is_none()) {
        for failure in &probe.failures {
            let (hosts, sentences) = by_failure.entry(failure.1.to_string()).or_default();
            if hosts.last() != Some(&probe.host) {
                hosts.push(probe.host.clone());
            }
            sentences.push(probe.sentence(failure));
        }
    }
    let describe = |(failure, (hosts, sentences)): (String, (Vec<String>, Vec<String>))| {
        if hosts.len() <= most {
            return sentences;
        }
        vec![format!("{}: {failure} They are {}.", pluralize(hosts.len() as u64, "host"), few(&hosts, most))]
    };
    by_failure.into_iter().flat_map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Failure;
    use jiff::Timestamp;

    fn probe(host: usize, failures: Vec<Failure>) -> Probe {
        let failures = failures.into_iter().map(|failure| (None, failure)).collect();
        Probe { host: format!("srv{host}"), at: Timestamp::UNIX_EPOCH, failures, answer: None }
    }

    #[test]
    fn many_hosts_with_one_failure_are_one_sentence() {
        let refused = |host| probe(host, vec![Failure::Refused, Failure::Refused]);
        let mut probes: Vec<Probe> = (0..9).map(refused).collect();
        probes.push(probe(9, vec![Failure::Closed]));
        let sentences = describe_silent_hosts(&probes, 5);
        assert_eq!(sentences.len(), 2, "{sentences:?}");
        assert!(sentences[0].starts_with("9 hosts: the connection was refused."), "{sentences:?}");
        assert!(
            sentences[0].contains("They are srv0, srv1") && sentences[0].contains(" more."),
            "{sentences:?}"
        );
        assert!(sentences[1].starts_with("srv9: the host closed"), "{sentences:?}");
        // All of them, for whoever asks.
        assert_eq!(describe_silent_hosts(&probes, usize::MAX).len(), 19);
    }
}
