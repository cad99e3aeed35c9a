//! Finds the values in the messages of events.
//!
//! The messages of the Kerberos client are from the message table of `kerberos.dll`. libyal's winevt-kb ("kerberos.dll"
//! message strings) lists the file versions with each of them. Value names are from the provider's manifest.

use std::sync::LazyLock;

use regex::Regex;

use crate::records::Datum;

/// A wording of the message of an event.
struct Wording {
    providers: &'static [&'static str],
    event_id: u16,
    pattern: Regex,
    /// Names of the values in the manifest's order. Each is a named group of the pattern; a group without a match gives no
    /// value. Empty if all groups are values without a name.
    values: &'static [&'static str],
}

/// All wordings. The first match counts, so the longer wording of an event comes first.
static WORDINGS: LazyLock<Vec<Wording>> = LazyLock::new(|| {
    const EVENT_4_VALUES: &[&str] = &["Server", "TargetRealm", "Targetname", "ClientRealm"];
    [
        // Vista and 2008 (6.0, 6.1: "Please ensure that the target SPN is registered on, and only
        // registered on") and Windows 8/2012 to today (6.2 to 10.0: "Ensure that the target SPN is only
        // registered on") differ in advice only. Microsoft's own articles vary ("It indicates", KB 970923).
        (
            4,
            r"(?i)KRB_AP_ERR_MODIFIED error from the server (?<Server>.*?)\.? The target name used was (?<Targetname>.*?)\.? (?:This|It) indicates that the target server failed to decrypt .*?the target domain \((?<TargetRealm>.*?)\) is different from the client domain \((?<ClientRealm>.*?)\)",
            EVENT_4_VALUES,
        ),
        // Server 2003 and XP x64 (5.2.3790; KB 2706695).
        (
            4,
            r"(?i)KRB_AP_ERR_MODIFIED error from the server (?<Server>.*?)\.? The target name used was (?<Targetname>.*?)\.? This indicates that the password used to encrypt the kerberos service ticket is different .*?in the target realm \((?<TargetRealm>.*?)\), and the client realm",
            EVENT_4_VALUES,
        ),
        // XP (5.1.2600): two strings, no target name.
        (
            4,
            r"(?i)KRB_AP_ERR_MODIFIED error from the server (?<Server>.*?)\.? This indicates that the password used to encrypt the kerberos service ticket is different .*?in the target realm \((?<TargetRealm>.*?)\), and the client realm",
            EVENT_4_VALUES,
        ),
        // Any of these wordings, cut off after the second sentence.
        (
            4,
            r"(?i)KRB_AP_ERR_MODIFIED error from the server (?<Server>\S+?)\.? The target name used was (?<Targetname>\S*?)\.?(?: |$)",
            EVENT_4_VALUES,
        ),
        // Event 3, which Windows logs with LogLevel=1 (KB 262177). XP (5.1) begins with "The function %1 received" and has no
        // "Extended Error".
        (
            3,
            r"(?i)Kerberos Error Message(?: was received)?: on logon session(?<LogonSession>.*?) Client Time:(?<ClientTime>.*?) Server Time:(?<ServerTime>.*?) Error Code: ?(?<ErrorCode>\S*)(?<ErrorMessage>.*?)(?: Extended Error:(?<ExtendedError>.*?))? Client Realm:(?<ClientRealm>.*?) Client Name:(?<ClientName>.*?) Server Realm:(?<ServerRealm>.*?) Server Name:(?<ServerName>.*?) Target Name:(?<TargetName>.*?) Error Text:(?<ErrorText>.*?) File:(?<File>.*?) Line: ?(?<Line>\S*)",
            &[
                "LogonSession",
                "ClientTime",
                "ServerTime",
                "ErrorCode",
                "ErrorMessage",
                "ExtendedError",
                "ClientRealm",
                "ClientName",
                "ServerRealm",
                "ServerName",
                "TargetName",
                "ErrorText",
                "File",
                "Line",
            ],
        ),
    ]
    .map(|(event_id, pattern, values)| (KERBEROS, event_id, pattern, values))
    .into_iter()
    .chain(OTHERS.iter().map(|&(providers, event_id, pattern)| (providers, event_id, pattern, &[][..])))
    .filter_map(|(providers, event_id, pattern, values)| {
        // A test finds a pattern that does not compile.
        let pattern = Regex::new(pattern).ok()?;
        Some(Wording { providers, event_id, pattern, values })
    })
    .collect()
});

const KERBEROS: &[&str] = &["Microsoft-Windows-Security-Kerberos", "Kerberos"];
const KDC: &[&str] = &["Microsoft-Windows-Kerberos-Key-Distribution-Center", "KDC"];
const NETLOGON: &[&str] = &["NETLOGON"];
const SERVICES: &[&str] = &["Service Control Manager"];
const DCOM: &[&str] = &["Microsoft-Windows-DistributedCOM", "DCOM"];
const LSASRV: &[&str] = &["LsaSrv", "Microsoft-Windows-LSA"];

