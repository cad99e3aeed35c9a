//! Symptoms: the codes and messages that come with event 4. The one table of them; `docs/symptoms.md` is made from it.

use super::code::Code;
use super::section::section;
use crate::diagnosis::Kind;
use crate::report::text_writer::{TextLayout, TextRole, TextWriter};

/// A symptom that a user sees if a ticket is not decrypted.
pub(super) struct Symptom {
    /// The heading in `docs/symptoms.md`.
    pub title: &'static str,
    /// The name in the specification, and other names that identify it alone.
    pub names: &'static [&'static str],
    number: Option<Number>,
    /// Messages, the first in English. Whatever contains one of them is this symptom.
    texts: &'static [&'static str],
    seen_in: &'static str,
    meaning: &'static str,
    causes: &'static [(Kind, &'static str)],
    /// Other traces to look for, and misleading ones.
    advice: &'static [&'static str],
    /// Sources of the facts.
    sources: &'static [(&'static str, &'static str)],
}

/// The number of a symptom in the list that it is from.
#[derive(Clone, Copy)]
enum Number {
    /// Also as an HRESULT (0x8007....) and an NTSTATUS (0xc007....).
    Win32(u16),
    HResult(u32),
    Kerberos(u8),
    /// An event of Microsoft-Windows-Security-Kerberos; dcdiag prints it with its qualifiers.
    Event {
        id: u16,
        qualified: u32,
    },
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

/// Next steps for every symptom, with the commands.
const STEPS: [(&str, &[&str]); 2] = [
    (
        "On the client (the machine that made the failing connection), in an elevated prompt:",
        &["krbtriage here --probe"],
    ),
    (
        "Or export its System log there, and read it anywhere:",
        &["wevtutil epl System CLIENT-System.evtx", "krbtriage triage CLIENT-System.evtx"],
    ),
];
const NO_EVENT: &str = "If the log holds no event 4 at the time of the error, the cause is another one. krbtriage cannot help then.";

/// The typed text, as a symptom or a code.
pub(super) enum Reading {
    Symptom(&'static Symptom),
    /// A code that does not come with event 4, as far as is known.
    OtherCode(Code),
    /// An event that is not a symptom.
    OtherEvent(u16),
}

/// Reads a code, a name, an event, or a message with one of them in it.
pub(super) fn read(text: &str) -> Option<Reading> {
    let text = text.trim().trim_matches(['"', '\'', '.']).to_lowercase();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return None;
    }
    let symptom = |found: &dyn Fn(&Symptom) -> bool| SYMPTOMS.iter().find(|s| found(s)).map(Reading::Symptom);
    if let Some(id) = event_id(&text) {
        return Some(of_event(id).map_or(Reading::OtherEvent(id), Reading::Symptom));
    }
    if let Some(code) = Code::parse(&text) {
        return Some(of_code(code).map_or(Reading::OtherCode(code), Reading::Symptom));
    }
    // A message, or a part of one. The text of event 4 has the name of error 0x29 in it.
    let is_message = |s: &Symptom| {
        s.texts
            .iter()
            .map(|t| t.to_lowercase())
            .any(|t| text.contains(&t) || text.len() >= 15 && t.contains(&text))
    };
    let is_name = |s: &Symptom| s.names.iter().any(|name| text == name.to_lowercase());
    let has_name = |s: &Symptom| s.names.iter().any(|name| text.contains(&name.to_lowercase()));
    symptom(&is_name)
        .or_else(|| symptom(&is_message))
        .or_else(|| symptom(&has_name))
        .or_else(|| of_words(&text))
}

/// A symptom's code among the words of a message; else the first code of eight digits.
fn of_words(text: &str) -> Option<Reading> {
    let words = text.split(|c: char| c.is_whitespace() || "()[]{},;:=\"'".contains(c));
    let is_code = |word: &&str| word.starts_with("0x") || word.starts_with('-') || word.len() > 3;
    let codes: Vec<Code> = words.filter(is_code).filter_map(Code::parse).collect();
    let known = codes.iter().find_map(|code| of_code(*code)).map(Reading::Symptom);
    known.or_else(|| codes.into_iter().find(|code| code.0 > 0xffff).map(Reading::OtherCode))
}

/// The number in `event 4`, `event id 4`, `eventid: 4`.
fn event_id(text: &str) -> Option<u16> {
    let text = text.strip_prefix("kerberos ").unwrap_or(text);
    let rest =
        text.strip_prefix("event")?.trim_start().trim_start_matches("id").trim_start_matches([':', '=', ' ']);
    rest.parse().ok()
}

/// Event 4, or event 3, which has error 0x29 in it where it is about this.
fn of_event(event: u16) -> Option<&'static Symptom> {
    SYMPTOMS.iter().find(|symptom| match symptom.number {
        Some(Number::Event { id, .. }) => id == event,
        Some(Number::Kerberos(41)) => event == 3,
        _ => false,
    })
}

