//! Decodes the bytes of a record to a [`Record`] without producing XML.

use std::sync::Arc;

use super::binxml::{DEFINITION_HEADER, FRAGMENT, Instance, TEMPLATE, TextSource};
use super::compile::compile_inline;
use super::content_cache::ContentCache;
use super::element_names::ElementNames;
use super::fields::{FieldReader, MAX_TEXT, is_nothing};
use super::gate::{Candidate, ProviderCheck, RECORD_HEADER};
use super::record::{Content, Datum, Record, RecordOrigin};
use super::rejected_records::{RejectedRecord, RejectedRecords};
use super::selection::Selection;
use super::slack;
use super::template::{EventNode, FieldName, FragmentKind, Program, ValueNode};
use super::template_cache::TemplateCache;
use super::values::{
    BINXML, FILETIME, SubstitutionValue, SubstitutionValues, TEXT, U64, value_of, write_utf16,
};

/// The result of decoding a record.
#[derive(Debug)]
pub enum DecodeResult {
    Wanted(Record),
    NotWanted,
    /// The record has an unusual shape, which only the `evtx` crate can read.
    Unsupported,
}

/// Decodes records of one chunk after the other, and reuses programs, contents and buffers.
#[derive(Default)]
pub struct Decoder {
    programs: Programs,
    contents: ContentCache,
    values: SubstitutionValues,
    nested: SubstitutionValues,
    text: String,
    last_rejected: RejectedValue,
    rejected: RejectedRecords,
}

/// The value that a condition rejected last. The next record usually has the same value.
#[derive(Default)]
struct RejectedValue {
    event_id: u16,
    name: &'static str,
    bytes: Vec<u8>,
}

/// The programs that the current chunk uses.
#[derive(Default)]
struct Programs {
    definitions: TemplateCache,
    names: ElementNames,
    /// Offsets of the chunk's definitions and the numbers of their programs.
    numbers: Vec<(u32, Option<u64>)>,
    /// Programs for records in slack, by number. `None` while live records are decoded.
    slack: Option<Vec<Program>>,
}

/// A program and the bytes that its literal offsets refer to.
struct LoadedProgram<'a> {
    program: &'a Program,
    base: usize,
    /// Number of its definition, the same in every chunk.
    number: u64,
}

/// Maximum number of programs of a chunk, which has some 30 definitions. The lookup is linear, and a hostile chunk may
/// refer to thousands.
const MAX_PROGRAMS: usize = 256;

impl Programs {
    /// Forgets the definitions of the previous chunk. `slack` says whether records in slack follow.
    fn start(&mut self, slack: bool) {
        self.numbers.clear();
        self.names.start_chunk();
        self.slack = slack.then(Vec::new);
    }

    /// The program of an instance's definition. `None` if its shape is unusual.
    fn get(&mut self, chunk: &[u8], instance: Instance) -> Option<LoadedProgram<'_>> {
        let definition = instance.definition;
        let number = match self.numbers.iter().find(|(at, _)| *at == definition) {
            Some((_, number)) => *number,
            None => {
                (self.numbers.len() < MAX_PROGRAMS).then_some(())?;
                let number = match &mut self.slack {
                    None => self.definitions.number(chunk, definition, &mut self.names),
                    Some(programs) => slack::compile(chunk, definition, instance.id).map(|program| {
                        programs.push(program);
                        programs.len() as u64 - 1
                    }),
                };
                self.numbers.push((definition, number));
                number
            }
        }?;
        Some(match &self.slack {
            None => LoadedProgram {
                program: self.definitions.program(number)?,
                base: definition as usize + DEFINITION_HEADER,
                number,
            },
            Some(programs) => {
                LoadedProgram { program: programs.get(usize::try_from(number).ok()?)?, base: 0, number }
            }
        })
    }
}

impl Decoder {
    /// Starts the live records of the next chunk.
    pub fn start_chunk(&mut self) {
        self.programs.start(false);
        self.rejected.start_chunk();
    }

    /// Starts the records in the slack of the chunk, where definitions and names may be overwritten.
    pub fn start_slack(&mut self) {
        self.programs.start(true);
    }

    /// Decodes a record that passed the gate, or one in slack.
    pub fn record(&mut self, chunk: &[u8], candidate: Candidate, selection: &Selection) -> DecodeResult {
        self.try_record(chunk, candidate, selection).unwrap_or(DecodeResult::Unsupported)
    }

