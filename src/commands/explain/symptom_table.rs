//! The table of symptoms: the codes and messages that come with event 4. `docs/symptoms.md` is made from it.

use super::code::Code;
use crate::diagnosis::Kind;

/// A symptom that a user sees if a service cannot decrypt a ticket.
pub(super) struct Symptom {
    /// The heading in `docs/symptoms.md`.
    pub title: &'static str,
    /// Names in the specification.
    pub names: &'static [&'static str],
    pub number: Option<Number>,
    /// Messages, the first in English. A text that contains one of them is this symptom.
    pub texts: &'static [&'static str],
    /// Programs and logs that show the symptom.
    pub seen_in: &'static str,
    pub meaning: &'static str,
    /// Frequent kinds of incidents with this symptom, each with its circumstances.
    pub causes: &'static [(Kind, &'static str)],
    /// Other traces to look for, and misleading ones.
    pub advice: &'static [&'static str],
    /// Facts, each with its source.
    pub sources: &'static [(&'static str, &'static str)],
}

/// Number of a symptom, by the specification that defines it.
#[derive(Clone, Copy)]
pub(super) enum Number {
    /// Win32 error, which is also in an HRESULT (0x8007....) and an NTSTATUS (0xc007....).
    Win32(u16),
    HResult(u32),
    /// Kerberos error.
    Kerberos(u8),
    /// ID of an event of Microsoft-Windows-Security-Kerberos.
    Event {
        id: u16,
        /// The ID with its qualifiers, as dcdiag prints it.
        qualified: u32,
    },
}

impl Symptom {
    /// Returns the facts about the symptom, each with a label.
    pub(super) fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        if !self.names.is_empty() {
            facts.push(("Name", format!("{}.", self.names.join(", "))));
        }
        if let Some(number) = self.number {
            facts.push(("Code", format!("{}.", number.notations())));
        }
        if !self.texts.is_empty() {
            let quoted: Vec<String> = self.texts.iter().map(|text| format!("\"{text}.\"")).collect();
            facts.push(("Text", quoted.join(" ")));
        }
        facts.push(("Seen in", self.seen_in.to_owned()));
        facts.push(("Meaning", self.meaning.to_owned()));
        facts
    }
}

impl Number {
    /// Formats all notations of the number, for a person.
    fn notations(self) -> String {
        match self {
            Self::Win32(error) => {
                let result = Code(0x8007_0000 | u32::from(error));
                format!(
                    "Win32 error {}; as an HRESULT {}",
                    Code(error.into()).notations(),
                    result.notations()
                )
            }
            Self::HResult(number) => format!("HRESULT {}", Code(number).notations()),
            Self::Kerberos(error) => format!("Kerberos error {}", Code(error.into()).notations()),
            Self::Event { id, qualified } => format!("event {id}; in dcdiag 0x{qualified:08X}"),
        }
    }

    /// Returns the notations that the index of `docs/symptoms.md` lists.
    pub(super) fn codes(self) -> Vec<String> {
        match self {
            Self::Win32(error) => {
                let result = 0x8007_0000 | u32::from(error);
                let [win32, hex] = [error.to_string(), format!("0x{error:x}")];
                vec![format!("0x{result:08x}"), win32, hex, result.cast_signed().to_string()]
            }
            Self::HResult(number) => vec![format!("0x{number:08x}"), number.cast_signed().to_string()],
            Self::Kerberos(error) => vec![format!("0x{error:x}"), error.to_string()],
            Self::Event { id, .. } => vec![format!("event {id}")],
        }
    }
}

