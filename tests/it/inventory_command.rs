//! `krbtriage inventory` through the real binary.

use std::fs;

use crate::support::program::*;

#[test]
fn an_inventory_reads_back_the_same_from_every_sample() {
    let sandbox = Sandbox::new();
    for entry in fs::read_dir(sample("inventories")).unwrap() {
        let path = entry.unwrap().path();
        let first = sandbox.run(&["inventory", path.to_str().unwrap(), "-o", "once.csv"]);
        assert_eq!(
            (first.code(), first.stderr().as_str(), first.stdout().as_str()),
            (0, "", ""),
            "{}",
            path.display()
        );
        let second = sandbox.run(&["inventory", "once.csv"]);
        let once = sandbox.text("once.csv");
        assert_eq!(second.stdout(), once, "{}", path.display());
    }
}

#[test]
fn rows_without_a_host_get_it_from_the_file_name_or_the_option() {
    let sandbox = Sandbox::new();
    sandbox.write("srv5_ipaddress.csv", "address\n192.0.2.5\n");
    sandbox.write("addresses.csv", "address\n192.0.2.6\n");
    let rows = |arguments: &[&str]| {
        let run = sandbox.run(&[&["inventory"], arguments].concat());
        // The last cell is the file's date.
        let row = |line: &str| line.rsplit_once(',').map(|(row, _)| row.to_owned());
        (run.stdout().lines().skip(1).filter_map(row).collect::<Vec<_>>(), run.stderr())
    };
    assert_eq!(rows(&["srv5_ipaddress.csv"]).0, ["srv5,192.0.2.5,,,,"]);
    assert_eq!(rows(&["--host", "srv6", "addresses.csv"]).0, ["srv6,192.0.2.6,,,,"]);
    let (none, message) = rows(&["addresses.csv"]);
    assert!(none.is_empty() && message.contains("add it with --host NAME"), "{message}");
}
