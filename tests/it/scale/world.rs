//! Logs made by chance, as an estate has them: overlapping exports, twins, other events, damage.

use proptest::prelude::*;

use super::signals::{About, kinds, signal};
use crate::support::evtx::*;
use crate::support::program::{at, four, three};

#[derive(Debug, Clone, Copy)]
enum What {
    Four,
    Three,
    /// One of [`kinds`].
    Signal(usize),
    /// Nothing that a triage looks at.
    Other,
}

/// A record of some log.
#[derive(Debug, Clone)]
pub struct Made {
    what: What,
    client: usize,
    target: usize,
    minute: u64,
    /// Stands in slack space.
    slack: bool,
}

/// A log and what is done to it.
#[derive(Debug, Clone)]
pub struct Log {
    pub name: String,
    /// Which of the world's records stand in it; one may stand twice.
    records: Vec<usize>,
    damage: u8,
}

#[derive(Debug, Clone)]
pub struct World {
    made: Vec<Made>,
    pub logs: Vec<Log>,
}

const NAMES: [&str; 4] = ["SRV1", "srv2", "SRV3", "sRv4"];

pub fn worlds() -> impl Strategy<Value = World> {
    let what = prop_oneof![
        4 => Just(What::Four),
        1 => Just(What::Three),
        5 => (0..kinds().len()).prop_map(What::Signal),
        1 => Just(What::Other),
    ];
    let made = (what, 0usize..4, 0usize..4, 0u64..40, proptest::bool::weighted(0.1))
        .prop_map(|(what, client, target, minute, slack)| Made { what, client, target, minute, slack });
    let log = (proptest::collection::vec(0usize..40, 0..12), 0u8..12);
    (proptest::collection::vec(made, 40), proptest::collection::vec(log, 1..6)).prop_map(|(made, logs)| {
        let named = |(i, (records, damage)): (usize, (Vec<usize>, u8))| {
            // Not in the order of their contents, and below folders.
            Log {
                name: format!("logs/{}/{}.evtx", (i * 7) % 3, NAMES[(i * 3) % 4].repeat(i + 1)),
                records,
                damage,
            }
        };
        World { made, logs: logs.into_iter().enumerate().map(named).collect() }
    })
}

impl World {
    fn event(&self, index: usize) -> Event {
        let made = &self.made[index];
        let (client, target) = (NAMES[made.client], NAMES[made.target]);
        let full = format!("{client}.alpha.example.com");
        let id = 100 + index as u64;
        let event = match made.what {
            What::Four => return four(client, target, id, made.minute),
            What::Three => return three(client, id, made.minute),
            What::Signal(kind) => {
                let other = NAMES[(made.target + 1) % 4];
                signal(kinds()[kind], &About { computer: &full, host: target, other })
            }
            What::Other => service_state(&full, "Windows Update", "running"),
        };
        event.record_id(id).at(&at(made.minute))
    }

    pub fn bytes(&self, log: &Log) -> Vec<u8> {
        let mut writer = EvtxWriter::new();
        for &index in &log.records {
            writer = match self.made[index].slack {
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
