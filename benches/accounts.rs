//! 1,000,000 SPNs in each format: time to load beside a plain line-by-line read of the same file, and peak memory
//! with the index of owners.
//!
//! `cargo bench --bench accounts`; `-- COUNT` for another number of SPNs. The bounds: 1 s by the clock and 600 MiB in
//! every format, on two cores.

#[allow(dead_code, reason = "the tests use the other formats")]
#[path = "../tests/it/support/account_files.rs"]
mod account_files;
#[path = "support/apart.rs"]
mod apart;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use account_files::*;
use apart::{measured_apart, peak_memory, spent, timed};
use krbtriage::inventory::accounts::{Account, HostAliases, SpnIndex, load};

const SPNS_OF_AN_ACCOUNT: usize = 5;
const RUNS: usize = 5;

fn main() {
    match apart::file() {
        Some(file) => measure(&file),
        None => all_formats(),
    }
}

fn all_formats() {
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
        let runs: Vec<[f64; 6]> = (0..RUNS).map(|_| measured_apart(&file)).collect();
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
    (0..spns / SPNS_OF_AN_ACCOUNT)
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

/// Prints what [`measured_apart`] reads: ms for the plain read and the load by the clock, the same and the index by the
/// processor, and the peak in MiB.
fn measure(file: &Path) {
    let paths: Vec<PathBuf> = vec![file.to_owned()];
    let (read, _) = spent(|| plain_read(file));
    let (load, inventory) = spent(|| load(&paths));
    assert_eq!(inventory.files[0].read_errors, Vec::<String>::new());
    let (index, built) = timed(|| SpnIndex::new(&inventory, &HostAliases::default()));
    assert!(!built.is_empty());
    let peak = peak_memory().map_or(f64::NAN, |kib| kib as f64 / 1024.0);
    println!("{} {} {} {} {index} {peak}", read.clock, load.clock, read.processor, load.processor);
    // Freeing a million texts one by one is no part of it.
    std::process::exit(0);
}

/// What `for line in file.lines()` costs, each line a text of its own; UTF-16 is not for `lines`, and read as bytes.
fn plain_read(file: &Path) -> usize {
    let open = || BufReader::new(fs::File::open(file).unwrap());
    let text: std::io::Result<usize> = open().lines().map(|line| Ok(line?.len())).sum();
    text.unwrap_or_else(|_| open().split(b'\n').map(|line| line.unwrap().len()).sum())
}
