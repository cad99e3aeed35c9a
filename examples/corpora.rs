//! Makes the two corpora of `docs/performance.md`:
//!
//! ```text
//! cargo run --release --example corpora -- FOLDER [REAL_LOGS | CHUNKS.zst]
//! ```
//!
//! - FOLDER/haystack: 16 logs of 64 MiB. One chunk in 200 has event 4.
//! - FOLDER/storm: 4 logs of 64 MiB. Every second chunk has only events of the Kerberos provider, 10 % of them event 4.
//!
//! The other chunks are the undamaged chunks of the real logs in the folder REAL_LOGS (`tests/data/evtx` by default, zstd or
//! plain) or in CHUNKS.zst, in turn. Two runs give the same bytes.

#[allow(dead_code, unused_imports, reason = "the tests use the rest")]
#[path = "../tests/it/support/evtx/mod.rs"]
mod evtx;

use std::error::Error;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use evtx::{
    Event, EvtxWriter, dcom_10028, event_log, kerberos_event3, kerberos_event4, kerberos_event5,
    service_state,
};
use krbtriage::chunks::header::ChunkHeader;
use krbtriage::chunks::{CHUNK_LEN, CHUNK_MAGIC, FILE_HEADER_LEN};

/// Number of chunks of a log, which has 64 MiB.
const CHUNKS: usize = 1024;
/// Number of distinct pairs of responder and target of one client.
const INCIDENTS: usize = 250;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("pass the folder: corpora FOLDER [REAL_LOGS | CHUNKS.zst]")?;
    let logs =
        arguments.next().unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/evtx").into());
    let real = sound_chunks(&logs)?;
    println!("{} sound chunks in {}", real.len(), logs.display());
    let mut numbers = 0..;
    for (name, files, every) in [("haystack", 16, 200), ("storm", 4, 2)] {
        let into = folder.join(name);
        fs::create_dir_all(&into)?;
        for file in 0..files {
            let hits: Vec<usize> =
                (0..CHUNKS).filter(|chunk| (file * CHUNKS + chunk).is_multiple_of(every)).collect();
            let written = written_chunks(file, hits.len(), every == 2, &mut numbers);
            let path = into.join(format!("{name}-{file:02}.evtx"));
            let mut out = BufWriter::new(fs::File::create(&path)?);
            out.write_all(&file_header(&written))?;
            let mut written = written[FILE_HEADER_LEN..].chunks(CHUNK_LEN);
            for chunk in 0..CHUNKS {
                let bytes = match hits.binary_search(&chunk) {
                    Ok(_) => written.next().ok_or("too few chunks were written")?,
                    Err(_) => &real[(file * CHUNKS + chunk) % real.len()],
                };
                out.write_all(bytes)?;
            }
            out.flush()?;
        }
        println!("{}: {files} logs of 64 MiB", into.display());
    }
    Ok(())
}

/// The chunks with two right checksums in a folder of logs, or in a zstd file of chunks.
fn sound_chunks(source: &Path) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let sound = match source.is_file() {
        true => sound_of(&zstd::decode_all(fs::File::open(source)?)?).collect(),
        false => sound_of_logs(source)?,
    };
    if sound.is_empty() {
        return Err(format!("there are no sound chunks in {}", source.display()).into());
    }
    Ok(sound)
}

fn sound_of_logs(folder: &Path) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut sound = Vec::new();
    for path in paths {
        let mut bytes = fs::read(&path)?;
        let name = path.to_string_lossy();
        if name.ends_with(".evtx.zst") {
            bytes = zstd::decode_all(&*bytes)?;
        } else if !name.ends_with(".evtx") {
            continue;
        }
        sound.extend(sound_of(bytes.get(FILE_HEADER_LEN..).unwrap_or_default()));
    }
    Ok(sound)
}

fn sound_of(chunks: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let is_sound = |chunk: &&[u8]| {
        ChunkHeader::parse(chunk).is_some_and(|header| {
            chunk.len() == CHUNK_LEN
                && chunk.starts_with(CHUNK_MAGIC)
                && header.header_is_sound(chunk)
                && header.records_are_sound(chunk)
        })
    };
    chunks.chunks(CHUNK_LEN).filter(is_sound).map(<[u8]>::to_vec)
}

/// Makes a log of `chunks` chunks. One event in ten is event 4. In a storm the others are of the Kerberos provider, too.
fn written_chunks(
    file: usize,
    chunks: usize,
    storm: bool,
    numbers: &mut impl Iterator<Item = usize>,
) -> Vec<u8> {
    let mut writer = EvtxWriter::new();
    for chunk in 0..chunks {
        if chunk > 0 {
            writer = writer.next_chunk();
        }
        // This many events always fit into a chunk of 64 KiB.
        for n in 0..if storm { 120 } else { 90 } {
            let number = numbers.next().unwrap_or(0);
            writer.push(&event(file, number, n, storm));
        }
    }
    writer.finish()
}

/// Makes an event of the client that belongs to the log.
fn event(file: usize, number: usize, n: usize, storm: bool) -> Event {
    let incident = number / 10 % INCIDENTS;
    let computer = format!("CLIENT{file:02}.alpha.example.com");
    let responder = format!("srv{incident:04}$");
    let event = match (n % 10, storm) {
        (0, _) => kerberos_event4(
            &computer,
            &responder,
            "ALPHA.EXAMPLE.COM",
            &format!("host/srv{:04}.beta.example.com", (incident * 7 + 1) % 1000),
            "BETA.EXAMPLE.COM",
        ),
        (1..=6, true) => kerberos_event5(&computer, &responder, "ALPHA.EXAMPLE.COM"),
        (_, true) => kerberos_event3(
            &computer,
            "0x19",
            "KDC_ERR_PREAUTH_REQUIRED",
            "ALPHA.EXAMPLE.COM",
            "krbtgt/ALPHA.EXAMPLE.COM",
            "krbtgt/ALPHA.EXAMPLE.COM",
        ),
        (1..=4, false) => service_state(&computer, "Windows Update", "running"),
        (5..=7, false) => dcom_10028(&computer, &responder, "svchost.exe"),
        (_, false) => event_log(&computer, 6013, &["", "", "", "", "86400", "60", "0"]),
    };
    let second = number / 20;
    event.at(&format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        1 + second / 2_419_200 % 12,
        1 + second / 86_400 % 28,
        second / 3_600 % 24,
        second / 60 % 60,
        second % 60,
        number % 10_000_000,
    ))
}

/// The file header of `written` with the number of chunks of the whole log.
fn file_header(written: &[u8]) -> Vec<u8> {
    let mut header = written[..FILE_HEADER_LEN].to_vec();
    header[16..24].copy_from_slice(&(CHUNKS as u64 - 1).to_le_bytes());
    header[42..44].copy_from_slice(&(CHUNKS as u16).to_le_bytes());
    let checksum = crc32fast::hash(&header[..120]);
    header[124..128].copy_from_slice(&checksum.to_le_bytes());
    header
}
