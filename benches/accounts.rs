//! Loads 1,000,000 SPNs in each format. Prints the time next to that of a plain line-by-line read of the same file, and the
//! peak memory including the index of owners.
//!
//! `cargo bench --bench accounts`, or `cargo bench --bench accounts -- COUNT` for another number of SPNs. The limits are 1 s
//! by the clock and 600 MiB in every format on two cores.

#[allow(dead_code, reason = "the tests use the other formats")]
#[path = "../tests/it/support/account_files.rs"]
mod account_files;
#[path = "support/separate_process.rs"]
mod separate_process;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use account_files::*;
use krbtriage::inventory::accounts::{Account, HostAliases, SpnIndex, load};
use separate_process::{measure_separately, measure_times, path_to_measure, peak_memory, processor_ms};

const SPNS_PER_ACCOUNT: usize = 5;
const RUNS: usize = 5;

fn main() {
    match path_to_measure() {
        Some(file) => measure(&file),
        None => measure_all_formats(),
    }
}

fn measure_all_formats() {
    let count = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{count} SPNs, best of {RUNS}, {cores} cores; ms by the clock, and of processor time");
    println!(
        "{:<14}{:>8}{:>8}{:>8}{:>8}{:>12}{:>8}{:>8}{:>8}{:>10}",
        "format", "MB", "read", "load", "times", "processor:", "read", "load", "index", "peak MiB"
    );
    for (name, content) in files(&accounts(count)) {
        let file = folder.path().join("export");
        fs::write(&file, content).unwrap();
        let runs: Vec<[f64; 6]> = (0..RUNS).map(|_| measure_separately(&file)).collect();
        let best = |i: usize| runs.iter().map(|run| run[i]).fold(f64::MAX, f64::min);
        let [read, load, read_processor, load_processor, index, peak] = [0, 1, 2, 3, 4, 5].map(best);
        let size = fs::metadata(&file).unwrap().len() / 1_000_000;
        let times = load / read;
        println!(
            "{name:<14}{size:>8}{read:>8.0}{load:>8.0}{times:>8.1}{:>12}{read_processor:>8.0}{load_processor:>8.0}{index:>8.0}{peak:>10.0}",
            ""
        );
    }
}

fn accounts(spns: usize) -> Vec<Account> {
    let classes = ["HOST", "RestrictedKrbHost", "TERMSRV", "WSMAN", "HTTP"];
    (0..spns / SPNS_PER_ACCOUNT)
        .map(|i| {
            let domain = if i % 3 == 0 { "emea.corp.example.com" } else { "apac.corp.example.com" };
            let name = format!("srv{i:06}");
            let host = format!("{name}.{domain}");
            Account {
                name: format!("{}$", name.to_uppercase()).into(),
                domain: domain.into(),
                distinguished_name: Some(dn_of(&name, "OU=Servers,OU=Frankfurt", domain).into()),
                spns: classes.iter().map(|class| format!("{class}/{host}")).collect(),
                dns_host_name: Some(host.into()),
                password_last_set: Some("2026-11-23T22:57:50Z".parse().unwrap()),
                when_changed: Some("2026-11-23T22:57:50Z".parse().unwrap()),
                user_account_control: Some(4096),
                supported_encryption_types: Some(28),
                ..Account::default()
            }
        })
        .collect()
}

fn files(accounts: &[Account]) -> impl Iterator<Item = (&'static str, Vec<u8>)> + '_ {
    type Make = fn(&[Account]) -> Vec<u8>;
    let formats: [(&'static str, Make); 9] = [
        ("CSV", |a| project_csv(a).into_bytes()),
        ("CSV, UTF-16", |a| utf16(&project_csv(a))),
        ("setspn", |a| setspn_q("Checking domain DC=corp,DC=example,DC=com", a).into_bytes()),
        ("LDIF", |a| ldapsearch("DC=corp,DC=example,DC=com", a).into_bytes()),
        ("csvde", |a| csvde(a).into_bytes()),
        ("Get-AD CSV", |a| get_ad_csv(a).into_bytes()),
        ("Get-AD JSON 5", |a| get_ad_json_5(a).into_bytes()),
        ("Get-AD JSON 7", |a| get_ad_json_7(a).into_bytes()),
        ("SharpHound", |a| sharphound("computers", a).into_bytes()),
    ];
    formats.into_iter().map(|(name, make)| (name, make(accounts)))
}

/// Measures one file and prints the numbers for [`measure_separately`]: ms by the clock for the plain read and the load, ms of
/// processor time for the plain read, the load and the index, and the peak memory in MiB.
fn measure(file: &Path) {
    let paths: Vec<PathBuf> = vec![file.to_owned()];
    let (read, _) = measure_times(|| plain_read(file));
    let (load, inventory) = measure_times(|| load(&paths));
    assert_eq!(inventory.files[0].read_errors, Vec::<String>::new());
    let (index_ms, index) = processor_ms(|| SpnIndex::new(&inventory, &HostAliases::default()));
    assert!(!index.is_empty());
    let peak = peak_memory().map_or(f64::NAN, |kib| kib as f64 / 1024.0);
    println!(
        "{} {} {} {} {index_ms} {peak}",
        read.clock_ms, load.clock_ms, read.processor_ms, load.processor_ms
    );
    // Do not measure the time that freeing a million texts takes.
    std::process::exit(0);
}

/// Reads a file line by line, each into a text of its own. UTF-16, which `lines` refuses, is read as bytes.
fn plain_read(file: &Path) -> usize {
    let open = || BufReader::new(fs::File::open(file).unwrap());
    let text: std::io::Result<usize> = open().lines().map(|line| Ok(line?.len())).sum();
    text.unwrap_or_else(|_| open().split(b'\n').map(|line| line.unwrap().len()).sum())
}
