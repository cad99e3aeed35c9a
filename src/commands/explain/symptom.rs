//! Finds the symptom in a text that a user typed or pasted, and explains it.

use super::code::Code;
use super::section::section;
use super::symptom_table::{Number, SYMPTOMS, Symptom};
use crate::report::text_writer::{TextLayout, TextRole, TextWriter};

/// Next steps for every symptom, each with its commands.
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
/// Last sentence of the next steps.
const NO_EVENT: &str = "If the log holds no event 4 at the time of the error, the cause is another one. krbtriage cannot help then.";

/// Subject of a text that a user typed or pasted.
pub(super) enum Topic {
    Symptom(&'static Symptom),
    /// A code that is not known to come with event 4.
    OtherCode(Code),
    /// An event that is not a symptom of event 4.
    OtherEvent(u16),
}

impl Topic {
    /// Recognises a code, a name, an event, or a message that contains one of them.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches(['"', '\'', '.']).to_lowercase();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return None;
        }
        let symptom =
            |matches: &dyn Fn(&Symptom) -> bool| SYMPTOMS.iter().find(|s| matches(s)).map(Self::Symptom);
        if let Some(id) = event_id(&text) {
            return Some(symptom_of_event(id).map_or(Self::OtherEvent(id), Self::Symptom));
        }
        if let Some(code) = Code::parse(&text) {
            return Some(symptom_of_code(code).map_or(Self::OtherCode(code), Self::Symptom));
        }
        // Messages are compared before names, because the message of event 4 contains the name of error 0x29.
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
            .or_else(|| Self::from_words(&text))
    }

    /// Finds the code of a symptom among the words of a message, or else the first code of more than 16 bits.
    fn from_words(text: &str) -> Option<Self> {
        let words = text.split(|c: char| c.is_whitespace() || "()[]{},;:=\"'".contains(c));
        let is_code = |word: &&str| word.starts_with("0x") || word.starts_with('-') || word.len() > 3;
        let codes: Vec<Code> = words.filter(is_code).filter_map(Code::parse).collect();
        let symptom = codes.iter().find_map(|code| symptom_of_code(*code)).map(Self::Symptom);
        symptom.or_else(|| codes.into_iter().find(|code| code.0 > 0xffff).map(Self::OtherCode))
    }
}

/// Parses the number in `event 4`, `event id 4`, `eventid: 4`.
fn event_id(text: &str) -> Option<u16> {
    let text = text.strip_prefix("kerberos ").unwrap_or(text);
    let rest =
        text.strip_prefix("event")?.trim_start().trim_start_matches("id").trim_start_matches([':', '=', ' ']);
    rest.parse().ok()
}

/// Returns the symptom of an event: event 4, or event 3, which may contain error 0x29.
fn symptom_of_event(event: u16) -> Option<&'static Symptom> {
    SYMPTOMS.iter().find(|symptom| match symptom.number {
        Some(Number::Event { id, .. }) => id == event,
        Some(Number::Kerberos(41)) => event == 3,
        _ => false,
    })
}

/// Returns the symptom of a code, also inside an HRESULT or NTSTATUS. The code 4 means event 4.
fn symptom_of_code(code: Code) -> Option<&'static Symptom> {
    SYMPTOMS.iter().find(|symptom| match symptom.number {
        Some(Number::Win32(error)) => code.win32() == Some(error),
        Some(Number::HResult(number)) => code.0 == number,
        Some(Number::Kerberos(error)) => code.0 == u32::from(error),
        Some(Number::Event { id, qualified }) => code.0 == u32::from(id) || code.0 == qualified,
        None => false,
    })
}

/// Explains a symptom, or describes another code or event.
pub(super) fn explain(topic: &Topic, layout: TextLayout) -> String {
    let mut writer = TextWriter::new(layout);
    match topic {
        Topic::Symptom(symptom) => write_symptom(&mut writer, symptom),
        Topic::OtherCode(code) => write_other_code(&mut writer, *code),
        Topic::OtherEvent(id) => {
            writer.say(&format!(
                "Event {id} is not a symptom of Kerberos event 4 by itself. docs/causes.md lists the events that are evidence."
            ));
            write_next_steps(&mut writer);
        }
    }
    writer.into_text()
}