/// The KDC has no key of a requested encryption type for an AS request (events 14 and 26).
const KEY_OF_AS_REQUEST: &str = r"(?i)While processing an AS request for target service (.*?), the account (.*?) did not have a suitable key .*?\(the missing key has an ID of (\d+)\)\. The requested etypes ?(?:were|:) ?(.*?)\. The accounts available etypes ?(?:were|:) ?(.*?)\.";

/// The KDC has no key of a requested encryption type for a TGS request (events 16 and 27).
const KEY_OF_TGS_REQUEST: &str = r"(?i)While processing a TGS request for the target server (.*?), the account (.*?) did not have a suitable key .*?\(the missing key has an ID of (\d+)\)\. The requested etypes ?(?:were|:) ?(.*?)\. The accounts available etypes ?(?:were|:) ?(.*?)\.";

/// The messages of the other events that a diagnosis uses: providers, event ID and pattern. The groups of a pattern are `%1`,
/// `%2` and so on of the message. The texts are from the message tables of `kdcsvc.dll`, `netmsg.dll`, `services.exe`,
/// `combase.dll` and `lsasrv.dll`, as Microsoft's articles about these events quote them.
#[rustfmt::skip]
const OTHERS: &[(&[&str], u16, &str)] = &[
    (KDC, 11, r"(?i)duplicate names? while processing a Kerberos authentication request\. The duplicate name is (.*?) \(of type (.*?)\)"),
    (KDC, 14, KEY_OF_AS_REQUEST),
    (KDC, 16, KEY_OF_TGS_REQUEST),
    (KDC, 26, KEY_OF_AS_REQUEST),
    (KDC, 27, KEY_OF_TGS_REQUEST),
    (NETLOGON, 3210, r"(?i)This computer could not authenticate with (.*?), a Windows domain controller for domain (.*?),"),
    (NETLOGON, 5719, r"(?i)(?:set up|setup) a secure session with a domain controller in domain (\S+) due to the following: (.*)"),
    (NETLOGON, 5722, r"(?i)The session setup from the computer (.*?) failed to authenticate\. The name(?:\(s\))? of the account(?:\(s\))? referenced in the security database is (.*?)\. The following error occurred: (.*)"),
    (NETLOGON, 5805, r"(?i)The session setup from the computer (.*?) failed to authenticate\. The following error occurred: (.*)"),
    (SERVICES, 7038, r"(?i)The (.*?) service was unable to log on as (.*?) with the currently configured password due to the following error: (.*)"),
    (DCOM, 10009, r"(?i)DCOM was unable to communicate with the computer (.*?) using any of the configured protocols"),
    (DCOM, 10028, r"(?i)DCOM was unable to communicate with the computer (.*?) using any of the configured protocols; requested by PID +(\S+) \((.*?)\)"),
    (LSASRV, 6037, r"(?i)The program (.*?), with the assigned process ID (\d+), could not authenticate locally by using the target name (.*?)\. "),
];

/// Is it an event of the Kerberos client whose wordings are known?
pub(super) fn is_known(provider: &str, event_id: u16) -> bool {
    is_one_of(KERBEROS, provider) && WORDINGS.iter().any(|w| w.event_id == event_id)
}

fn is_one_of(providers: &[&str], provider: &str) -> bool {
    providers.iter().any(|name| name.eq_ignore_ascii_case(provider))
}

/// Finds the values in a description, with their names in an .evtx file. `description` must have single spaces for all white
/// space, because messages before Windows Vista contain line ends. `None` if no wording matches.
pub(super) fn values(provider: &str, event_id: u16, description: &str) -> Option<Vec<Datum>> {
    let of_event =
        |wording: &&Wording| wording.event_id == event_id && is_one_of(wording.providers, provider);
    WORDINGS.iter().filter(of_event).find_map(|wording| {
        let found = wording.pattern.captures(description)?;
        let group = |value: Option<regex::Match<'_>>| value.map_or("", |value| value.as_str().trim()).into();
        if wording.values.is_empty() {
            return Some(
                found.iter().skip(1).map(|value| Datum { name: None, value: group(value) }).collect(),
            );
        }
        let named = wording.values.iter().filter_map(|&name| {
            Some(Datum { name: Some(name.into()), value: group(Some(found.name(name)?)) })
        });
        Some(named.collect::<Vec<_>>())
            .filter(|data| event_id != 4 || has_placeholders(data) || are_names(data))
    })
}