/// The symptom that a code is, also within an HRESULT or NTSTATUS. Event 4 has the number 4 as well: no other code 4 comes with it.
fn of_code(code: Code) -> Option<&'static Symptom> {
    SYMPTOMS.iter().find(|symptom| match symptom.number {
        Some(Number::Win32(error)) => code.win32() == Some(error),
        Some(Number::HResult(number)) => code.0 == number,
        Some(Number::Kerberos(error)) => code.0 == u32::from(error),
        Some(Number::Event { id, qualified }) => code.0 == u32::from(id) || code.0 == qualified,
        None => false,
    })
}

impl Number {
    /// All notations, for a person.
    fn forms(self) -> String {
        match self {
            Self::Win32(error) => {
                let result = Code(0x8007_0000 | u32::from(error));
                format!("Win32 error {}; as an HRESULT {}", Code(error.into()).forms(), result.forms())
            }
            Self::HResult(number) => format!("HRESULT {}", Code(number).forms()),
            Self::Kerberos(error) => format!("Kerberos error {}", Code(error.into()).forms()),
            Self::Event { id, qualified } => format!("event {id}; in dcdiag 0x{qualified:08X}"),
        }
    }

    /// Texts that a user looks up.
    fn codes(self) -> Vec<String> {
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

/// Explains a symptom, or says what is known of another code.
pub(super) fn text(reading: &Reading, layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    match reading {
        Reading::Symptom(symptom) => of_symptom(&mut writer, symptom),
        Reading::OtherCode(code) => of_other(&mut writer, *code),
        Reading::OtherEvent(id) => {
            writer.say(&format!(
                "Event {id} is not a symptom of Kerberos event 4 by itself. docs/causes.md lists the events that are evidence."
            ));
            next(&mut writer);
        }
    }
    writer.into_text()
}

fn of_symptom(writer: &mut TextWriter, symptom: &Symptom) {
    let title = writer.styled(TextRole::Heading, symptom.title);
    writer.line("", &title);
    writer.blank();
    for (label, text) in symptom.facts() {
        let label = writer.styled(TextRole::Strong, &format!("{label}:"));
        let text = writer.styled(TextRole::Plain, &text);
        writer.hanging("  ", "    ", &format!("{label} {text}"));
    }
    let causes =
        symptom.causes.iter().map(|(kind, when)| format!("{kind}: {when} (krbtriage explain {kind})"));
    section(writer, "Frequent causes with event 4", &causes.collect::<Vec<_>>(), false);
    let advice: Vec<String> = symptom.advice.iter().map(|text| (*text).to_owned()).collect();
    section(writer, "Note", &advice, false);
    next(writer);
    let sources = symptom.sources.iter().map(|(fact, source)| format!("{fact}: {source}"));
    section(writer, "Sources", &sources.collect::<Vec<_>>(), false);
}

fn of_other(writer: &mut TextWriter, code: Code) {
    let title = writer.styled(TextRole::Heading, &format!("Code {}", code.forms()));
    writer.line("", &title);
    let mut known = code.meanings();
    if known.is_empty() {
        known.push("It has the form of no HRESULT, NTSTATUS, Win32 error or Kerberos error.".to_owned());
    }
    known.push(match code.win32() {
        Some(error) => format!("Windows has the text of Win32 errors: net helpmsg {error}"),
        None => format!("Windows has the text of its codes: certutil -error 0x{:08x}", code.0),
    });
    known.push(
        "It is not known to come with Kerberos event 4. The System log of the client shows whether it does."
            .to_owned(),
    );
    section(writer, "What is known", &known, false);
    next(writer);
}

fn next(writer: &mut TextWriter) {
    writer.blank();
    let title = writer.styled(TextRole::Strong, "What to do:");
    writer.line("  ", &title);
    for (number, (step, commands)) in (1..).zip(STEPS) {
        writer.line(&format!("  {number}. "), step);
        for command in commands {
            let command = writer.styled(TextRole::Command, command);
            writer.line("       ", &command);
        }
    }
    writer.line("  ", NO_EVENT);
}

impl Symptom {
    /// Labels and texts, in order.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts = Vec::new();
        if !self.names.is_empty() {
            facts.push(("Name", format!("{}.", self.names.join(", "))));
        }
        if let Some(number) = self.number {
            facts.push(("Code", format!("{}.", number.forms())));
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

/// The part of `docs/symptoms.md` that is made from the table: the index, then a section for each symptom.
pub fn markdown() -> String {
    let mut text = String::from("| you see | go to |\n| --- | --- |\n");
    for symptom in &SYMPTOMS {
        let codes = symptom.number.map(Number::codes).unwrap_or_default();
        let names = symptom.names.iter().map(|name| (*name).to_owned());
        let codes = codes.into_iter().chain(names).map(|code| format!("`{code}`"));
        let texts = symptom.texts.iter().map(|text| format!("\"{text}\""));
        let all: Vec<String> = codes.chain(texts).collect();
        let anchor = symptom.title.to_lowercase().replace(' ', "-");
        text += &format!("| {} | [{}](#{anchor}) |\n", all.join(", "), symptom.title);
    }
    for symptom in &SYMPTOMS {
        text += &format!("\n## {}\n\n", symptom.title);
        for (label, fact) in symptom.facts() {
            text += &item(label, &fact);
        }
        let causes =
            symptom.causes.iter().map(|(kind, when)| format!("[`{kind}`](causes.md#the-kinds), {when}"));
        let causes: Vec<String> = causes.collect();
        if !causes.is_empty() {
            text += &item("Frequent causes with event 4", &format!("{}.", causes.join("; ")));
        }
        for advice in symptom.advice {
            text += &item("Note", advice);
        }
        let sources = symptom.sources.iter().map(|(fact, source)| format!("{source} ({fact})"));
        text += &item("Sources", &format!("{}.", sources.collect::<Vec<_>>().join("; ")));
    }
    text
}

/// An item of a list, wrapped as the documents are.
fn item(label: &str, text: &str) -> String {
    let options = textwrap::Options::new(132)
        .initial_indent("- ")
        .subsequent_indent("  ")
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(&format!("**{label}:** {text}"), options) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(text: &str) -> &'static str {
        match read(text) {
            Some(Reading::Symptom(symptom)) => symptom.title,
            Some(Reading::OtherCode(_)) => "another code",
            Some(Reading::OtherEvent(_)) => "another event",
            None => "nothing",
        }
    }

    #[test]
    fn every_form_of_a_symptom_is_found() {
        let [rpc, principal, name, event, modified] = SYMPTOMS.each_ref().map(|symptom| symptom.title);
        for (text, want) in [
            ("0x80070721", rpc),
            ("1825", rpc),
            ("0x721", rpc),
            ("-2147023071", rpc),
            ("2147944225", rpc),
            ("rpc_s_sec_pkg_error", rpc),
            (
                "Number: 0x80070721 Facility: Win32 Description: A security package specific error occurred.",
                rpc,
            ),
            ("0x80090322", principal),
            ("80090322", principal),
            ("-2146893022", principal),
            ("\"The target principal name is incorrect.\"", principal),
            ("target principal name is incorrect", principal),
            ("Der Zielprinzipalname ist falsch. SSPI-Kontext kann nicht generiert werden.", principal),
            ("Win32Exception (0x80090322)", principal),
            ("1396", name),
            ("0x574", name),
            ("0x80070574", name),
            ("Logon Failure: The target account name is incorrect.", name),
            ("event 4", event),
            ("Event ID 4", event),
            ("eventid: 4", event),
            ("Kerberos event 4", event),
            ("4", event),
            ("0x40000004", event),
            ("The Kerberos client received a KRB_AP_ERR_MODIFIED error from the server srv1$.", event),
            ("0x29", modified),
            ("41", modified),
            ("KRB_AP_ERR_MODIFIED", modified),
            ("Error code 0x29", modified),
            ("event 3", modified),
            ("1722", "another code"),
            ("0x80090303", "another code"),
            ("failed with 0x80004005", "another code"),
            ("event 5", "another event"),
            ("weather", "nothing"),
            ("", "nothing"),
            ("the server", "nothing"),
        ] {
            assert_eq!(title(text), want, "{text}");
        }
    }

    #[test]
    fn every_symptom_has_its_notations_sources_and_next_step() {
        for symptom in &SYMPTOMS {
            let text = text(&Reading::Symptom(symptom), TextLayout::PLAIN);
            assert!(!symptom.sources.is_empty() && text.contains("krbtriage here --probe"), "{text}");
            for code in symptom.number.unwrap().codes() {
                assert_eq!(title(&code), symptom.title, "{code}");
                assert!(text.contains(&code), "{code} is not in {text}");
            }
        }
    }

    #[test]
    fn another_code_shows_what_is_known_and_what_to_do() {
        let text = |typed: &str| text(&read(typed).unwrap(), TextLayout::PLAIN);
        let unreachable = text("0x800706ba");
        for part in ["RPC_S_SERVER_UNAVAILABLE", "net helpmsg 1722", "not known to come", "krbtriage triage"]
        {
            assert!(unreachable.contains(part), "{unreachable}");
        }
        assert!(
            text("0x80338126").contains("WINRM") && text("0x80338126").contains("certutil -error 0x80338126")
        );
        assert!(text("0x12345678").contains("has the form of no"));
        assert!(text("event 5").contains("docs/causes.md"));
    }
}
