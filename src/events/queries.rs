//! XPath queries of the Windows event log for the events that triage reads. They are made from the catalogue of signals and
//! serve exports and subscriptions.

use super::KERBEROS;
use super::signals::{CATALOGUE, CONDITIONS};

/// Maximum number of comparisons in one query. Windows refuses a query with more than about 22.
const MAX_TERMS: usize = 18;

/// Condition for event 3 with error 0x29. With Kerberos LogLevel=1 a machine logs an event 3 for every ticket.
const IS_TWIN: &str =
    "EventData[Data[@Name='ErrorCode']='0x29' or Data[@Name='ErrorCode']='0x29 KRB_AP_ERR_MODIFIED']";

/// A query of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// The log: `System`, `Directory Service`..
    pub channel: &'static str,
    /// Selects events of one provider, or of any provider if its name varies. Not escaped for XML.
    pub xpath: String,
}

/// The queries for every event that triage reads, grouped by channel.
pub fn queries() -> Vec<EventQuery> {
    type Providers = &'static [&'static str];
    let mut wanted: Vec<(&'static str, Providers, Vec<u16>)> = vec![("System", &KERBEROS, vec![3, 4])];
    for entry in CATALOGUE {
        let source = (entry.source.channel, entry.source.providers);
        match wanted.iter_mut().find(|(channel, providers, _)| (*channel, *providers) == source) {
            Some((_, _, ids)) => ids.extend(entry.ids),
            None => wanted.push((source.0, source.1, entry.ids.to_vec())),
        }
    }
    // The uptime is logged once a day. It shows that the log continues even if nothing else is logged.
    wanted.push(("System", &["EventLog"], vec![6013]));
    let mut channels: Vec<&str> = Vec::new();
    for (channel, ..) in &wanted {
        if !channels.contains(channel) {
            channels.push(channel);
        }
    }
    wanted.sort_by_key(|(channel, ..)| channels.iter().position(|c| c == channel));
    let queries = |(channel, providers, ids)| {
        provider_queries(providers, ids).into_iter().map(move |xpath| EventQuery { channel, xpath })
    };
    wanted.into_iter().flat_map(queries).collect()
}

/// Queries for these event IDs. An ID that is read only with a certain value gets a query of its own.
fn provider_queries(providers: &[&str], mut ids: Vec<u16>) -> Vec<String> {
    ids.sort_unstable();
    ids.dedup();
    let condition = |id: u16| match id {
        3 => Some(IS_TWIN),
        id => CONDITIONS.iter().find(|condition| condition.event_id == id).map(|condition| condition.xpath),
    };
    let (by_value, plain): (Vec<u16>, Vec<u16>) = ids.into_iter().partition(|id| condition(*id).is_some());
    let room = MAX_TERMS.saturating_sub(providers.len()).max(2) / 2;
    let mut found: Vec<String> =
        id_comparisons(&plain).chunks(room).map(|some| xpath(providers, &some.join(" or "), "")).collect();
    for id in by_value {
        let condition = condition(id).map(|xpath| format!(" and {xpath}")).unwrap_or_default();
        found.push(xpath(providers, &format!("EventID={id}"), &condition));
    }
    found
}

fn xpath(providers: &[&str], ids: &str, condition: &str) -> String {
    let names: Vec<String> = providers.iter().map(|name| format!("@Name='{name}'")).collect();
    let provider = match names.is_empty() {
        true => String::new(),
        false => format!("Provider[{}] and ", names.join(" or ")),
    };
    format!("*[System[{provider}({ids})]{condition}]")
}

/// Comparisons that select these event IDs, which rise. Three or more in a row become a range.
fn id_comparisons(ids: &[u16]) -> Vec<String> {
    let runs = ids.chunk_by(|a, b| b - a == 1).flat_map(|run| match run {
        [first, _, .., last] => vec![format!("(EventID >= {first} and EventID <= {last})")],
        few => few.iter().map(|id| format!("EventID={id}")).collect(),
    });
    runs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_a_row_are_a_range() {
        let want =
            ["EventID=4", "EventID=11", "EventID=12", "(EventID >= 14 and EventID <= 16)", "EventID=20"];
        assert_eq!(id_comparisons(&[4, 11, 12, 14, 15, 16, 20]), want);
        assert_eq!(id_comparisons(&[]), [""; 0]);
    }

    #[test]
    fn no_query_is_longer_than_windows_takes() {
        for EventQuery { xpath, .. } in queries() {
            let terms = ["EventID", "@Name='", "ServiceName="].map(|term| xpath.matches(term).count());
            assert!(terms.iter().sum::<usize>() <= MAX_TERMS, "{terms:?}: {xpath}");
            assert_eq!(xpath.matches('[').count(), xpath.matches(']').count(), "{xpath}");
        }
    }

    #[test]
    fn each_channel_is_asked_once_and_for_what_it_has() {
        let queries = queries();
        let mut channels: Vec<&str> = queries.iter().map(|query| query.channel).collect();
        channels.dedup();
        let want = [
            "System",
            "Application",
            "Microsoft-Windows-Kerberos/Operational",
            "Directory Service",
            "Security",
        ];
        assert_eq!(channels, want);
        // SQL Server's provider has the name of the instance in it.
        let sql = queries.iter().find(|query| query.channel == "Application").unwrap();
        assert_eq!(sql.xpath, "*[System[(EventID=26037 or EventID=26067)]]");
    }
}