/// Finds the values after "The description for Event ID 4 from source .. cannot be found", in the order of the message. They
/// are on lines of their own or separated by commas. In every language the sentence before them ends with a colon. `None` if
/// there is no such sentence.
pub(super) fn values_without_message(message: &str) -> Option<Vec<Datum>> {
    const BEFORE: [&str; 10] = [
        "included with the event",
        "part of the event",
        "mit dem Ereignis gespeichert",
        "incluses avec l",
        "incluyó con el evento",
        "incluse nell",
        "incluídas com o evento",
        "включены следующие сведения",
        "イベントに含まれ",
        "事件包括以下信息",
    ];
    let (at, before) = BEFORE.iter().find_map(|before| Some((message.find(before)?, before)))?;
    let rest = message.get(at + before.len()..)?;
    let values = rest.get(rest.find([':', '：'])?..)?.trim_start_matches([':', '：']).trim();
    let lines: Vec<&str> = match values.contains('\n') {
        // Newer versions of Windows add sentences about the missing message.
        true => values
            .lines()
            // Remove the marks of a quoted mail and of a Markdown list.
            .map(|line| line.trim().trim_start_matches(['>', '*', ' ']))
            .filter(|line| !line.is_empty())
            .take_while(|l| !l.contains(". ") && !l.ends_with(". ") && !l.starts_with("The "))
            .collect(),
        false => values.trim_end_matches('.').split(", ").collect(),
    };
    let data = lines.into_iter().take(64).map(|value| Datum { name: None, value: value.into() });
    Some(data.collect::<Vec<_>>()).filter(|data| !data.is_empty())
}

/// Can this be a value of an event 4? A value with a name always can, because a tool wrote it on its own.
pub(super) fn is_plausible(datum: &Datum) -> bool {
    datum.name.is_some() || is_principal(&datum.value)
}

/// Can these be the values of an event 4, which are names of accounts, services and realms? If lines of another text are
/// between the sentences of a message, they become part of a value.
fn are_names(data: &[Datum]) -> bool {
    data.iter().all(|datum| match datum.name.as_deref() {
        Some("TargetRealm" | "ClientRealm") => is_realm(&datum.value),
        _ => is_principal(&datum.value),
    })
}

/// Can it be the DNS or NetBIOS name of a domain?
fn is_realm(value: &str) -> bool {
    value.len() <= 255 && value.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c))
}

/// Can it be the name of an account, which may have blanks, or an SPN?
pub(super) fn is_principal(value: &str) -> bool {
    value.len() <= 512
        && value.split(' ').count() <= 4
        && !value.contains(|c: char| c.is_control() || FORBIDDEN.contains(c))
        && (value.is_empty() || value.contains(|c: char| c.is_alphanumeric() || "_-$".contains(c)))
}

/// Characters that Windows forbids in the name of an account, except `/`, `\`, `:`, `@` and brackets, which SPNs and IPv6
/// addresses contain.
const FORBIDDEN: &str = "\";|=,+*?<>{}";

