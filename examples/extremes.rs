//! Makes the extreme inputs of `docs/performance.md` from the corpora that the example `corpora` made in the same folder:
//!
//! ```text
//! cargo run --release --example extremes -- FOLDER one|sparse|flood|many...
//! ```
//!
//! - FOLDER/one: the 16 logs of haystack in one file of 1 GiB.
//! - FOLDER/sparse: a log of 6 GiB that is zero except for its first and last chunk.
//! - FOLDER/flood: 10 million event 4 of 1,000 incidents (6 GB).
//! - FOLDER/many: 50,000 logs of one chunk (3.4 GB).
//!
//! Two runs give the same bytes.

#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../tests/it/support/evtx/mod.rs"]
mod evtx;

use std::error::Error;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use evtx::{Event, EvtxWriter, FILE_HEADER, kerberos_event4};

/// Number of event 4 that always fit into a chunk of 64 KiB.
const EVENTS_IN_CHUNK: usize = 120;
/// Number of event 4 in one log of the flood, which has some 64 MiB.
const EVENTS_IN_LOG: usize = 1000 * EVENTS_IN_CHUNK;
const EVENTS: usize = 10_000_000;
const INCIDENTS: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder: PathBuf =
        arguments.next().ok_or("pass the folder: extremes FOLDER one|sparse|flood|many...")?.into();
    for what in arguments {
        match what.to_str() {
            Some("one") => one(&folder)?,
            Some("sparse") => sparse(&folder.join("sparse"))?,
            Some("flood") => flood(&folder.join("flood"))?,
            Some("many") => many(&folder.join("many"))?,
            _ => return Err("make one, sparse, flood, or many".into()),
        }
    }
    Ok(())
}

/// Joins the logs of haystack. The file header keeps the number of chunks of the first log, which is wrong now.
fn one(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut logs: Vec<PathBuf> = fs::read_dir(folder.join("haystack"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    logs.sort();
    fs::create_dir_all(folder.join("one"))?;
    let mut out = File::create(folder.join("one/System.evtx"))?;
    for (place, log) in logs.iter().enumerate() {
        let mut log = File::open(log)?;
        if place > 0 {
            log.seek(SeekFrom::Start(FILE_HEADER as u64))?;
        }
        std::io::copy(&mut log, &mut out)?;
    }
    Ok(())
}

fn sparse(into: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(into)?;
    let log = log_of(0..EVENTS_IN_CHUNK);
    let mut out = File::create(into.join("System.evtx"))?;
    out.write_all(&log)?;
    out.seek(SeekFrom::Start(FILE_HEADER as u64 + (6 << 30)))?;
    out.write_all(&log_of(EVENTS_IN_CHUNK..2 * EVENTS_IN_CHUNK)[FILE_HEADER..])?;
    Ok(())
}

fn flood(into: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(into)?;
    for (file, first) in (0..EVENTS).step_by(EVENTS_IN_LOG).enumerate() {
        let log = log_of(first..EVENTS.min(first + EVENTS_IN_LOG));
        fs::write(into.join(format!("flood-{file:04}.evtx")), log)?;
    }
    Ok(())
}

fn many(into: &Path) -> Result<(), Box<dyn Error>> {
    for file in 0..50_000 {
        let folder = into.join(format!("{:02}", file / 1000));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("System-{file:05}.evtx")), log_of(file * 4..file * 4 + 4))?;
    }
    Ok(())
}

/// Makes a log with the events of these numbers. No two events are the same.
fn log_of(numbers: std::ops::Range<usize>) -> Vec<u8> {
    let mut writer = EvtxWriter::new();
    for (place, number) in numbers.enumerate() {
        if place > 0 && place % EVENTS_IN_CHUNK == 0 {
            writer = writer.next_chunk();
        }
        writer.push(&event4(number));
    }
    writer.finish()
}

fn event4(number: usize) -> Event {
    let incident = number % INCIDENTS;
    let second = number / 20;
    kerberos_event4(
        &format!("CLIENT{:02}.alpha.example.com", incident % 16),
        &format!("srv{incident:04}$"),
        "ALPHA.EXAMPLE.COM",
        &format!("host/srv{:04}.beta.example.com", (incident * 7 + 1) % INCIDENTS),
        "BETA.EXAMPLE.COM",
    )
    .at(&format!(
        "2026-01-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        1 + second / 86_400 % 28,
        second / 3_600 % 24,
        second / 60 % 60,
        second % 60,
        number % 10_000_000,
    ))
}
