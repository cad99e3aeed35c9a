//! Items of a row's lists: evidence, requests, steps of the fix. Each has its text, which every format
//! prints, and its parts, which JSON has as members.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::diagnosis::{
    AGAINST_PREFIX, Evidence, EvidenceRole, Fact, Relation, Request, Step, is_for_people, title_of,
};
use crate::text::sentence::uncapitalise;

/// In the run that made the item, its typed parts: the text is made when it is written. Where a report was read, the text and,
/// from JSON, the members.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts<T> {
    Typed(Box<T>),
    Read(Box<ReadParts>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ReadParts {
    text: String,
    members: Map<String, Value>,
}

/// One item of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceItem {
    pub role: EvidenceRole,
    section: EvidenceSection,
    parts: Parts<Fact>,
}

/// Where an item of evidence is shown to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EvidenceSection {
    Proof,
    /// Evidence against the verdict, other causes that fit, and assumptions.
    Caveat,
    /// Logged near the events, and of no weight.
    Context,
    /// Why another cause was not chosen.
    Considered,
}

impl EvidenceSection {
    const ALL: [Self; 4] = [Self::Proof, Self::Caveat, Self::Context, Self::Considered];

    /// The name in the column `evidence_sections`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Caveat => "caveat",
            Self::Context => "context",
            Self::Considered => "considered",
        }
    }
}

/// One thing to collect next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestItem {
    parts: Parts<Request>,
}

/// One step of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepItem {
    parts: Parts<Step>,
}

/// A command line, and the machine to run it on; empty where any management host will do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct CommandPart {
    #[serde(default)]
    pub on: String,
    pub line: String,
}

/// A text with the commands that carry it out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ActionPart {
    pub text: String,
    #[serde(default)]
    pub commands: Vec<CommandPart>,
}

/// A step of a fix in its parts, for outputs that show each in its place. Of a step that was read from CSV, the text alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StepParts {
    /// Condition and action.
    pub text: String,
    pub risk: String,
    pub prerequisite: String,
    pub commands: Vec<CommandPart>,
    pub undo: Option<ActionPart>,
    pub verify: Option<ActionPart>,
}

/// A request in its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestParts {
    pub question: String,
    pub commands: Vec<CommandPart>,
    /// Causes that the answer separates.
    pub how: String,
}

impl<T: Display> Display for Parts<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Typed(parts) => parts.fmt(f),
            Self::Read(read) => f.write_str(&read.text),
        }
    }
}

/// The text for a cell, from which the role can be read again.
impl Display for EvidenceItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.role == EvidenceRole::Against {
            f.write_str(AGAINST_PREFIX)?;
        }
        self.parts.fmt(f)
    }
}

impl Display for RequestItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.fmt(f)
    }
}

impl Display for StepItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.fmt(f)
    }
}

impl<T: Serialize + Display> Parts<T> {
    fn read(text: impl Into<String>, members: Map<String, Value>) -> Self {
        Self::Read(Box::new(ReadParts { text: text.into(), members }))
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Typed(parts) => parts.to_string().into(),
            Self::Read(read) => (&read.text).into(),
        }
    }

    /// As JSON has them.
    fn members(&self) -> Map<String, Value> {
        match self {
            Self::Read(read) => read.members.clone(),
            Self::Typed(parts) => match serde_json::to_value(parts) {
                Ok(Value::Object(members)) => members,
                _ => Map::new(),
            },
        }
    }

    /// An object with the text first.
    fn serialize<S: Serializer>(&self, role: Option<EvidenceRole>, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Object<'a, P> {
            text: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            role: Option<EvidenceRole>,
            #[serde(flatten)]
            parts: P,
        }
        let text = &*self.text();
        match self {
            Self::Typed(parts) => Object { text, role, parts }.serialize(serializer),
            Self::Read(read) => Object { text, role, parts: &read.members }.serialize(serializer),
        }
    }
}

impl EvidenceItem {
    pub(crate) fn new(evidence: Evidence) -> Self {
        Self::of(evidence.role, Parts::Typed(Box::new(evidence.fact)))
    }