    /// Like [`Decoder::record`]; `None` means [`DecodeResult::Unsupported`].
    fn try_record(
        &mut self,
        chunk: &[u8],
        candidate: Candidate,
        selection: &Selection,
    ) -> Option<DecodeResult> {
        // A copy of the record's size follows the Binary XML.
        let (at, end) = (candidate.at as usize + RECORD_HEADER, (candidate.end as usize).checked_sub(4)?);
        let token = chunk.get(at..end)?.strip_prefix(&FRAGMENT)?.first()?;
        let origin = if self.programs.slack.is_some() { RecordOrigin::Slack } else { RecordOrigin::Live };
        let mut inline = None;
        let mut instance = None;
        let provider_is_wanted = candidate.provider == ProviderCheck::Wanted;
        let may_repeat_rejected = provider_is_wanted && origin == RecordOrigin::Live;
        if may_repeat_rejected && self.rejected.is_repetition(chunk, at, end) {
            return Some(DecodeResult::NotWanted);
        }
        if *token == TEMPLATE {
            let found = Instance::at(chunk, at + 5)?;
            self.values.read(chunk, found)?;
            check_end(chunk, self.values.end, end)?;
            instance = Some(found);
        } else {
            // In slack, names could not be verified.
            (origin == RecordOrigin::Live).then_some(())?;
            let (record, start) = (chunk.get(..end)?, at + FRAGMENT.len());
            inline = Some(compile_inline(record, start, &mut self.programs.names)?);
            self.values.clear();
        }
        let (program, mut event) = self.event(chunk, inline.as_ref(), instance)?;
        (program.kind == FragmentKind::Event).then_some(())?;
        let system = &program.system;
        let event_id = event.event_id(system.event_id)?;
        if !selection.accepts_id(event_id) {
            return Some(DecodeResult::NotWanted);
        }
        if !provider_is_wanted && !selection.accepts(event.provider(system)?, event_id) {
            return Some(DecodeResult::NotWanted);
        }
        // The fragments are copied, because decoding one borrows `self` again.
        let fragments = program.fragments()?;
        let (record_id, time) = (event.record_id(system.record_id)?, event.time(system.time)?);
        if selection.conditions(event_id).next().is_some() {
            for (index, _) in fragments.iter().flatten() {
                if self.fails_a_condition(chunk, self.values.get(*index), event_id, selection)? {
                    if let (true, Some(instance)) = (may_repeat_rejected, instance) {
                        let rejected = self.rejected_record(chunk, (at, end), instance, &fragments);
                        rejected.into_iter().for_each(|rejected| self.rejected.keep(rejected));
                    }
                    return Some(DecodeResult::NotWanted);
                }
            }
        }
        let record = |content| Some(DecodeResult::Wanted(Record { content, record_id, time, origin }));
        let may_repeat = instance.filter(|_| origin == RecordOrigin::Live);
        if let Some(instance) = may_repeat {
            self.make_content_key(chunk, instance, &fragments)?;
            if let Some(content) = self.contents.get() {
                return record(Arc::clone(content));
            }
        }
        let (program, mut event) = self.event(chunk, inline.as_ref(), instance)?;
        let system = &program.system;
        let mut content = Content {
            provider: match &system.literals.provider {
                Some(provider) => provider.clone(),
                None => event.provider(system)?.into(),
            },
            event_id,
            version: event.small_number(system.version)?,
            level: event.small_number(system.level)?,
            channel: event.trimmed_or(&system.literals.channel, system.channel)?,
            computer: event.trimmed_or(&system.literals.computer, system.computer)?,
            user_id: event.attribute(system.user_id)?.into(),
            data: Vec::with_capacity(8),
        };
        for node in &program.nodes {
            if let EventNode::Value(node) = node {
                event.value(node, &mut content.data)?;
            }
        }
        for (index, kind) in fragments.into_iter().flatten() {
            let value = self.values.get(index);
            self.fragment(chunk, value, kind, &mut content.data)?;
        }
        let content = Arc::new(content);
        if may_repeat.is_some() {
            self.contents.keep(&content);
        }
        record(content)
    }

