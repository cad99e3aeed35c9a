//! Logs inside `.zip` and `.gz`.

use super::support::*;

#[test]
fn every_member_is_a_file_of_its_own() {
    let xml = "<Event><System><Provider Name='Kerberos'/><EventID>4</EventID>\
        <TimeCreated SystemTime='2020-01-02T03:04:05Z'/><EventRecordID>7</EventRecordID></System></Event>";
    let archive = zip_of(&[
        ("logs/", b""),
        ("logs/deep/System.evtx", &log([1, 2])),
        ("logs\\back.evtx", &log([3])),
        ("events.xml", xml.as_bytes()),
        ("System.evtx.gz", &gz_of(&log([4]))),
        ("LocaleMetaData/System_1033.MTA", b"message texts"),
        ("readme.txt", b"nothing"),
        ("old.evt", b"\x30\0\0\0LfLe\x01\0\0\0"),
    ]);
    let found = Folder::new().file("a.zip", archive).file("b.evtx", log([9])).scan(&event_4());
    assert_eq!(
        found.ids(),
        [
            ("a.zip!System.evtx.gz", 4),
            ("a.zip!events.xml", 7),
            ("a.zip!logs/back.evtx", 3),
            ("a.zip!logs/deep/System.evtx", 1),
            ("a.zip!logs/deep/System.evtx", 2),
            ("b.evtx", 9),
        ]
    );
    let paths: Vec<_> = found.reports.iter().map(|r| (&*r.path, r.kind)).collect();
    assert_eq!(
        paths,
        [
            ("a.zip", "zip"),
            ("b.evtx", "evtx"),
            ("a.zip!logs/deep/System.evtx", "evtx"),
            ("a.zip!logs/back.evtx", "evtx"),
            ("a.zip!events.xml", "xml"),
            ("a.zip!System.evtx.gz", "gz"),
            ("a.zip!LocaleMetaData/System_1033.MTA", "other-text"),
            ("a.zip!readme.txt", "other-text"),
            ("a.zip!old.evt", "evt"),
        ]
    );
    for report in found.reports.iter().filter(|r| r.kind != "evt") {
        assert_eq!(report.read_errors, Vec::<String>::new(), "{report:?}");
    }
    assert!(found.only_problem("a.zip!old.evt").contains("wevtutil"));
    assert_eq!(found.report("a.zip!logs/deep/System.evtx").bytes, 4096 + 65536);
}

#[test]
fn archives_in_archives_are_read_once_inside() {
    let inner = zip_of(&[("x/one.evtx", &log([1])), ("two.evtx", &log([2]))]);
    let innermost = zip_of(&[("inner.zip", &inner)]);
    let outer = zip_of(&[("inner.zip", &inner), ("innermost.zip", &innermost), ("three.evtx", &log([3]))]);
    let found = Folder::new().file("outer.zip", outer).scan(&event_4());
    assert_eq!(
        found.ids(),
        [
            ("outer.zip!inner.zip!two.evtx", 2),
            ("outer.zip!inner.zip!x/one.evtx", 1),
            ("outer.zip!three.evtx", 3),
        ]
    );
    assert!(found.only_problem("outer.zip!innermost.zip!inner.zip").contains("inside an archive inside"));
}

#[test]
fn a_gz_of_several_members_is_one_file() {
    let log = log(1..300);
    let (first, second) = log.split_at(100_000);
    let found = Folder::new()
        .file("log.evtx.gz", [gz_of(first), gz_of(second)].concat())
        .file("log.evtx", &log)
        .scan(&event_4());
    let ids =
        |name| found.ids().into_iter().filter(|(f, _)| *f == name).map(|(_, id)| id).collect::<Vec<_>>();
    assert_eq!(ids("log.evtx.gz"), ids("log.evtx"));
    assert_eq!(found.report("log.evtx.gz").kind, "gz");
    assert_eq!(found.report("log.evtx.gz").chunks, found.report("log.evtx").chunks);
}

/// A log gives the same records in an archive, also where chunks are moved or damaged.
#[test]
fn a_log_gives_the_same_packed_and_unpacked() {
    let sound = log(1..2500);
    assert!(sound.len() > (1 << 20) + 4 * 65536, "more than one block");
    let carved = [b"some junk".as_slice(), &sound[4096..]].concat();
    let cut = sound[..sound.len() - 40_000].to_vec();
    let mut shifted = sound.clone();
    shifted.splice(4096 + 5 * 65536..4096 + 5 * 65536, [7u8; 1000]);
    let mut zeroed = sound.clone();
    zeroed[4096 + 17 * 65536..4096 + 20 * 65536].fill(0);
    let mut damaged = sound.clone();
    damaged[4096 + 16 * 65536..][..8].fill(1);
    for (what, log) in [
        ("sound", &sound),
        ("carved", &carved),
        ("cut", &cut),
        ("shifted", &shifted),
        ("zeroed", &zeroed),
        ("damaged", &damaged),
        ("no header", &sound[4096..].to_vec()),
    ] {
        let found = Folder::new()
            .file("a.evtx", log)
            .file("a.evtx.gz", gz_of(log))
            .file("a.zip", zip_of(&[("a.evtx", log)]))
            .scan(&event_4());
        let of = |name: &str| -> Vec<_> {
            let mut records: Vec<_> =
                found.records.iter().filter(|(f, _)| f == name).map(|(_, r)| r.clone()).collect();
            records.sort_by_key(|r| r.record_id);
            records
        };
        let plain = of("a.evtx");
        assert!(plain.len() > 2000, "{what}: {}", plain.len());
        for name in ["a.evtx.gz", "a.zip!a.evtx"] {
            assert_eq!(of(name), plain, "{what}: {name}");
            let (packed, unpacked) = (found.report(name), found.report("a.evtx"));
            assert_eq!(packed.chunks, unpacked.chunks, "{what}: {name}");
            assert_eq!(packed.records, unpacked.records, "{what}: {name}");
            assert_eq!(packed.read_errors, unpacked.read_errors, "{what}: {name}");
        }
    }
}