    pub fn text(&self) -> Cow<'_, str> {
        self.parts.text()
    }

    /// Parses a report's cell. The role is from its own column.
    pub fn from_cell(cell: &str, role: EvidenceRole) -> Self {
        let text = match role {
            EvidenceRole::Against => cell.strip_prefix(AGAINST_PREFIX).unwrap_or(cell),
            EvidenceRole::For | EvidenceRole::Excludes | EvidenceRole::Rival => cell,
        };
        Self::of(role, Parts::read(text, Map::new()))
    }

    fn of(role: EvidenceRole, parts: Parts<Fact>) -> Self {
        Self { role, section: section_of(role, &parts), parts }
    }

    /// With the section of a report's cell. Earlier reports lack it.
    pub(crate) fn in_section(self, name: &str) -> Self {
        let section = EvidenceSection::ALL.into_iter().find(|section| section.name() == name);
        Self { section: section.unwrap_or(self.section), ..self }
    }

    pub(crate) fn section(&self) -> EvidenceSection {
        self.section
    }
}

/// Proof holds proof: what is assumed or was only logged near the events goes elsewhere.
fn section_of(role: EvidenceRole, parts: &Parts<Fact>) -> EvidenceSection {
    match role {
        EvidenceRole::Against | EvidenceRole::Rival => EvidenceSection::Caveat,
        EvidenceRole::Excludes => EvidenceSection::Considered,
        EvidenceRole::For => match parts {
            Parts::Typed(fact) => match &**fact {
                Fact::Assumed { .. } | Fact::PerhapsAnother { .. } | Fact::FromSlack { .. } => {
                    EvidenceSection::Caveat
                }
                Fact::Event { relation: Relation::Near, .. } | Fact::MoreEvents { .. } => {
                    EvidenceSection::Context
                }
                _ => EvidenceSection::Proof,
            },
            Parts::Read(read) => match (read.member("kind"), read.member("relation")) {
                ("assumed" | "perhaps-another" | "from-slack", _) => EvidenceSection::Caveat,
                ("event", "near") | ("more-events", _) => EvidenceSection::Context,
                _ => EvidenceSection::Proof,
            },
        },
    }
}

impl RequestItem {
    pub(crate) fn new(request: Request) -> Self {
        Self { parts: Parts::Typed(Box::new(request)) }
    }

    pub fn text(&self) -> Cow<'_, str> {
        self.parts.text()
    }

    /// Parses a report's cell. The code is from its own column.
    pub fn from_cell(cell: &str, code: &str) -> Self {
        let code = (!code.is_empty()).then(|| ("request".to_owned(), code.into()));
        Self { parts: Parts::read(cell, code.into_iter().collect()) }
    }

    /// The sort of request; empty if an old report does not have it.
    pub fn code(&self) -> &str {
        match &self.parts {
            Parts::Typed(request) => request.code(),
            Parts::Read(read) => read.member("request"),
        }
    }

    /// The heading for requests of one sort.
    pub fn title(&self) -> &'static str {
        title_of(self.code())
    }

    /// Subject of the request; empty if the report does not name it.
    pub fn subject(&self) -> String {
        match &self.parts {
            Parts::Typed(request) => request.subject(),
            Parts::Read(read) => read.member("subject").to_owned(),
        }
    }

    pub(crate) fn parts(&self) -> RequestParts {
        let members = self.parts.members();
        match text_of(&members, "question") {
            "" => RequestParts { question: self.text().into_owned(), ..RequestParts::default() },
            question => RequestParts {
                question: question.to_owned(),
                commands: member(&members, "commands"),
                how: member::<Vec<String>>(&members, "reading").join(" "),
            },
        }
    }

    /// Is it a request that no script can answer?
    pub fn is_for_people(&self) -> bool {
        is_for_people(self.code())
    }

    /// The question and its commands, without the fallback and the help for reading the answer. The whole
    /// text if the parts are unknown.
    pub fn brief(&self) -> String {
        match &self.parts {
            Parts::Typed(request) => request.brief(),
            Parts::Read(read) => match read.member("question") {
                "" => self.text().into_owned(),
                question => join_words([question.to_owned(), commands_of(&read.members)]),
            },
        }
    }
}

