//! Formats the events that triage reads as queries of the Windows event log (XPath in a structured query).

use crate::events::{self, EventQuery};

/// Channels that the script exports from hosts that have them.
pub(super) const CHANNELS: &[&str] = &[
    "System",
    "Application",
    "Directory Service",
    "Microsoft-Windows-Kerberos/Operational",
    "Microsoft-Windows-DNS-Client/Operational",
    "Microsoft-Windows-FailoverClustering/Operational",
];

/// Returns the bodies of the `<Select>` elements, escaped for XML. The script uses all of them for each channel, because some
/// providers write to a second channel.
pub(super) fn selects() -> Vec<String> {
    events::queries().iter().filter(|query| CHANNELS.contains(&query.channel)).map(escape_xml).collect()
}

fn escape_xml(query: &EventQuery) -> String {
    query.xpath.replace('<', "&lt;").replace('>', "&gt;")
}

/// Returns the query of a subscription (Windows Event Collector) for the events that the script exports.
#[cfg(test)]
fn subscription() -> String {
    let mut out = String::from("    <QueryList>\n");
    let queries = events::queries();
    for (id, of_log) in queries.chunk_by(|a, b| a.channel == b.channel).enumerate() {
        let channel = of_log[0].channel;
        out.push_str(&format!("      <Query Id=\"{id}\" Path=\"{channel}\">\n"));
        for query in of_log {
            out.push_str(&format!("        <Select Path=\"{channel}\">{}</Select>\n", escape_xml(query)));
        }
        out.push_str("      </Query>\n");
    }
    out.push_str("    </QueryList>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evaluates a query of ours, so that the test needs no Windows.
    fn accepts(query: &str, provider: &str, id: u16) -> bool {
        let named = query.contains(&format!("@Name='{provider}'")) || !query.contains("Provider[");
        let (_, ids) = query.split_once(" and (").or_else(|| query.split_once("[(")).unwrap();
        let ids = ids.split(']').next().unwrap();
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
        let queries: Vec<String> = events::queries().iter().map(escape_xml).collect();
        for mut filter in events::filters() {
            if filter.providers.is_empty() {
                filter.providers.push("MSSQL$INST1".to_owned());
            }
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
