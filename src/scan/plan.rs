//! What there is to do, laid out before any worker starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{FileIndex, FileReport};
use crate::chunks::BLOCK_LEN;
use crate::files::{Input, Kind};
use crate::records::Problems;
use crate::records::chunk::Counts;

/// One step of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The `block`th block of an .evtx file: one big file keeps all workers as busy as many small ones.
    Block { input: usize, block: u64 },
    /// A file that can only be read from front to back.
    Whole { input: usize },
}

/// One file (or archive member) and what has been found in it so far, by any worker.
pub struct Tally {
    path: Arc<str>,
    kind: &'static str,
    bytes: u64,
    chunks: AtomicU64,
    bad_checksums: AtomicU64,
    records: AtomicU64,
    events: AtomicU64,
    problems: Mutex<Problems>,
}

impl Tally {
    fn new(input: &Input) -> Self {
        Self {
            path: input.path.to_string_lossy().into(),
            kind: input.kind.name(),
            bytes: input.len,
            chunks: AtomicU64::new(0),
            bad_checksums: AtomicU64::new(0),
            records: AtomicU64::new(0),
            events: AtomicU64::new(0),
            problems: Mutex::default(),
        }
    }

    /// Adds what a worker counted in a part of the file.
    pub fn add(&self, counts: Counts, events: u64, problems: &mut Problems) {
        for (total, part) in [
            (&self.chunks, counts.chunks),
            (&self.bad_checksums, counts.bad_checksums),
            (&self.records, counts.records),
            (&self.events, events),
        ] {
            if part > 0 {
                total.fetch_add(part, Ordering::Relaxed);
            }
        }
        if !problems.is_empty() {
            self.problems.lock().unwrap_or_else(PoisonError::into_inner).append(problems);
        }
    }

    fn into_report(self) -> FileReport {
        FileReport {
            path: self.path,
            kind: self.kind,
            bytes: self.bytes,
            chunks: self.chunks.into_inner(),
            bad_checksums: self.bad_checksums.into_inner(),
            records: self.records.into_inner(),
            events: self.events.into_inner(),
            duplicates: 0,
            problems: self.problems.into_inner().unwrap_or_else(PoisonError::into_inner).into_sentences(),
        }
    }
}

/// All files and all steps.
pub struct Plan<'a> {
    inputs: &'a [Input],
    tallies: Vec<Tally>,
    /// Step at which an input's blocks start, rising; the blocks themselves are not listed, so a file of
    /// terabytes costs no memory.
    blocks: Vec<(usize, usize)>,
    wholes: Vec<usize>,
    steps: usize,
    bytes: u64,
}

impl<'a> Plan<'a> {
    pub fn new(inputs: &'a [Input]) -> Self {
        let tallies: Vec<Tally> = inputs.iter().map(Tally::new).collect();
        let mut wholes: Vec<usize> = Vec::new();
        let mut bytes = 0u64;
        for (i, (input, tally)) in inputs.iter().zip(&tallies).enumerate() {
            match input.kind.refusal() {
                None => {
                    bytes += input.len;
                    if input.kind != Kind::Evtx {
                        wholes.push(i);
                    }
                }
                // A folder holds all sorts of files; only a log that will be missed is worth a word.
                Some(refusal) if input.named || input.kind == Kind::LegacyEvt => {
                    let mut problems = Problems::default();
                    problems.add(0, || refusal.to_string());
                    tally.add(Counts::default(), 0, &mut problems);
                }
                Some(_) => {}
            }
        }
        // What cannot be shared out comes first, and the longest of it first of all.
        wholes.sort_by_key(|&i| std::cmp::Reverse(inputs.get(i).map_or(0, |input| input.len)));
        let mut steps = wholes.len();
        let mut blocks = Vec::new();
        for (i, input) in inputs.iter().enumerate() {
            if input.kind == Kind::Evtx {
                blocks.push((steps, i));
                steps += usize::try_from(input.len.div_ceil(BLOCK_LEN as u64)).unwrap_or(usize::MAX);
            }
        }
        Self { inputs, tallies, blocks, wholes, steps, bytes }
    }

    /// Bytes of all inputs that are read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many of `threads` have something to do. Starting one costs what reading a megabyte costs.
    pub fn useful_threads(&self, threads: usize) -> usize {
        threads.min(self.steps).max(1)
    }

    pub fn step(&self, number: usize) -> Option<Step> {
        if number >= self.steps {
            return None;
        }
        if let Some(&input) = self.wholes.get(number) {
            return Some(Step::Whole { input });
        }
        let after = self.blocks.partition_point(|(start, _)| *start <= number);
        let &(start, input) = self.blocks.get(after.checked_sub(1)?)?;
        Some(Step::Block { input, block: (number - start) as u64 })
    }

    pub fn input(&self, index: usize) -> Option<&'a Input> {
        self.inputs.get(index)
    }

    pub fn tally(&self, file: FileIndex) -> Option<&Tally> {
        self.tallies.get(file as usize)
    }

    pub fn into_reports(self) -> Vec<FileReport> {
        self.tallies.into_iter().map(Tally::into_report).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: Kind, len: u64, named: bool) -> Input {
        Input { path: format!("{len}").into(), kind, len, named }
    }

    #[test]
    fn every_block_of_every_file_is_one_step_and_wholes_come_first() {
        let inputs = [
            input(Kind::Evtx, 1, true),
            input(Kind::Xml, 5, true),
            input(Kind::Evtx, 0, true),
            input(Kind::Evtx, BLOCK_LEN as u64 + 1, true),
            input(Kind::Xml, 9, true),
            input(Kind::Other, 9, false),
        ];
        let plan = Plan::new(&inputs);
        let steps: Vec<_> = (0..).map_while(|n| plan.step(n)).collect();
        assert_eq!(
            steps,
            [
                Step::Whole { input: 4 },
                Step::Whole { input: 1 },
                Step::Block { input: 0, block: 0 },
                Step::Block { input: 3, block: 0 },
                Step::Block { input: 3, block: 1 },
            ]
        );
        assert_eq!(plan.bytes(), 1 + 5 + BLOCK_LEN as u64 + 1 + 9);
    }

    #[test]
    fn a_legacy_log_is_always_told_and_another_file_only_when_named() {
        let inputs =
            [input(Kind::LegacyEvt, 1, false), input(Kind::Other, 1, false), input(Kind::Other, 1, true)];
        let told: Vec<_> =
            Plan::new(&inputs).into_reports().iter().map(|report| report.problems.len()).collect();
        assert_eq!(told, [1, 0, 1]);
    }
}