/// The symptoms, in the order of the document.
pub(super) const SYMPTOMS: [Symptom; 5] = [
    Symptom {
        title: "RPC security error 0x80070721",
        names: &["RPC_S_SEC_PKG_ERROR"],
        number: Some(Number::Win32(1825)),
        texts: &["A security package specific error occurred"],
        seen_in: "WMI, DCOM, remote MMC snap-ins, and other programs that use RPC.",
        meaning: "Authentication failed below RPC. The code does not show why. The System log of the client does.",
        causes: &[
            (Kind::BmcUsbNic, "two servers have a management adapter with the same address"),
            (Kind::Misplaced, "a service changed its account"),
        ],
        advice: &[],
        sources: &[
            ("name, number and text", "[MS-ERREF] 2.2; as an HRESULT 2.1.2"),
            ("where it is seen, first cause", "the case of docs/tutorial.md"),
        ],
    },
    Symptom {
        title: "Wrong principal 0x80090322",
        names: &["SEC_E_WRONG_PRINCIPAL"],
        number: Some(Number::HResult(0x8009_0322)),
        texts: &[
            "The target principal name is incorrect",
            "Cannot generate SSPI context",
            "Der Zielprinzipalname ist falsch",
        ],
        seen_in: "Active Directory replication (repadmin, dcdiag), SQL Server clients, file shares, WinRM. A TLS client shows the same code for a certificate of another name, which is not Kerberos.",
        meaning: "The service could not decrypt the client's ticket.",
        causes: &[
            (Kind::MachineAccount, "between domain controllers"),
            (Kind::Misplaced, "for SQL Server and web sites"),
            (Kind::StaleDns, "the name resolves to another host"),
        ],
        advice: &[],
        sources: &[
            ("name, number and text", "[MS-ERREF] 2.1.1"),
            (
                "German text, SQL Server",
                "Microsoft KB 811889, \"Cannot generate SSPI context\", also in German",
            ),
            (
                "meaning, replication",
                "Microsoft KB 2090913, \"Active Directory replication error -2146893022\"",
            ),
        ],
    },
    Symptom {
        title: "Wrong target name 1396",
        names: &["ERROR_WRONG_TARGET_NAME"],
        number: Some(Number::Win32(1396)),
        texts: &["The target account name is incorrect"],
        seen_in: "File shares (net use), Active Directory replication, domain join, remote administration tools.",
        meaning: "The target did not accept the ticket, or the KDC found no account, or the wrong account, for the SPN. Only the \
                  first of these comes with event 4.",
        causes: &[
            (Kind::StaleDns, "the name resolves to another host"),
            (Kind::MachineAccount, "the computer's password differs from the directory's"),
            (Kind::SameNameTwoDomains, "two computers in two domains have the same name"),
        ],
        advice: &[
            "Without event 4, look for Directory Service event 1645 (SPN not found) on the domain controller.",
        ],
        sources: &[
            ("name, number and text", "[MS-ERREF] 2.2; as an HRESULT 2.1.2"),
            ("meaning, event 1645", "Microsoft KB 2183411, \"Active Directory replication error 1396\""),
        ],
    },
    Symptom {
        title: "Event 4",
        names: &[],
        number: Some(Number::Event { id: 4, qualified: 0x4000_0004 }),
        texts: &["received a KRB_AP_ERR_MODIFIED error from the server"],
        seen_in: "The System log of the client, source Microsoft-Windows-Security-Kerberos (Kerberos before Vista), level Error. \
                  Other sources have an event 4 of their own.",
        meaning: "The ticket was encrypted with another key than that of the account that answered. The server named in the text \
                  is the account that answered, not necessarily the one that was asked.",
        causes: &[],
        advice: &[
            "Do not trust the advice in the event's text. It names two causes of five, and the two domains in it are boilerplate.",
            "All causes are possible. krbtriage explain lists them.",
        ],
        sources: &[
            ("source, text and number", "the event's manifest in kerberos.dll"),
            ("meaning", "[RFC 4120] 7.5.9 and 3.2.3; docs/causes.md"),
        ],
    },
    Symptom {
        title: "Error 0x29",
        names: &["KRB_AP_ERR_MODIFIED"],
        number: Some(Number::Kerberos(41)),
        texts: &["Message stream modified"],
        seen_in: "Event 4; event 3 of Microsoft-Windows-Security-Kerberos (with LogLevel 1); network captures, as KRB-ERROR 41.",
        meaning: "The ticket was encrypted with another key than that of the account that answered. krbtriage reads event 3 with \
                  error 0x29 as well, and counts both once.",
        causes: &[],
        advice: &["All causes are possible. krbtriage explain lists them."],
        sources: &[
            ("name, number and text", "[RFC 4120] 7.5.9"),
            ("event 3", "Microsoft KB 262177, \"How to enable Kerberos event logging\""),
        ],
    },
];
