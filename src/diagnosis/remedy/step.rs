//! A step of a fix: the action with its condition, risk, undo and verification.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::diagnosis::command::{Command, clause};
use crate::text::sentence::uncapitalise;

/// The part of the environment that a step changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Effect {
    /// Nothing. The step says whether the fix is safe now and what it can break.
    Note,
    /// Nothing that stays. The step reads, or empties a cache.
    Read,
    /// The configuration of a host, service or appliance.
    Host,
    /// The directory: SPNs, accounts, passwords, trusts.
    Directory,
    /// DNS records.
    Dns,
}

/// A text with its commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Action {
    pub(crate) text: Cow<'static, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) commands: Vec<Command>,
}

/// A step of a fix. The fields are in the order in which a person should read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    pub(crate) effect: Effect,
    /// A clause that begins with `Only if` or `If`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<Cow<'static, str>>,
    /// Sentences without commands.
    pub(crate) action: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) risk: Option<Cow<'static, str>>,
    /// Rights, tools and states that the commands need.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prerequisite: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) commands: Vec<Command>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) undo: Option<Action>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verify: Option<Action>,
}

impl Step {
    fn new(effect: Effect, action: impl Into<Cow<'static, str>>) -> Self {
        Self {
            effect,
            condition: None,
            action: action.into(),
            risk: None,
            prerequisite: None,
            commands: Vec::new(),
            undo: None,
            verify: None,
        }
    }

    pub(super) fn note(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Effect::Note, text)
    }

    pub(super) fn read(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Effect::Read, action)
    }

    pub(super) fn host(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Effect::Host, action)
    }

    pub(super) fn directory(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Effect::Directory, action)
    }

    pub(super) fn dns(action: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Effect::Dns, action)
    }

    /// Sets a condition for a change: a clause without `Only if` and without a full stop.
    pub(super) fn only_if(self, condition: impl fmt::Display) -> Self {
        Self { condition: Some(format!("Only if {condition}").into()), ..self }
    }

    /// Sets a condition for a step that does no harm: a clause without `If` and without a full stop.
    pub(super) fn when(self, condition: impl fmt::Display) -> Self {
        Self { condition: Some(format!("If {condition}").into()), ..self }
    }

    pub(super) fn risk(self, text: impl Into<Cow<'static, str>>) -> Self {
        Self { risk: Some(text.into()), ..self }
    }

    pub(super) fn needs(self, text: impl Into<Cow<'static, str>>) -> Self {
        Self { prerequisite: Some(text.into()), ..self }
    }

    pub(super) fn run(mut self, command: Command) -> Self {
        self.commands.push(command);
        self
    }

    pub(super) fn run_all(mut self, commands: impl IntoIterator<Item = Command>) -> Self {
        self.commands.extend(commands);
        self
    }

    pub(super) fn undo(self, text: impl Into<Cow<'static, str>>, commands: impl Into<Vec<Command>>) -> Self {
        Self { undo: Some(Action { text: text.into(), commands: commands.into() }), ..self }
    }

    pub(super) fn verify(
        self,
        text: impl Into<Cow<'static, str>>,
        commands: impl Into<Vec<Command>>,
    ) -> Self {
        Self { verify: Some(Action { text: text.into(), commands: commands.into() }), ..self }
    }

    /// Formats condition, action and risk, without commands.
    pub(crate) fn brief(&self) -> String {
        let bare =
            Self { prerequisite: None, commands: Vec::new(), undo: None, verify: None, ..self.clone() };
        bare.to_string()
    }

    /// Does the step change something that stays?
    pub(crate) fn changes(&self) -> bool {
        matches!(self.effect, Effect::Host | Effect::Directory | Effect::Dns)
    }

    /// All commands: those of the step, of its undo and of its verification.
    #[cfg(test)]
    pub(crate) fn all_commands(&self) -> impl Iterator<Item = &Command> {
        let actions = self.undo.iter().chain(&self.verify);
        self.commands.iter().chain(actions.flat_map(|action| &action.commands))
    }
}

/// Formats the whole step.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.condition {
            Some(condition) => write!(f, "{condition}: {}", uncapitalise(&self.action))?,
            None => f.write_str(&self.action)?,
        }
        if let Some(risk) = &self.risk {
            write!(f, " Risk: {risk}")?;
        }
        if let Some(prerequisite) = &self.prerequisite {
            write!(f, " Needs: {prerequisite}")?;
        }
        if !self.commands.is_empty() {
            write!(f, " Run {}.", clause(&self.commands))?;
        }
        for (title, action) in [("Undo", &self.undo), ("Verify", &self.verify)] {
            let Some(Action { text, commands }) = action else { continue };
            write!(f, " {title}: {text}")?;
            if !commands.is_empty() {
                write!(f, " Run {}.", clause(commands))?;
            }
        }
        Ok(())
    }
}