fn write_symptom(writer: &mut TextWriter, symptom: &Symptom) {
    let title = writer.styled(TextRole::Heading, symptom.title);
    writer.line("", &title);
    writer.blank_line();
    for (label, text) in symptom.facts() {
        let label = writer.styled(TextRole::Strong, &format!("{label}:"));
        let text = writer.styled(TextRole::Plain, &text);
        writer.hanging_line("  ", "    ", &format!("{label} {text}"));
    }
    let causes =
        symptom.causes.iter().map(|(kind, when)| format!("{kind}: {when} (krbtriage explain {kind})"));
    section(writer, "Frequent causes with event 4", &causes.collect::<Vec<_>>(), false);
    let advice: Vec<String> = symptom.advice.iter().map(|text| (*text).to_owned()).collect();
    section(writer, "Note", &advice, false);
    write_next_steps(writer);
    let sources = symptom.sources.iter().map(|(fact, source)| format!("{fact}: {source}"));
    section(writer, "Sources", &sources.collect::<Vec<_>>(), false);
}

fn write_other_code(writer: &mut TextWriter, code: Code) {
    let title = writer.styled(TextRole::Heading, &format!("Code {}", code.notations()));
    writer.line("", &title);
    let mut facts = code.meanings();
    if facts.is_empty() {
        facts.push("It has the form of no HRESULT, NTSTATUS, Win32 error or Kerberos error.".to_owned());
    }
    facts.push(match code.win32() {
        Some(error) => format!("Windows has the text of Win32 errors: net helpmsg {error}"),
        None => format!("Windows has the text of its codes: certutil -error 0x{:08x}", code.0),
    });
    facts.push(
        "It is not known to come with Kerberos event 4. The System log of the client shows whether it does."
            .to_owned(),
    );
    section(writer, "What is known", &facts, false);
    write_next_steps(writer);
}

fn write_next_steps(writer: &mut TextWriter) {
    writer.blank_line();
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

/// Returns the generated part of `docs/symptoms.md`: the index, then a section for each symptom.
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
            text += &markdown_item(label, &fact);
        }
        let causes =
            symptom.causes.iter().map(|(kind, when)| format!("[`{kind}`](causes.md#the-kinds), {when}"));
        let causes: Vec<String> = causes.collect();
        if !causes.is_empty() {
            text += &markdown_item("Frequent causes with event 4", &format!("{}.", causes.join("; ")));
        }
        for advice in symptom.advice {
            text += &markdown_item("Note", advice);
        }
        let sources = symptom.sources.iter().map(|(fact, source)| format!("{source} ({fact})"));
        text += &markdown_item("Sources", &format!("{}.", sources.collect::<Vec<_>>().join("; ")));
    }
    text
}

/// Formats an item of a list, wrapped at the width of the documents.
fn markdown_item(label: &str, text: &str) -> String {
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
        match Topic::parse(text) {
            Some(Topic::Symptom(symptom)) => symptom.title,
            Some(Topic::OtherCode(_)) => "another code",
            Some(Topic::OtherEvent(_)) => "another event",
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
            let text = explain(&Topic::Symptom(symptom), TextLayout::PLAIN);
            assert!(!symptom.sources.is_empty() && text.contains("krbtriage here --probe"), "{text}");
            for code in symptom.number.unwrap().codes() {
                assert_eq!(title(&code), symptom.title, "{code}");
                assert!(text.contains(&code), "{code} is not in {text}");
            }
        }
    }

    #[test]
    fn another_code_shows_what_is_known_and_what_to_do() {
        let text = |typed: &str| explain(&Topic::parse(typed).unwrap(), TextLayout::PLAIN);
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