impl StepItem {
    pub(crate) fn new(step: Step) -> Self {
        Self { parts: Parts::Typed(Box::new(step)) }
    }

    pub fn text(&self) -> Cow<'_, str> {
        self.parts.text()
    }

    /// Parses a report's cell.
    pub fn from_cell(cell: &str) -> Self {
        Self { parts: Parts::read(cell, Map::new()) }
    }

    pub(crate) fn parts(&self) -> StepParts {
        let members = self.parts.members();
        let text = |name: &str| text_of(&members, name).to_owned();
        if text_of(&members, "action").is_empty() {
            return StepParts { text: self.text().into_owned(), ..StepParts::default() };
        }
        StepParts {
            text: action_of(&members),
            risk: text("risk"),
            prerequisite: text("prerequisite"),
            commands: member(&members, "commands"),
            undo: member(&members, "undo"),
            verify: member(&members, "verify"),
        }
    }

    /// Condition, action and risk; the whole text if the parts are unknown.
    pub fn brief(&self) -> String {
        match &self.parts {
            Parts::Typed(step) => step.brief(),
            Parts::Read(read) => match read.member("action") {
                "" => self.text().into_owned(),
                _ => {
                    let action = action_of(&read.members);
                    let risk = match read.member("risk") {
                        "" => String::new(),
                        risk => format!("Risk: {risk}"),
                    };
                    join_words([action, risk])
                }
            },
        }
    }
}

impl ReadParts {
    fn member(&self, name: &str) -> &str {
        text_of(&self.members, name)
    }
}

/// Condition and action.
fn action_of(members: &Map<String, Value>) -> String {
    let action = text_of(members, "action");
    match text_of(members, "condition") {
        "" => action.to_owned(),
        condition => format!("{condition}: {}", uncapitalise(action)),
    }
}

/// A member of a known shape; empty where it is missing or of another one.
fn member<T: for<'de> Deserialize<'de> + Default>(members: &Map<String, Value>, name: &str) -> T {
    members.get(name).and_then(|value| T::deserialize(value).ok()).unwrap_or_default()
}

/// Joins the texts that are not empty with a blank.
fn join_words<const N: usize>(texts: [String; N]) -> String {
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The command lines of an item read from JSON.
fn commands_of(members: &Map<String, Value>) -> String {
    let commands = members.get("commands").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let lines = commands.iter().filter_map(|command| command.get("line")?.as_str());
    lines.map(|line| format!("`{line}`")).collect::<Vec<_>>().join(", ")
}

fn text_of<'m>(members: &'m Map<String, Value>, name: &str) -> &'m str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// An item in JSON: an object, or in reports of version 1 a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum ReadItem {
    Text(String),
    Object {
        text: String,
        #[serde(flatten)]
        members: Map<String, Value>,
    },
}

impl ReadItem {
    fn parts(self) -> (String, Map<String, Value>) {
        match self {
            Self::Text(text) => (text, Map::new()),
            Self::Object { text, members } => (text, members),
        }
    }
}

impl Serialize for EvidenceItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parts.serialize(Some(self.role), serializer)
    }
}

impl Serialize for RequestItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parts.serialize(None, serializer)
    }
}

impl Serialize for StepItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parts.serialize(None, serializer)
    }
}

impl<'de> Deserialize<'de> for EvidenceItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, mut members) = ReadItem::deserialize(deserializer)?.parts();
        let role = members.remove("role").map(serde_json::from_value).transpose();
        let role = role.map_err(serde::de::Error::custom)?.unwrap_or(EvidenceRole::For);
        Ok(Self::of(role, Parts::read(text, members)))
    }
}

impl<'de> Deserialize<'de> for RequestItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, members) = ReadItem::deserialize(deserializer)?.parts();
        Ok(Self { parts: Parts::read(text, members) })
    }
}

impl<'de> Deserialize<'de> for StepItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, members) = ReadItem::deserialize(deserializer)?.parts();
        Ok(Self { parts: Parts::read(text, members) })
    }
}
