//! Items of the lists of a row: evidence, requests, and steps of a fix. Every format prints the text of an item. JSON also
//! has its parts as members.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::diagnosis::{
    AGAINST_PREFIX, Evidence, EvidenceRole, Fact, Relation, Request, Step, is_for_people, title_of,
};
use crate::text::sentence::uncapitalise;

/// Content of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts<T> {
    /// Parts of an item that this run made. Its text is made when it is written.
    Typed(Box<T>),
    /// Text and members of an item of an earlier report.
    Saved(Box<SavedParts>),
}

/// Content of an item of an earlier report.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SavedParts {
    text: String,
    /// Members of the item in JSON, except `text`. CSV has at most one of them.
    members: Map<String, Value>,
}

/// An item of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceItem {
    pub role: EvidenceRole,
    section: EvidenceSection,
    parts: Parts<Fact>,
}

/// Section of a report in which an item of evidence is shown to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EvidenceSection {
    Proof,
    /// Evidence against the verdict, other causes that fit, and assumptions.
    Caveat,
    /// Events near those of the incident that prove nothing.
    Context,
    /// Reasons why another cause was excluded.
    Considered,
}

impl EvidenceSection {
    const ALL: [Self; 4] = [Self::Proof, Self::Caveat, Self::Context, Self::Considered];

    /// Returns the name in the column `evidence_sections`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Caveat => "caveat",
            Self::Context => "context",
            Self::Considered => "considered",
        }
    }
}

/// A request for data to collect next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestItem {
    parts: Parts<Request>,
}

/// A step of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepItem {
    parts: Parts<Step>,
}

/// A command line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct CommandPart {
    /// Machine to run it on; empty if any management host will do.
    #[serde(default)]
    pub on: String,
    pub line: String,
}

/// An action with its commands, such as the undo of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ActionPart {
    pub text: String,
    #[serde(default)]
    pub commands: Vec<CommandPart>,
}

/// Parts of a step, for outputs that show each part in a place of its own. A step from CSV has only `text`.
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

/// Parts of a request, for outputs that show each part in a place of its own. A request from CSV has only `question`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RequestParts {
    pub question: String,
    pub commands: Vec<CommandPart>,
    /// Explanation of the answer and of the causes that it distinguishes.
    pub how: String,
}

impl<T: Display> Display for Parts<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Typed(parts) => parts.fmt(f),
            Self::Saved(saved) => f.write_str(&saved.text),
        }
    }
}

/// Formats the text of a cell. A prefix marks evidence against the verdict.
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
    fn saved(text: impl Into<String>, members: Map<String, Value>) -> Self {
        Self::Saved(Box::new(SavedParts { text: text.into(), members }))
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Typed(parts) => parts.to_string().into(),
            Self::Saved(saved) => (&saved.text).into(),
        }
    }

    /// Returns the members of the item in JSON, except its text.
    fn members(&self) -> Map<String, Value> {
        match self {
            Self::Saved(saved) => saved.members.clone(),
            Self::Typed(parts) => match serde_json::to_value(parts) {
                Ok(Value::Object(members)) => members,
                _ => Map::new(),
            },
        }
    }

    /// Serializes an object with the text as its first member.
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
            Self::Saved(saved) => Object { text, role, parts: &saved.members }.serialize(serializer),
        }
    }
}

impl EvidenceItem {
    pub(crate) fn new(evidence: Evidence) -> Self {
        Self::with_role(evidence.role, Parts::Typed(Box::new(evidence.fact)))
    }

    pub fn text(&self) -> Cow<'_, str> {
        self.parts.text()
    }

    /// Parses an item of the column `evidence`. The role is from the column `evidence_roles`.
    pub fn from_cell(cell: &str, role: EvidenceRole) -> Self {
        let text = match role {
            EvidenceRole::Against => cell.strip_prefix(AGAINST_PREFIX).unwrap_or(cell),
            EvidenceRole::For | EvidenceRole::Excludes | EvidenceRole::Rival => cell,
        };
        Self::with_role(role, Parts::saved(text, Map::new()))
    }

    fn with_role(role: EvidenceRole, parts: Parts<Fact>) -> Self {
        Self { role, section: section_of(role, &parts), parts }
    }

    /// Sets the section from the column `evidence_sections`, which old reports lack. Another text changes nothing.
    pub(crate) fn in_section(self, name: &str) -> Self {
        let section = EvidenceSection::ALL.into_iter().find(|section| section.name() == name);
        Self { section: section.unwrap_or(self.section), ..self }
    }

    pub(crate) fn section(&self) -> EvidenceSection {
        self.section
    }
}

