//! What items of `missing` ask for, so that a thousand of them can be told as a few.

/// What one item of `missing` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic<'a> {
    /// The same for all items of a kind; said of many.
    pub title: &'static str,
    /// The host, SPN or account it asks about; empty where the item names none.
    pub about: &'a str,
    /// The command that collects it, with a sentence around it.
    pub how: &'a str,
}

/// How items begin, what stands behind the name in them, and what they ask for. The sentences are those of `advice`.
const TOPICS: [(&str, &str, &str); 14] = [
    ("addresses of ", ": ", "addresses of hosts"),
    ("NETLOGON events of ", " and its ", "System logs of hosts and of their domain controllers"),
    ("the log of ", " (", "System logs of clients that were not given this time"),
    ("who owns the SPN: setspn -F -Q \"", "\"", "who owns SPNs"),
    (
        "when the password was set and how the service logs on: Get-ADUser ",
        " ",
        "when passwords of service accounts were set",
    ),
    (
        "the account's encryption types: Get-ADObject -Filter \"sAMAccountName -like '",
        "*'",
        "encryption types of accounts",
    ),
    ("in which domains ", " exists: ", "in which domains names exist"),
    ("whether ", " is the machine that serves ", "which machines serve a name"),
    ("which host owns ", ": ", "which hosts own addresses"),
    ("which domain controller that is: Resolve-DnsName ", ",", "which domain controllers those are"),
    ("the target: klist on ", " ", "targets that the events do not name"),
    ("fresh exports of what disagrees: ", "\0", "fresh exports of inventories that disagree"),
    ("what ", " resolves to on ", "what names lead to on the client"),
    ("what ", " is: ", "what names are"),
];

/// Reads an item of this or an earlier report. What is in none of the forms asks for itself.
pub fn topic(missing: &str) -> Topic<'_> {
    let how = missing.split_once(": ").map_or(missing, |(_, how)| how);
    TOPICS
        .iter()
        .find_map(|&(start, end, title)| {
            let rest = missing.strip_prefix(start)?;
            let about = match end {
                "\0" => "",
                end => rest.split_once(end)?.0,
            };
            Some(Topic { title, about, how })
        })
        .unwrap_or(Topic { title: "more", about: "", how: missing })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::advice::*;
    use crate::names::Spn;

    #[test]
    fn every_advice_has_its_topic() {
        let dsa = Spn::parse(
            "E3514235-4B06-11D1-AB04-00C04FC2DCD2/b9b5a2a6-0e5c-4d3c-a0ee-1d4a3f8f9d11/x.example.com",
        )
        .unwrap();
        let table = [
            (addresses_of("srv2"), "srv2"),
            (netlogon("srv2"), "srv2"),
            (silence("srv2"), "srv2"),
            (spn_owner("HTTP/portal"), "HTTP/portal"),
            (service_logon("svc_web"), "svc_web"),
            (encryption_types("svc_web"), "svc_web"),
            (computers_named("srv7", &[]), "srv7"),
            (runs_where("portal", "srv3"), "srv3"),
            (owner_of("192.0.2.1"), "192.0.2.1"),
            (dsa_name(&dsa), "b9b5a2a6-0e5c-4d3c-a0ee-1d4a3f8f9d11._msdcs.x.example.com"),
            (tickets("srv1"), "srv1"),
            (resolve("srv2", "srv1"), "srv2"),
            (who_is("portal"), "portal"),
        ];
        let mut titles = std::collections::BTreeSet::new();
        for (item, about) in &table {
            let topic = topic(item);
            assert_eq!(topic.about, *about, "{item}");
            assert!(titles.insert(topic.title), "{item}");
            assert_ne!(topic.title, "more", "{item}");
            assert!(!topic.how.is_empty() && item.ends_with(topic.how), "{item}");
        }
        assert_eq!(topic("something else").how, "something else");
        assert_eq!(topic("").about, "");
    }
}