#[test]
fn a_broken_member_costs_only_itself() {
    let log1 = log([1]);
    let good = zip_of(&[("a.evtx", &log1), ("b.evtx", &log([2]))]);

    let mut bad_crc = good.clone();
    // In the list of members, the checksum is 16 bytes after the signature.
    let listed = memchr::memmem::find(&bad_crc, b"PK\x01\x02").unwrap();
    bad_crc[listed + 16] ^= 1;
    let found = Folder::new().file("a.zip", &bad_crc).scan(&event_4());
    assert_eq!(found.ids(), [("a.zip!a.evtx", 1), ("a.zip!b.evtx", 2)]);
    assert!(found.only_problem("a.zip!a.evtx").contains("checksum"), "{:?}", found.reports);

    let other_method = "method that is not read (deflate is); unpack it";
    for (what, position, value) in [("encrypted", 8, 1), (other_method, 10, 12)] {
        let mut changed = good.clone();
        changed[listed + position] = value;
        let local = memchr::memmem::find(&changed, b"PK\x03\x04").unwrap();
        changed[local + position - 2] = value;
        let found = Folder::new().file("a.zip", &changed).scan(&event_4());
        assert_eq!(found.ids(), [("a.zip!b.evtx", 2)], "{what}");
        assert!(found.only_problem("a.zip!a.evtx").contains(what), "{:?}", found.reports);
    }

    let cut_off = &good[..good.len() - 30];
    let found = Folder::new().file("a.zip", cut_off).file("b.evtx", log([3])).scan(&event_4());
    assert_eq!(found.ids(), [("b.evtx", 3)]);
    assert!(found.only_problem("a.zip").contains("not a whole archive"));

    let gz = gz_of(&log1);
    let found = Folder::new()
        .file("cut.gz", &gz[..gz.len() - 9])
        .file("junk.gz", b"\x1f\x8b\x08\0 is not more than this")
        .file("nested.gz", gz_of(&gz))
        .file("text.gz", gz_of(b"hello"))
        .scan(&event_4());
    assert_eq!(found.ids(), [("cut.gz", 1)]);
    assert!(found.only_problem("cut.gz").contains("reading stopped at offset"));
    assert!(found.only_problem("junk.gz").contains("cannot be unpacked"));
    assert!(found.only_problem("nested.gz").contains("another archive"));
    assert!(found.only_problem("text.gz").contains("what is in it is not read"));
}

/// A copy that failed has the name of a log and other content.
#[test]
fn a_file_with_only_the_name_of_a_log_is_reported_also_in_a_folder() {
    let files: [(&str, &[u8]); 4] =
        [("empty.evtx", b""), ("zeros.EVTX", &[0; 5000]), ("zeros.bin", &[0; 5000]), ("empty.txt", b"")];
    let mut folder = Folder::new().file("a.evtx", log([1])).file("a.zip", zip_of(&files));
    for (name, bytes) in files {
        folder = folder.file(name, bytes);
    }
    let found = folder.scan(&event_4());
    assert_eq!(found.ids(), [("a.evtx", 1)]);
    let reported = found.reports.iter().filter(|r| !r.read_errors.is_empty()).map(|r| &*r.path);
    assert_eq!(
        reported.collect::<Vec<_>>(),
        ["empty.evtx", "zeros.EVTX", "a.zip!empty.evtx", "a.zip!zeros.EVTX"]
    );
}

#[test]
fn an_archive_with_too_long_a_list_is_refused() {
    let names: Vec<String> = (0..9000).map(|n| format!("{n:0>1000}")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b""[..])).collect();
    let found = Folder::new().file("a.zip", zip_of(&members)).scan(&event_4());
    assert!(found.only_problem("a.zip").contains("longer than 8 MiB"), "{:?}", found.reports);
}

#[test]
fn a_big_archive_inside_another_is_refused() {
    let mut inner = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    inner.start_file("big", stored).unwrap();
    std::io::Write::write_all(&mut inner, &vec![0; 17 << 20]).unwrap();
    let inner = inner.finish().unwrap().into_inner();
    let outer = zip_of(&[("inner.zip", &inner), ("a.evtx", &log([1]))]);
    let found = Folder::new().file("a.zip", outer).scan(&event_4());
    assert_eq!(found.ids(), [("a.zip!a.evtx", 1)]);
    assert!(found.only_problem("a.zip!inner.zip").contains("more than 16 MiB inside an archive"));
}
