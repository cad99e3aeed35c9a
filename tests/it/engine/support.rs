//! Scans logs and keeps their records in memory.

use std::path::Path;

use krbtriage::files::FileIndex;
use krbtriage::files::{self, Input};
use krbtriage::records::{EventFilter, Record, Selection};
use krbtriage::scan::{FileReport, RecordVisitor, ScanOptions, scan};

use crate::support::evtx::{
    Event, EvtxWriter, dcom_10028, dns_client_8015, event_log, kdc_event11, kerberos_event4, kerberos_event5,
    netlogon, service_state, user_pnp_20001,
};

/// A visitor that keeps every record.
#[derive(Default)]
pub struct Kept(pub Vec<(FileIndex, Record)>);

impl RecordVisitor for Kept {
    fn record(&mut self, input: FileIndex, record: Record) {
        self.0.push((input, record));
    }
}

pub fn everything() -> Selection {
    Selection::new(vec![EventFilter { providers: vec![], event_ids: vec![] }])
}

/// Scans inputs. Returns their records in a fixed order, and the reports.
pub fn read(
    inputs: &[Input],
    selection: &Selection,
    options: &ScanOptions,
) -> (Vec<Record>, Vec<FileReport>) {
    let done = scan(inputs, selection, options, &(), Kept::default);
    let mut records: Vec<_> = done.visitors.into_iter().flat_map(|kept| kept.0).collect();
    let events: u64 = done.files.iter().map(|file| file.events).sum();
    assert_eq!(events, records.len() as u64, "the reports count every event");
    records.sort_by(|a, b| key(a).cmp(&key(b)));
    (records.into_iter().map(|(_, r)| r).collect(), done.files)
}

fn key((file, record): &(FileIndex, Record)) -> (FileIndex, u64, jiff::Timestamp, &str, String) {
    (*file, record.record_id, record.time, &record.provider, format!("{:?}", record.data))
}

/// Scans bytes as a file.
pub fn read_bytes(bytes: &[u8], selection: &Selection, options: &ScanOptions) -> (Vec<Record>, FileReport) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.evtx");
    std::fs::write(&path, bytes).unwrap();
    let (inputs, errors) = files::find(&[path]);
    assert!(errors.is_empty(), "{errors:?}");
    let (records, mut reports) = read(&inputs, selection, options);
    (records, reports.remove(0))
}

pub fn read_path(path: &Path, selection: &Selection) -> (Vec<Record>, FileReport) {
    let (records, mut reports) = read_path_with(path, selection, &ScanOptions::default());
    (records, reports.remove(0))
}

/// Scans a path with options. An archive has a report for each member.
pub fn read_path_with(
    path: &Path,
    selection: &Selection,
    options: &ScanOptions,
) -> (Vec<Record>, Vec<FileReport>) {
    let (inputs, errors) = files::find(&[path.to_path_buf()]);
    assert!(errors.is_empty(), "{errors:?}");
    read(&inputs, selection, options)
}

/// Numbers that look random and are the same in every run (xorshift64*).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end.max(1)
    }
}

/// The number of rounds. `KRBTRIAGE_ROUNDS` multiplies it.
pub fn rounds(usual: usize) -> usize {
    let times: usize = std::env::var("KRBTRIAGE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    usual * times
}

/// A log of some chunks, with many providers, every layout of the writer, and four events 4 in each chunk.
pub fn written_log(chunks: usize) -> Vec<u8> {
    let mut writer = EvtxWriter::new();
    for chunk in 0..chunks {
        if chunk > 0 {
            writer = writer.next_chunk();
        }
        for n in 0..40 {
            let time = format!("2026-03-01T{:02}:{n:02}:00.5Z", chunk % 24);
            writer.push(&event(n).at(&time));
        }
    }
    writer.finish()
}

/// The `n`-th event. They have every layout of the writer in turn.
pub fn event(n: usize) -> Event {
    let computer = "CLIENT1.alpha.example.com";
    match n % 10 {
        0 => kerberos_event4(computer, "srv1$", "ALPHA.EXAMPLE", "host/srv2.beta.example", "BETA.EXAMPLE"),
        1 => service_state(computer, "Windows Update", "running"),
        2 => dcom_10028(computer, "srv7", "svchost.exe"),
        3 => event_log(computer, 6013, &["", "", "", "", "86400", "60", "0"]),
        4 => kerberos_event4(computer, "srv3$", "ALPHA.EXAMPLE", "HTTP/srv3", "ALPHA.EXAMPLE")
            .forwarded("The Kerberos client received a KRB_AP_ERR_MODIFIED error"),
        5 => netlogon(computer, 5722, &["SRV9", "SRV9$"], 0xc000_0022),
        6 => user_pnp_20001(computer, "oem1.inf", "USB\\VID_04B3&PID_4010\\1", "IBM USB Remote NDIS"),
        7 => dns_client_8015(computer, "client1", "alpha.example.com", &["192.0.2.1", "169.254.95.120"]),
        8 => kerberos_event5(computer, "srv1$", "ALPHA.EXAMPLE"),
        _ => kdc_event11(computer, "HTTP/\u{e4}\u{1F600}<&>\"'"),
    }
}