/// Returns the section of an item. Assumptions are caveats, and events that were only logged near those of the incident are
/// context.
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
            Parts::Saved(saved) => match (saved.member("kind"), saved.member("relation")) {
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

    /// Parses an item of the column `missing`. The code is from the column `requests`.
    pub fn from_cell(cell: &str, code: &str) -> Self {
        let code = (!code.is_empty()).then(|| ("request".to_owned(), code.into()));
        Self { parts: Parts::saved(cell, code.into_iter().collect()) }
    }

    /// Returns the identifier of the kind of request; empty if an old report does not have it.
    pub fn code(&self) -> &str {
        match &self.parts {
            Parts::Typed(request) => request.code(),
            Parts::Saved(saved) => saved.member("request"),
        }
    }

    /// Returns the heading for requests of this kind.
    pub fn title(&self) -> &'static str {
        title_of(self.code())
    }

    /// Returns the host, account or SPN that the request is about; empty if the report does not have it.
    pub fn subject(&self) -> String {
        match &self.parts {
            Parts::Typed(request) => request.subject(),
            Parts::Saved(saved) => saved.member("subject").to_owned(),
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

    /// Reports whether only a person can answer the request, and no script.
    pub fn is_for_people(&self) -> bool {
        is_for_people(self.code())
    }

    /// Returns the question with its commands. An item from CSV has only its whole text.
    pub fn brief(&self) -> String {
        match &self.parts {
            Parts::Typed(request) => request.brief(),
            Parts::Saved(saved) => match saved.member("question") {
                "" => self.text().into_owned(),
                question => join_words([question.to_owned(), commands_of(&saved.members)]),
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

    /// Parses an item of the column `fix`.
    pub fn from_cell(cell: &str) -> Self {
        Self { parts: Parts::saved(cell, Map::new()) }
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

    /// Returns condition, action and risk. An item from CSV has only its whole text.
    pub fn brief(&self) -> String {
        match &self.parts {
            Parts::Typed(step) => step.brief(),
            Parts::Saved(saved) => match saved.member("action") {
                "" => self.text().into_owned(),
                _ => {
                    let action = action_of(&saved.members);
                    let risk = match saved.member("risk") {
                        "" => String::new(),
                        risk => format!("Risk: {risk}"),
                    };
                    join_words([action, risk])
                }
            },
        }
    }
}

impl SavedParts {
    fn member(&self, name: &str) -> &str {
        text_of(&self.members, name)
    }
}

/// Returns the action of a step with its condition: `If the adapter is not used: disable it`.
fn action_of(members: &Map<String, Value>) -> String {
    let action = text_of(members, "action");
    match text_of(members, "condition") {
        "" => action.to_owned(),
        condition => format!("{condition}: {}", uncapitalise(action)),
    }
}

/// Parses a member. The result is empty if the member is missing or has another form.
fn member<T: for<'de> Deserialize<'de> + Default>(members: &Map<String, Value>, name: &str) -> T {
    members.get(name).and_then(|value| T::deserialize(value).ok()).unwrap_or_default()
}

/// Joins the texts that are not empty with a blank.
fn join_words<const N: usize>(texts: [String; N]) -> String {
    texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Joins the command lines of an item, each between backticks.
fn commands_of(members: &Map<String, Value>) -> String {
    let commands = members.get("commands").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let lines = commands.iter().filter_map(|command| command.get("line")?.as_str());
    lines.map(|line| format!("`{line}`")).collect::<Vec<_>>().join(", ")
}

fn text_of<'m>(members: &'m Map<String, Value>, name: &str) -> &'m str {
    members.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// An item in JSON. In reports of version 1 it is a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum JsonItem {
    Text(String),
    Object {
        text: String,
        #[serde(flatten)]
        members: Map<String, Value>,
    },
}

impl JsonItem {
    fn into_parts(self) -> (String, Map<String, Value>) {
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
        let (text, mut members) = JsonItem::deserialize(deserializer)?.into_parts();
        let role = members.remove("role").map(serde_json::from_value).transpose();
        let role = role.map_err(serde::de::Error::custom)?.unwrap_or(EvidenceRole::For);
        Ok(Self::with_role(role, Parts::saved(text, members)))
    }
}

impl<'de> Deserialize<'de> for RequestItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, members) = JsonItem::deserialize(deserializer)?.into_parts();
        Ok(Self { parts: Parts::saved(text, members) })
    }
}

impl<'de> Deserialize<'de> for StepItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, members) = JsonItem::deserialize(deserializer)?.into_parts();
        Ok(Self { parts: Parts::saved(text, members) })
    }
}
