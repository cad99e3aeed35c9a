//! The events that triage reads, as queries of the Windows event log (XPath in a structured query).

use crate::events;

/// Comparisons in one query. Windows refuses a query with more than about 22.
const MAX_TERMS: usize = 18;

/// Channels that the script exports where a host has them. A query selects by provider, so each channel gives
/// only what belongs to it.
pub(super) const CHANNELS: &[&str] = &[
    "System",
    "Application",
    "Directory Service",
    "Microsoft-Windows-Kerberos/Operational",
    "Microsoft-Windows-DNS-Client/Operational",
    "Microsoft-Windows-FailoverClustering/Operational",
];

/// What the body of `<Select>` is, escaped for XML, one for each provider.
pub(super) fn selects() -> Vec<String> {
    let mut groups: Vec<(Vec<String>, Vec<u16>)> = Vec::new();
    for filter in events::filters() {
        match groups.iter_mut().find(|(providers, _)| *providers == filter.providers) {
            Some((_, ids)) => ids.extend(filter.event_ids),
            None => groups.push((filter.providers, filter.event_ids)),
        }
    }
    let mut out = Vec::new();
    for (providers, mut ids) in groups {
        ids.sort_unstable();
        ids.dedup();
        let kerberos = providers.iter().any(|p| p == "Microsoft-Windows-Security-Kerberos");
        if kerberos && ids.contains(&3) {
            ids.retain(|&id| id != 3);
            out.push(twin(&providers));
        }
        let room = MAX_TERMS.saturating_sub(providers.len()).max(2);
        out.extend(terms(&ids).chunks(room / 2).map(|some| select(&providers, &some.join(" or "), "")));
    }
    // The uptime, once a day: it shows that the log goes on, also where nothing else happens.
    out.push(select(&["EventLog".to_owned()], "EventID=6013", ""));
    out
}

/// Event 3 of each kind of error; only KRB_AP_ERR_MODIFIED (0x29) matters, and with LogLevel=1 the others flood a log.
fn twin(providers: &[String]) -> String {
    let code = ["0x29", "0x29 KRB_AP_ERR_MODIFIED"].map(|code| format!("Data[@Name='ErrorCode']='{code}'"));
    select(providers, "EventID=3", &format!(" and EventData[{}]", code.join(" or ")))
}

fn select(providers: &[String], ids: &str, rest: &str) -> String {
    let names: Vec<String> = providers.iter().map(|p| format!("@Name='{p}'")).collect();
    format!("*[System[Provider[{}] and ({ids})]{rest}]", names.join(" or "))
}

/// Event IDs as comparisons: three or more in a row as a range.
fn terms(ids: &[u16]) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = ids;
    while let [first, ..] = rest {
        let run = rest.iter().zip(*first..).take_while(|(id, expected)| **id == *expected).count();
        let last = first + (run as u16 - 1);
        match run {
            0..=2 => out.extend((*first..=last).map(|id| format!("EventID={id}"))),
            _ => out.push(format!("(EventID &gt;= {first} and EventID &lt;= {last})")),
        }
        rest = rest.get(run..).unwrap_or_default();
    }
    out
}

/// The body of a subscription's query (Windows Event Collector): what the script exports, for hosts that forward it.
#[cfg(test)]
fn subscription() -> String {
    let channels = ["System", "Microsoft-Windows-Kerberos/Operational"];
    let mut out = String::from("    <QueryList>\n");
    for (id, channel) in channels.iter().enumerate() {
        out.push_str(&format!("      <Query Id=\"{id}\" Path=\"{channel}\">\n"));
        for select in selects() {
            // The operational channel has one provider.
            if *channel == "System" || select.contains("Microsoft-Windows-Security-Kerberos") {
                out.push_str(&format!("        <Select Path=\"{channel}\">{select}</Select>\n"));
            }
        }
        out.push_str("      </Query>\n");
    }
    out.push_str("    </QueryList>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_a_row_are_a_range() {
        assert_eq!(
            terms(&[4, 11, 12, 14, 15, 16, 20]),
            [
                "EventID=4",
                "EventID=11",
                "EventID=12",
                "(EventID &gt;= 14 and EventID &lt;= 16)",
                "EventID=20"
            ]
        );
        assert_eq!(terms(&[]), [""; 0]);
    }

    /// Evaluates a query of ours, so that the test needs no Windows.
    fn accepts(query: &str, provider: &str, id: u16) -> bool {
        let named = query.contains(&format!("@Name='{provider}'"));
        let (_, ids) = query.split_once(" and (").unwrap();
        let in_range = |range: &str| {
            let mut ends = range.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u16>().ok());
            let (first, last) = (ends.next().unwrap(), ends.next().unwrap());
            first <= id && id <= last
        };
        let equal = ids.split([' ', ')', '(']).any(|term| term == format!("EventID={id}"));
        let range = ids.split('(').filter(|part| part.contains("&gt;=")).any(in_range);
        named && (equal || range)
    }

    #[test]
    fn every_event_that_triage_reads_is_selected_and_no_other() {
        let queries = selects();
        for filter in events::filters() {
            for provider in &filter.providers {
                for &id in &filter.event_ids {
                    assert!(queries.iter().any(|q| accepts(q, provider, id)), "{provider} {id}");
                }
            }
        }
        for (provider, id) in
            [("NETLOGON", 5774), ("Service Control Manager", 7036), ("DnsApi", 11156), ("EventLog", 6005)]
        {
            assert!(!queries.iter().any(|q| accepts(q, provider, id)), "{provider} {id}");
        }
    }

    #[test]
    fn no_query_is_longer_than_windows_takes() {
        for query in selects() {
            let terms = query.matches("EventID").count() + query.matches("@Name").count();
            assert!(terms <= MAX_TERMS, "{terms}: {query}");
        }
    }

    /// `KRBTRIAGE_BLESS=1 cargo test --lib subscription` writes it.
    #[test]
    fn the_subscription_in_the_documentation_is_of_the_same_events() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scheduling.md");
        let document = std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
        let (start, end) = ("  <Query><![CDATA[\n", "  ]]></Query>");
        let (before, rest) = document.split_once(start).unwrap();
        let (query, after) = rest.split_once(end).unwrap();
        if std::env::var_os("KRBTRIAGE_BLESS").is_some() {
            std::fs::write(path, format!("{before}{start}{}{end}{after}", subscription())).unwrap();
            return;
        }
        assert_eq!(query, subscription());
    }
}