/// Are there placeholders in the values? An article quotes the message with them.
pub(super) fn has_placeholders(data: &[Datum]) -> bool {
    data.iter().any(|datum| datum.value.contains(['<', '>', '%', '{', '}']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADVICE_2008: &str = "This can occur when the target server principal name (SPN) is registered on an account other than the account the target service is using. Please ensure that the target SPN is registered on, and only registered on, the account used by the server. This error can also happen when the target service is using a different password for the target service account than what the Kerberos Key Distribution Center (KDC) has for the target service account. Please ensure that the service on the server and the KDC are both updated to use the current password.";
    const ADVICE_2012: &str = "This can occur when the target server principal name (SPN) is registered on an account other than the account the target service is using. Ensure that the target SPN is only registered on the account used by the server. This error can also happen if the target service account password is different than what is configured on the Kerberos Key Distribution Center for that target service. Ensure that the service on the server and the KDC are both configured to use the same password.";

    fn since_vista(advice: &str, server: &str, target: &str) -> String {
        format!(
            "The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server {server}. The target name used was {target}. This indicates that the target server failed to decrypt the ticket provided by the client. {advice} If the server name is not fully qualified, and the target domain (ALPHA.EXAMPLE.COM) is different from the client domain (BETA.EXAMPLE.COM), check if there are identically named server accounts in these two domains, or use the fully-qualified name to identify the server."
        )
    }

    fn pairs(event_id: u16, text: &str) -> Vec<(String, String)> {
        values("Kerberos", event_id, text)
            .unwrap()
            .into_iter()
            .map(|d| (d.name.unwrap().into(), d.value.into()))
            .collect()
    }

    #[track_caller]
    fn check(event_id: u16, text: &str, expected: &[(&str, &str)]) {
        let found = pairs(event_id, text);
        let found: Vec<_> = found.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(WORDINGS.len(), 5 + OTHERS.len());
        assert!(
            WORDINGS
                .iter()
                .all(|w| { w.pattern.capture_names().flatten().all(|name| w.values.contains(&name)) })
        );
    }

    #[test]
    fn every_wording_of_event_4_gives_the_same_values() {
        for advice in [ADVICE_2008, ADVICE_2012] {
            for (server, target) in [
                ("srv1$", "host/srv2.beta.example.com"),
                ("host/srv1.alpha.example.com", "cifs/srv2.beta.example.com"),
                ("tfs01", "HTTP/tfs01"),
                ("server_name$", "server_name$"),
                ("dc2$", "LDAP/DC2.root.contoso.com/root.contoso.com@ROOT.CONTOSO.COM"),
                ("srv1$", "MSSQLSvc/sql.example.com:1433"),
                ("srv1$", ""),
            ] {
                check(
                    4,
                    &since_vista(advice, server, target),
                    &[
                        ("Server", server),
                        ("TargetRealm", "ALPHA.EXAMPLE.COM"),
                        ("Targetname", target),
                        ("ClientRealm", "BETA.EXAMPLE.COM"),
                    ],
                );
            }
        }
    }

    #[test]
    fn the_wording_of_2003_has_no_client_realm() {
        check(
            4,
            "The kerberos client received a KRB_AP_ERR_MODIFIED error from the server host/pc.child.example.com. The target name used was cifs/pc.example.com. This indicates that the password used to encrypt the kerberos service ticket is different than that on the target server. Commonly, this is due to identically named machine accounts in the target realm (CHILD.EXAMPLE.COM), and the client realm. Please contact your system administrator.",
            &[
                ("Server", "host/pc.child.example.com"),
                ("TargetRealm", "CHILD.EXAMPLE.COM"),
                ("Targetname", "cifs/pc.example.com"),
            ],
        );
    }

    #[test]
    fn the_wording_of_xp_has_no_target() {
        check(
            4,
            "The kerberos client received a KRB_AP_ERR_MODIFIED error from the server pc1$. This indicates that the password used to encrypt the kerberos service ticket is different than that on the target server. Commonly, this is due to identically named machine accounts in the target realm (EXAMPLE.COM), and the client realm. Please contact your system administrator.",
            &[("Server", "pc1$"), ("TargetRealm", "EXAMPLE.COM")],
        );
    }

    #[test]
    fn a_description_cut_off_after_the_names_still_gives_them() {
        for end in ["", " This indicates that the target", " Das ist anders."] {
            check(
                4,
                &format!(
                    "The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server srv1$. The target name used was host/srv2.example.com.{end}"
                ),
                &[("Server", "srv1$"), ("Targetname", "host/srv2.example.com")],
            );
        }
    }

    #[test]
    fn the_twin_gives_what_the_manifest_names() {
        check(
            3,
            r"A Kerberos error message was received: on logon session EXAMPLE\user Client Time: Server Time: 6:6:33.0000 3/4/2018 Z Error Code: 0x29 KRB_AP_ERR_MODIFIED Extended Error: Client Realm: Client Name: Server Realm: Contoso.com Server Name: dc01$ Target Name: Error Text: File: onecore\ds\security\protocols\kerberos\client2\ctxtapi.cxx Line: 5a1 Error Data is in record data.",
            &[
                ("LogonSession", r"EXAMPLE\user"),
                ("ClientTime", ""),
                ("ServerTime", "6:6:33.0000 3/4/2018 Z"),
                ("ErrorCode", "0x29"),
                ("ErrorMessage", "KRB_AP_ERR_MODIFIED"),
                ("ExtendedError", ""),
                ("ClientRealm", ""),
                ("ClientName", ""),
                ("ServerRealm", "Contoso.com"),
                ("ServerName", "dc01$"),
                ("TargetName", ""),
                ("ErrorText", ""),
                ("File", r"onecore\ds\security\protocols\kerberos\client2\ctxtapi.cxx"),
                ("Line", "5a1"),
            ],
        );
        let xp = "The function InitializeSecurityContext received a Kerberos Error Message: on logon session S Client Time: Server Time: 1 Error Code: 0x29 KRB_AP_ERR_MODIFIED Client Realm: Client Name: Server Realm: R Server Name: pc1$ Target Name: cifs/pc2 Error Text: File: f Line: 1 Error Data is in record data.";
        let values = pairs(3, xp);
        assert!(values.contains(&("TargetName".into(), "cifs/pc2".into())));
        assert!(!values.iter().any(|(name, _)| name == "ExtendedError"));
    }

    #[test]
    fn other_events_are_not_mistaken() {
        assert_eq!(values("KDC", 4, &since_vista("", "a", "b")), None);
        // Windows 2000's event 4 is what later became event 3 (kerberos.dll 5.0).
        assert_eq!(
            values("Kerberos", 4, "The function f received a Kerberos Error Message: on logon session"),
            None
        );
        assert!(is_known("kerberos", 4) && !is_known("KDC", 4) && !is_known("Kerberos", 5));
    }
}
