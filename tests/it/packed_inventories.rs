//! Inventories inside archives, under `-i`, `-s` and in one folder.

use std::io::Write;
use std::path::{Path, PathBuf};

use krbtriage::inventory::accounts;
use krbtriage::inventory::addresses::{LoadOptions, load};

use crate::support::program::triage;

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)).unwrap()
}

const IPCONFIG: &str = "\nWindows IP Configuration\n\n\nEthernet adapter Ethernet:\n\n   Connection-specific DNS Suffix  . :\n   \
    IPv4 Address. . . . . . . . . . . : 192.0.2.77\n   Subnet Mask . . . . . . . . . . . : 255.255.255.0\n   Default Gateway . . . . . . . . . :\n";

/// A log, an address list, an ipconfig text with the host in its path, an account list, and a file of an unknown kind.
fn members() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("logs/SRV1-System.evtx", sample("logs/SRV1-System.evtx")),
        ("logs/SRV2-System.evtx", sample("logs/SRV2-System.evtx")),
        ("interfaces.csv", sample("interfaces.csv")),
        ("SRV77/ipconfig.txt", IPCONFIG.into()),
        ("spns.csv", sample("spns.csv")),
        ("notes.md", b"# What we did\n".to_vec()),
    ]
}

fn zip_of(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tar_of(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mtime(1_790_000_000);
        header.set_cksum();
        tar.append_data(&mut header, name, &content[..]).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn archives() -> Vec<(&'static str, Vec<u8>)> {
    let (zip, tar) = (zip_of(&members()), tar_of(&members()));
    let in_zip = zip_of(&[("inner.zip", zip.clone())]);
    vec![
        ("c.zip", zip),
        ("c.tar", tar.clone()),
        ("c.tar.gz", gz(&tar)),
        ("c.tar.zst", zstd::encode_all(&tar[..], 3).unwrap()),
        ("in.zip", in_zip),
    ]
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn inventories_in_archives_are_those_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in archives() {
        let path = write(folder.path(), name, &bytes);
        let addresses = load(std::slice::from_ref(&path), &LoadOptions::default());
        let errors: Vec<_> = addresses.files.iter().flat_map(|file| &file.read_errors).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        assert_eq!(addresses.files.len(), 2, "{name}: {:?}", addresses.files);
        let own = addresses.owned.iter().find(|row| row.address.to_string() == "192.0.2.77").unwrap();
        assert_eq!(&*own.host, "SRV77");
        assert!(
            own.source.file.ends_with("SRV77/ipconfig.txt")
                && own.source.file.contains(".zip!") | own.source.file.contains(".tar"),
            "{}",
            own.source.file
        );
        let lists = accounts::load(&[path]);
        assert_eq!(lists.files.len(), 1, "{name}: {:?}", lists.files);
        assert!(!lists.accounts.is_empty() && lists.files[0].read_errors.is_empty(), "{name}");
    }
}

#[test]
fn one_archive_without_options_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in archives() {
        let path = write(folder.path(), name, &bytes);
        let (status, report, errors) = triage(&[path.to_str().unwrap(), "--format", "csv"]);
        assert_eq!(status, 0, "{name}: {errors}");
        assert!(report.contains(",confirmed,"), "{name}: {report}");
        let (status, report, errors) = triage(&["-i", path.to_str().unwrap(), "--format", "csv"]);
        assert_eq!(status, 0, "{name}: {errors}");
        assert!(report.lines().count() > 1, "{name}: {report}");
    }
}

#[test]
fn an_archive_of_logs_after_an_inventory_option_is_read_as_logs() {
    let logs = "tests/data/inputs/18-logs.tar.gz";
    let (status, report, errors) = triage(&["-i", logs, "--format", "csv"]);
    assert_eq!((status, report), (0, triage(&[logs, "--format", "csv"]).1), "{errors}");
    let lists: Vec<_> = members().into_iter().filter(|(name, _)| *name == "spns.csv").collect();
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "lists.zip", &zip_of(&lists));
    let files = load(&[path], &LoadOptions::default()).files;
    assert_eq!(files[0].read_errors, ["the archive holds SPN lists; pass it with --spns"]);
}

#[test]
fn an_archive_of_inventories_is_used_with_logs_in_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let lists: Vec<_> = members().into_iter().filter(|(name, _)| !name.ends_with(".evtx")).collect();
    write(folder.path(), "lists.zip", &zip_of(&lists));
    for name in ["SRV1-System.evtx", "SRV2-System.evtx"] {
        write(folder.path(), name, &sample(&format!("logs/{name}")));
    }
    let (status, report, errors) = triage(&[folder.path().to_str().unwrap(), "--format", "csv"]);
    assert_eq!(status, 0, "{errors}");
    assert!(report.contains(",confirmed,"), "{report}");
}

