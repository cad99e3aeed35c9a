//! Random logs like those of an estate: overlapping exports, twins, other events and damage.

use proptest::prelude::*;

use super::signals::{About, kinds, signal};
use crate::support::evtx::*;
use crate::support::program::{at, four, three};

/// The kind of a record.
#[derive(Debug, Clone, Copy)]
enum RecordKind {
    Four,
    Three,
    /// One of [`kinds`].
    Signal(usize),
    /// An event that triage does not read.
    Other,
}

/// A random record.
#[derive(Debug, Clone)]
pub struct RandomRecord {
    kind: RecordKind,
    client: usize,
    target: usize,
    minute: u64,
    /// The record is in slack space.
    slack: bool,
}

/// A log, its records and its damage.
#[derive(Debug, Clone)]
pub struct Log {
    pub name: String,
    /// Indices of the world's records in this log. One may be there twice.
    records: Vec<usize>,
    damage: u8,
}

/// The records and logs of an estate.
#[derive(Debug, Clone)]
pub struct World {
    records: Vec<RandomRecord>,
    pub logs: Vec<Log>,
}

const NAMES: [&str; 4] = ["SRV1", "srv2", "SRV3", "sRv4"];

pub fn worlds() -> impl Strategy<Value = World> {
    let kind = prop_oneof![
        4 => Just(RecordKind::Four),
        1 => Just(RecordKind::Three),
        5 => (0..kinds().len()).prop_map(RecordKind::Signal),
        1 => Just(RecordKind::Other),
    ];
    let record = (kind, 0usize..4, 0usize..4, 0u64..40, proptest::bool::weighted(0.1)).prop_map(
        |(kind, client, target, minute, slack)| RandomRecord { kind, client, target, minute, slack },
    );
    let log = (proptest::collection::vec(0usize..40, 0..12), 0u8..12);
    (proptest::collection::vec(record, 40), proptest::collection::vec(log, 1..6)).prop_map(
        |(records, logs)| {
            let named = |(i, (records, damage)): (usize, (Vec<usize>, u8))| {
                // Not in the order of their contents, and below folders.
                Log {
                    name: format!("logs/{}/{}.evtx", (i * 7) % 3, NAMES[(i * 3) % 4].repeat(i + 1)),
                    records,
                    damage,
                }
            };
            World { records, logs: logs.into_iter().enumerate().map(named).collect() }
        },
    )
}

impl World {
    fn event(&self, index: usize) -> Event {
        let record = &self.records[index];
        let (client, target) = (NAMES[record.client], NAMES[record.target]);
        let full = format!("{client}.alpha.example.com");
        let id = 100 + index as u64;
        let event = match record.kind {
            RecordKind::Four => return four(client, target, id, record.minute),
            RecordKind::Three => return three(client, id, record.minute),
            RecordKind::Signal(kind) => {
                let other = NAMES[(record.target + 1) % 4];
                signal(kinds()[kind], &About { computer: &full, host: target, other })
            }
            RecordKind::Other => service_state(&full, "Windows Update", "running"),
        };
        event.record_id(id).at(&at(record.minute))
    }

    pub fn bytes(&self, log: &Log) -> Vec<u8> {
        let mut writer = EvtxWriter::new();
        for &index in &log.records {
            writer = match self.records[index].slack {
                true => writer.stale(self.event(index)),
                false => writer.event(self.event(index)),
            };
        }
        let mut bytes = writer.finish();
        match log.damage {
            0 => bytes.truncate(bytes.len() - 30_000),
            1 => bytes.extend([7; 65536]),
            2 => bytes.clear(),
            _ => {}
        }
        bytes
    }
}
