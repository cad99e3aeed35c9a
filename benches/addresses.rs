//! Loads 500,000 addresses of 100,000 hosts as CSV, and a fiftieth of them in each other format, because their writers are
//! slow. Prints the time next to that of a plain read of the same file, and the peak memory. The plain read uses the csv crate
//! with owned records for CSV, and lines for other formats.
//!
//! `cargo bench --bench addresses`, or `cargo bench --bench addresses -- COUNT` for another number of addresses. The limits for
//! CSV are three times the plain read and 300 MiB.

#[path = "../tests/it/support/inventories/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod inventories;
#[path = "support/separate_process.rs"]
mod separate_process;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use inventories::{Row, exports};
use krbtriage::inventory::addresses::{LoadOptions, load};
use separate_process::{measure_separately, path_to_measure, peak_memory, processor_ms};

const ADDRESSES_PER_HOST: usize = 5;
const RUNS: usize = 5;

fn main() {
    match path_to_measure() {
        Some(folder) => measure(&folder),
        None => measure_all_formats(),
    }
}

fn measure_all_formats() {
    let count = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(500_000);
    println!("best of {RUNS}; processor time in ms");
    println!(
        "{:<38}{:>10}{:>6}{:>10}{:>8}{:>8}{:>10}",
        "format", "addresses", "MB", "csv/lines", "load", "times", "peak MiB"
    );
    measure_format("interfaces.csv", count, &[("interfaces.csv", project_csv(&rows(count)))]);
    let few = count / 50;
    for export in exports(&rows(few)) {
        measure_format(export.files[0].0, few, &export.files);
    }
}

fn project_csv(rows: &[Row]) -> Vec<u8> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(["host", "address", "interface", "description", "mac", "prefix_length"]).unwrap();
    for r in rows {
        let (address, prefix) = (r.address.to_string(), r.prefix.to_string());
        csv.write_record([&*r.host, &address, &r.interface, &r.description, &r.mac, &prefix]).unwrap();
    }
    csv.into_inner().unwrap()
}

fn measure_format(name: &str, count: usize, files: &[(&str, Vec<u8>)]) {
    let folder = tempfile::tempdir().unwrap();
    let mut size = 0;
    for (name, content) in files {
        size += content.len();
        fs::write(folder.path().join(name), content).unwrap();
    }
    let runs: Vec<[f64; 3]> = (0..RUNS).map(|_| measure_separately(folder.path())).collect();
    let best = |i: usize| runs.iter().map(|run| run[i]).fold(f64::MAX, f64::min);
    let [read, load, peak] = [0, 1, 2].map(best);
    let (size, times) = (size / 1_000_000, load / read);
    println!("{name:<38}{count:>10}{size:>6}{read:>10.1}{load:>8.1}{times:>8.1}{peak:>10.0}");
}

fn rows(count: usize) -> Vec<Row> {
    let adapters = [
        ("Ethernet", "Intel(R) Ethernet Connection X722 for 1GbE"),
        ("Ethernet 2", "IBM USB Remote NDIS Network Device"),
        ("vEthernet (Default Switch)", "Hyper-V Virtual Ethernet Adapter"),
        ("Local Area Connection* 1", "Microsoft Failover Cluster Virtual Adapter"),
        ("Ethernet 3", "HPE Ethernet 10Gb 2-port 562FLR-SFP+ Adapter"),
    ];
    (0..count)
        .map(|i| {
            let (host, nth) = (i / ADDRESSES_PER_HOST, i % ADDRESSES_PER_HOST);
            let domain = if host % 3 == 0 { "emea.corp.example.com" } else { "apac.corp.example.com" };
            let bits = u32::try_from(i).unwrap();
            let address = match nth {
                1 => "169.254.95.120".parse().unwrap(),
                _ => std::net::Ipv4Addr::from(0x0a00_0001 + bits).into(),
            };
            let [_, a, b, c] = bits.to_be_bytes();
            Row {
                host: format!("srv{host:06}.{domain}"),
                address,
                interface: adapters[nth].0.to_owned(),
                description: adapters[nth].1.to_owned(),
                mac: format!("02-00-5E-{a:02X}-{b:02X}-{c:02X}"),
                prefix: 8,
            }
        })
        .collect()
}

/// Measures one folder and prints the numbers for [`measure_separately`]: ms of processor time for the plain read and the load,
/// and the peak memory in MiB.
fn measure(folder: &Path) {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let (load_time, inventory) = processor_ms(|| load(&files, &LoadOptions::default()));
    let peak = peak_memory().map_or(f64::NAN, |kib| kib as f64 / 1024.0);
    for file in &inventory.files {
        assert_eq!(file.read_errors, Vec::<String>::new(), "{}", file.path);
    }
    assert!(!inventory.owned.is_empty());
    let (read, _) = processor_ms(|| files.iter().map(|file| plain_read(file)).sum::<usize>());
    println!("{read} {load_time} {peak}");
    // Do not measure the time that freeing half a million texts takes.
    std::process::exit(0);
}

fn plain_read(file: &Path) -> usize {
    let is_utf8 = fs::File::open(file)
        .map(|f| BufReader::new(f).split(b'\n').next().unwrap().unwrap())
        .is_ok_and(|line| !line.contains(&0));
    if file.extension().is_some_and(|e| e == "csv") && is_utf8 {
        let reader = csv::ReaderBuilder::new().flexible(true).from_path(file).unwrap();
        let records: Vec<csv::StringRecord> = reader.into_records().map(Result::unwrap).collect();
        return records.len();
    }
    let lines = BufReader::new(fs::File::open(file).unwrap()).split(b'\n');
    lines.map(|line| String::from_utf8_lossy(&line.unwrap()).len()).sum()
}