#[test]
fn a_packed_inventory_is_read_under_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "SRV78-ipconfig.txt.gz", &gz(IPCONFIG.as_bytes()));
    let addresses = load(&[path], &LoadOptions::default());
    assert_eq!(addresses.owned.iter().map(|row| &*row.host).collect::<Vec<_>>(), ["SRV78"]);
}

#[test]
fn an_archive_without_a_known_file_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "c.zip", &zip_of(&[("notes.md", b"# x\n".to_vec())]));
    let addresses = load(std::slice::from_ref(&path), &LoadOptions::default());
    assert!(
        addresses.files[0].read_errors[0].starts_with("the archive has no file of a kind"),
        "{:?}",
        addresses.files
    );
    let lists = accounts::load(&[path]);
    assert!(
        lists.files[0].read_errors[0].starts_with("the archive has no file of a kind"),
        "{:?}",
        lists.files
    );
    // A damaged file, and one of a kind that is not read.
    for (name, bytes, why) in [
        ("cut.zip", zip_of(&members())[..5000].to_vec(), "not read"),
        ("cut.tar.gz", gz(&tar_of(&members()))[..5000].to_vec(), "stopped"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\0".to_vec(), "unpack it"),
        ("a.xz", b"\xfd7zXZ\0\0".to_vec(), "unpack it"),
        ("a.rar", b"Rar!\x1a\x07\0".to_vec(), "unpack it"),
        ("a.cab", b"MSCF\0\0\0\0".to_vec(), "unpack it"),
    ] {
        let path = write(folder.path(), name, &bytes);
        for files in
            [load(std::slice::from_ref(&path), &LoadOptions::default()).files, accounts::load(&[path]).files]
        {
            assert!(
                files.iter().any(|file| file.read_errors.iter().any(|e| e.contains(why))),
                "{name}: {files:?}"
            );
        }
    }
}

/// SharpHound writes all its lists to one archive, and only computers and users have SPNs.
#[test]
fn an_archive_of_sharphound_gives_its_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let domains = br#"{"data":[{"Properties":{"name":"ALPHA.EXAMPLE.COM","domain":"ALPHA.EXAMPLE.COM"}}],"meta":{"methods":0,"type":"domains","count":1,"version":6}}"#;
    let members = [
        ("20261006_computers.json", sample("spn-inventories/20261006_computers.json")),
        ("20261006_users.json", sample("spn-inventories/20261006_users.json")),
        ("20261006_domains.json", domains.to_vec()),
        (
            "20261006_groups.json",
            br#"{"data":[],"meta":{"methods":0,"type":"groups","count":0,"version":6}}"#.to_vec(),
        ),
    ];
    let path = write(folder.path(), "20261006_BloodHound.zip", &zip_of(&members));
    let lists = accounts::load(&[path]);
    let kinds: Vec<_> = lists.files.iter().map(|file| (file.kind, file.read_errors.len())).collect();
    assert_eq!(kinds, [("SharpHound", 0), ("SharpHound", 0)]);
    assert!(lists.accounts.len() > 2);
}

/// A bug: an archive is read once for logs and once for inventories, and each reported the same broken member.
#[test]
fn a_member_that_cannot_be_unpacked_is_reported_once() {
    let folder = tempfile::tempdir().unwrap();
    let table = format!("host,address\n{}", "srv1,192.0.2.1\n".repeat(2000));
    let spns = "account,domain,spn\nSRV1$,alpha.example,HOST/srv1\n";
    let mut zip = zip_of(&[
        ("SRV1-System.evtx", sample("logs/SRV1-System.evtx")),
        ("interfaces.csv", sample("interfaces.csv")),
        ("spns.csv", spns.into()),
        ("broken.csv", table.into()),
    ]);
    let name = memchr::memmem::find(&zip, b"broken.csv").unwrap();
    zip[name + 20..name + 40].iter_mut().for_each(|byte| *byte ^= 0xff);
    let path = write(folder.path(), "all.zip", &zip);
    let (status, _, messages) = triage(&[path.to_str().unwrap()]);
    assert_eq!(status, 3, "{messages}");
    assert_eq!(messages.matches("broken.csv").count(), 1, "{messages}");
}
