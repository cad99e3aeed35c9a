//! `krbtriage inventory` converts address inventories to the project's own CSV, so that a person can check, keep or merge them.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::paths::protect_inputs;
use crate::inventory::InventoryFile;
use crate::inventory::addresses::{AddressInventory, LoadOptions, load};
use crate::output::{Output, OutputError};
use crate::report::CsvWriter;

/// Options of a conversion.
#[derive(Debug, Clone)]
pub struct Config {
    /// Files and folders, in any supported format.
    pub files: Vec<PathBuf>,
    /// Host of rows without a host name. The file name gives the host by default.
    pub host: Option<String>,
    pub output: Output,
}

/// Result of a run.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Number of addresses, which is the number of rows.
    pub addresses: u64,
    /// Number of names that DNS or DHCP resolve. They show no owner and are not written.
    pub resolved_names: u64,
    /// Every file that was read.
    pub files: Vec<InventoryFile>,
    /// The file written; `None` for standard output. It differs from `output` if another program holds that open.
    pub written: Option<PathBuf>,
}

/// Columns of the CSV, in their order.
pub const COLUMNS: [&str; 7] =
    ["host", "address", "interface", "description", "mac", "prefix_length", "collected"];

/// Reads the inventories and writes one row for each address.
pub fn run(config: &Config) -> Result<Outcome, OutputError> {
    config.output.check()?;
    let protected = protect_inputs(config.output.path(), config.files.iter().map(PathBuf::as_path))?;
    let options = LoadOptions { host: config.host.clone() };
    let mut inventory = load(&config.files, &options);
    keep_dates(&mut inventory);
    let written = config.output.write(&protected, |out| write_csv(&inventory, out))?;
    Ok(Outcome {
        addresses: inventory.owned.len() as u64,
        resolved_names: inventory.resolved.len() as u64,
        files: inventory.files,
        written,
    })
}

/// Gives rows without a collection time the time of their file. The file that is written has a later time.
fn keep_dates(inventory: &mut AddressInventory) {
    let modified: HashMap<Arc<str>, Option<Timestamp>> =
        inventory.files.iter().map(|file| (Arc::clone(&file.path), file.modified)).collect();
    for row in &mut inventory.owned {
        let source = &mut row.source;
        source.collected = source.collected.or_else(|| *modified.get(&source.file)?);
    }
}

/// Writes the addresses as the project's CSV, in the order in which they were read.
pub fn write_csv(inventory: &AddressInventory, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvWriter::with_header(out, &COLUMNS)?;
    for row in &inventory.owned {
        csv.row([
            &*row.host,
            &row.address.to_string(),
            row.interface.as_deref().unwrap_or_default(),
            row.description.as_deref().unwrap_or_default(),
            row.mac.as_deref().unwrap_or_default(),
            &row.prefix_length.map_or(String::new(), |p| p.to_string()),
            &row.source.collected.map_or(String::new(), |time| time.to_string()),
        ])?;
    }
    csv.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::addresses::load_bytes;

    const TEXT: &str = "host,address,interface,description,mac,prefix_length,collected\n\
        SRV1,192.0.2.1,Ethernet,\"Intel \"\"I350\"\", port 1\",00-00-5E-00-53-01,24,2026-11-23T22:57:50Z\n\
        SRV2,169.254.95.120,'=Ethernet 5,'@IBM USB Remote NDIS Network Device,,16,2026-11-24T06:00:00.5Z\n\
        SRV3,2001:db8::3,,,,,\n";

    #[test]
    fn what_is_written_reads_back_the_same() {
        let options = LoadOptions::default();
        let read = load_bytes("a.csv", TEXT.as_bytes(), &options);
        let mut written = Vec::new();
        write_csv(&read, &mut written).unwrap();
        assert_eq!(String::from_utf8(written.clone()).unwrap(), TEXT.replace('\n', "\r\n"));
        assert_eq!(load_bytes("a.csv", &written, &options).owned, read.owned);
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (input, output) = (folder.path().join("in.csv"), folder.path().join("out.csv"));
        std::fs::write(&input, TEXT).unwrap();
        std::fs::write(&output, "old").unwrap();
        let config = Config { files: vec![input], host: None, output: Output::File(output.clone()) };
        let outcome = run(&config).unwrap();
        assert_eq!((outcome.addresses, outcome.files.len()), (3, 1));
        let date = crate::files::modified(&config.files[0].metadata().unwrap()).unwrap();
        let dated = TEXT.replace("2001:db8::3,,,,,", &format!("2001:db8::3,,,,,{date}"));
        assert_eq!(std::fs::read_to_string(&output).unwrap(), dated.replace('\n', "\r\n"));
        let config = Config { output: Output::File(folder.path().join("none").join("out.csv")), ..config };
        assert!(run(&config).unwrap_err().to_string().contains("the folder does not exist"));
    }
}