    /// Returns the compiled program of a record, and the reader of the fields on which it runs.
    fn event<'a>(
        &'a mut self,
        chunk: &'a [u8],
        inline: Option<&'a Program>,
        instance: Option<Instance>,
    ) -> Option<(&'a Program, FieldReader<'a>)> {
        let Self { programs, values, text, .. } = self;
        let (program, base) = match inline {
            Some(program) => (program, 0),
            None => {
                let LoadedProgram { program, base, .. } = programs.get(chunk, instance?)?;
                (program, base)
            }
        };
        Some((program, FieldReader { chunk, literals: chunk.get(base..)?, values, text, room: MAX_TEXT }))
    }

    /// Makes the cache key from the values that decide the record's content.
    fn make_content_key(
        &mut self,
        chunk: &[u8],
        instance: Instance,
        fragments: &[Option<(u16, FragmentKind)>],
    ) -> Option<()> {
        self.contents.start();
        let LoadedProgram { number, program, .. } = self.programs.get(chunk, instance)?;
        self.contents.add(number, program, &self.values, chunk)?;
        for (index, _) in fragments.iter().flatten() {
            let value = self.values.get(*index);
            if is_nothing(value) {
                self.contents.add_nothing();
                continue;
            }
            let (nested, end) = fragment_instance(chunk, value)?;
            self.nested.read(chunk, nested)?;
            check_end(chunk, self.nested.end, end)?;
            let LoadedProgram { number, program, .. } = self.programs.get(chunk, nested)?;
            self.contents.add(number, program, &self.nested, chunk)?;
        }
        Some(())
    }

    /// Does a value in this fragment fail a condition of the selection? A value elsewhere is checked after decoding.
    fn fails_a_condition(
        &mut self,
        chunk: &[u8],
        value: SubstitutionValue,
        id: u16,
        selection: &Selection,
    ) -> Option<bool> {
        let (instance, _) = fragment_instance(chunk, value)?;
        let LoadedProgram { program, base, .. } = self.programs.get(chunk, instance)?;
        for node in &program.nodes {
            let EventNode::Value(ValueNode { name: FieldName::Fixed(name), content, .. }) = node else {
                continue;
            };
            if let Some(condition) = selection.conditions(id).find(|condition| name == condition.name) {
                self.text.clear();
                match content {
                    TextSource::Nothing => {}
                    TextSource::Literal(span) => {
                        write_utf16(span.bytes(chunk.get(base..)?)?, &mut self.text)?
                    }
                    TextSource::Value(index) => {
                        let value = value_of(chunk, instance, *index)?;
                        let bytes = value.bytes(chunk)?;
                        let last = &mut self.last_rejected;
                        let again = (last.event_id, last.name, &*last.bytes) == (id, condition.name, bytes);
                        if value.kind == TEXT && again {
                            return Some(true);
                        }
                        value.write(chunk, &mut self.text)?;
                        if value.kind == TEXT && !condition.accepts(&self.text) {
                            (last.event_id, last.name) = (id, condition.name);
                            bytes.clone_into(&mut last.bytes);
                        }
                    }
                }
                return Some(!condition.accepts(&self.text));
            }
        }
        Some(false)
    }

    /// Describes the record that was just rejected, if later records can be compared with it.
    fn rejected_record(
        &mut self,
        chunk: &[u8],
        (at, end): (usize, usize),
        instance: Instance,
        fragments: &[Option<(u16, FragmentKind)>],
    ) -> Option<RejectedRecord> {
        let LoadedProgram { program, .. } = self.programs.get(chunk, instance)?;
        let (record_id, time) = (program.system.record_id.value()?, program.system.time.value()?);
        let (record_id, time) = (self.values.get(record_id), self.values.get(time));
        (record_id.kind == U64 && time.kind == FILETIME).then_some(())?;
        let is_before = |instance: Instance| (instance.definition as usize) < at;
        let mut fragments = fragments.iter().flatten().map(|(index, _)| self.values.get(*index));
        let are_before = fragments
            .all(|value| fragment_instance(chunk, value).is_some_and(|(instance, _)| is_before(instance)));
        (is_before(instance) && are_before).then_some(RejectedRecord {
            at,
            end,
            record_id: record_id.at as usize,
            time: time.at as usize,
        })
    }

    /// Appends the values of `EventData` or `UserData`, which is a fragment in a substitution value.
    fn fragment(
        &mut self,
        chunk: &[u8],
        value: SubstitutionValue,
        kind: FragmentKind,
        data: &mut Vec<Datum>,
    ) -> Option<()> {
        if is_nothing(value) {
            return Some(());
        }
        let (instance, end) = fragment_instance(chunk, value)?;
        self.nested.read(chunk, instance)?;
        check_end(chunk, self.nested.end, end)?;
        let LoadedProgram { program, base, .. } = self.programs.get(chunk, instance)?;
        (program.kind == kind).then_some(())?;
        let (values, text) = (&self.nested, &mut self.text);
        let mut event = FieldReader { chunk, literals: chunk.get(base..)?, values, text, room: MAX_TEXT };
        for node in &program.nodes {
            match node {
                EventNode::Value(node) => event.value(node, data)?,
                EventNode::Fragment(..) => return None,
            }
        }
        Some(())
    }
}

/// The template instance in a value, and the offset at which its Binary XML ends.
fn fragment_instance(chunk: &[u8], value: SubstitutionValue) -> Option<(Instance, usize)> {
    (value.kind == BINXML).then_some(())?;
    let (at, end) = (value.at as usize, value.at as usize + usize::from(value.len));
    let stream = chunk.get(at..end)?;
    // Most fragments have a header. Those of manifest-based providers often have none.
    let header = if stream.starts_with(&FRAGMENT) { FRAGMENT.len() } else { 0 };
    stream.get(header..)?.starts_with(&[TEMPLATE]).then_some(())?;
    Some((Instance::at(chunk, at + header + 1)?, end))
}

/// Checks that nothing but the end token follows the instance in the stream that ends at `end`.
fn check_end(chunk: &[u8], at: usize, end: usize) -> Option<()> {
    chunk.get(at..end)?.first().is_none_or(|token| *token == 0).then_some(())
}
