//! Event 4 and its twin, read in all layouts that Windows has written.

use crate::records::Record;

/// A KRB_AP_ERR_MODIFIED error as the client logged it (RFC 4120 7.5.9: error 41 = 0x29).
///
/// The names are as in the log. A name that the log lacks is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApErrModified {
    /// `System/Computer`: the client. The file's name does not matter, because one file can contain the events of many
    /// computers (ForwardedEvents).
    pub client: Box<str>,
    /// `Server`: the account that answered and could not decrypt the ticket. It need not own the SPN.
    pub answered_by: Box<str>,
    /// `Targetname`: the SPN that the client requested.
    pub target: Box<str>,
    pub target_realm: Box<str>,
    pub client_realm: Box<str>,
    /// Event 3 with 0x29, which Kerberos LogLevel=1 (KB262177) logs in the same second as event 4.
    pub twin: bool,
}

impl ApErrModified {
    /// Reads event 4 (all layouts) or event 3 with error 0x29. `None` for event 3 with another error.
    pub fn read(record: &Record) -> Option<Self> {
        let twin = record.event_id == 3;
        if twin && !is_0x29(record.value("ErrorCode").or_else(|| record.strings().nth(3))?) {
            return None;
        }
        let names = match twin {
            true => ["ServerName", "TargetName", "ServerRealm", "ClientRealm"],
            false => ["Server", "Targetname", "TargetRealm", "ClientRealm"],
        };
        let [answered_by, target, target_realm, client_realm] =
            names.map(|name| Box::from(record.value(name).unwrap_or_default().trim()));
        let client = record.computer.as_str().into();
        let mut event = Self { client, answered_by, target, target_realm, client_realm, twin };
        if !twin && record.value("Server").is_none() {
            // Windows Server 2003 logs the unnamed strings %1 to %3, Windows XP only %1 and %2.
            let mut strings = record.strings().map(|s| Box::from(s.trim()));
            event.answered_by = strings.next().unwrap_or_default();
            event.target_realm = strings.next().unwrap_or_default();
            event.target = strings.next().unwrap_or_default();
            event.client_realm = strings.next().unwrap_or_default();
        }
        Some(event)
    }

    /// The names that identify its incident: client, responder, target, and both realms.
    pub fn names(&self) -> [&str; 5] {
        [&self.client, &self.answered_by, &self.target, &self.target_realm, &self.client_realm]
    }
}

/// Is this the error code of KRB_AP_ERR_MODIFIED: `0x29`, `41`, or `0x29 KRB_AP_ERR_MODIFIED`?
pub(super) fn is_0x29(code: &str) -> bool {
    let code = code.split_whitespace().next().unwrap_or_default();
    match code.strip_prefix("0x").or_else(|| code.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16) == Ok(0x29),
        None => code == "41",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Datum;

    fn record(id: u16, data: &[(Option<&str>, &str)]) -> Record {
        let datum = |(n, v): &(Option<&str>, &str)| Datum { name: n.map(Into::into), value: (*v).into() };
        let data = data.iter().map(datum).collect();
        Record::event_4("SRV1.alpha.example.com").with_content(|content| {
            content.event_id = id;
            content.data = data;
        })
    }

    #[test]
    fn event_4_by_name() {
        let r = record(
            4,
            &[
                (Some("Server"), "srv1$"),
                (Some("TargetRealm"), "ALPHA.EXAMPLE.COM"),
                (Some("Targetname"), "host/srv2.beta.example.com"),
                (Some("ClientRealm"), "BETA.EXAMPLE.COM"),
                (Some("__binLength"), "0"),
                (Some("binary"), ""),
            ],
        );
        let e = ApErrModified::read(&r).unwrap();
        assert_eq!((&*e.answered_by, &*e.target), ("srv1$", "host/srv2.beta.example.com"));
        assert_eq!((&*e.target_realm, &*e.client_realm), ("ALPHA.EXAMPLE.COM", "BETA.EXAMPLE.COM"));
    }

    #[test]
    fn event_4_by_position_with_four_three_and_two_strings() {
        let all = ["srv1$", "A.COM", "host/srv2", "B.COM"];
        for n in [4, 3, 2] {
            let data: Vec<_> = all[..n].iter().map(|v| (None, *v)).collect();
            let e = ApErrModified::read(&record(4, &data)).unwrap();
            assert_eq!(&*e.answered_by, "srv1$");
            assert_eq!(&*e.target, if n > 2 { "host/srv2" } else { "" });
            assert_eq!(&*e.client_realm, if n > 3 { "B.COM" } else { "" });
        }
    }

    #[test]
    fn trap_14_event_3_counts_only_with_0x29() {
        let with = |code| {
            ApErrModified::read(&record(3, &[(Some("ErrorCode"), code), (Some("ServerName"), "dc01$")]))
        };
        assert!(with("0x29").is_some_and(|e| e.twin && &*e.answered_by == "dc01$" && e.target.is_empty()));
        assert!(with("0x29 KRB_AP_ERR_MODIFIED").is_some());
        assert!(with("0x19").is_none());
        assert!(with("").is_none());
    }
}
