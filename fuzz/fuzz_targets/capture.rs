//! Reads captures of any bytes, and TCP segments in any order with RPC PDUs of any shape. Nothing panics, hangs or uses
//! unbounded memory.
//!
//! `cargo +nightly fuzz run capture fuzz/corpus/capture fuzz/seeds/capture`
//!
//! If the first byte is 0, the rest is a file. Otherwise it is segments of one connection to port 135, each with a byte of
//! flags, its offset in the stream (2 bytes), its length (2 bytes) and its data.

#![no_main]

use krbtriage::inventory::addresses::{LoadOptions, load_bytes};
use libfuzzer_sys::fuzz_target;

const FROM_SERVER: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let built;
    let file = match how {
        0 => bytes,
        _ => {
            built = pcap(bytes);
            &built
        }
    };
    let inventory = load_bytes("a.pcap", file, &LoadOptions::default());
    assert_eq!(inventory.files.len(), 1);
    assert!(inventory.owned.iter().all(|row| !row.host.is_empty()));
    // Each character of an address has two bytes in the answer.
    assert!(inventory.owned.len() <= file.len() || inventory.files[0].kind != "pcap or pcapng capture");
});

fn pcap(mut bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    for field in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 262_144, 101] {
        file.extend(field.to_le_bytes());
    }
    while let Some((head, rest)) = bytes.split_first_chunk::<5>() {
        let (flags, at) = (head[0], u32::from(u16::from_le_bytes([head[1], head[2]])));
        let length = usize::from(u16::from_le_bytes([head[3], head[4]])).min(rest.len()).min(1460);
        let (data, rest) = rest.split_at(length);
        bytes = rest;
        let (client, server) = (([198, 51, 100, 7], 49152u16), ([192, 0, 2, 1], 135u16));
        let (from, to) = if flags & FROM_SERVER != 0 { (server, client) } else { (client, server) };
        let mut packet = vec![0x45, 0];
        packet.extend(u16::try_from(40 + length).unwrap_or(0).to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 6, 0, 0]);
        packet.extend(from.0);
        packet.extend(to.0);
        packet.extend(from.1.to_be_bytes());
        packet.extend(to.1.to_be_bytes());
        // The numbers wrap around in the middle.
        packet.extend(at.wrapping_sub(4096).to_be_bytes());
        packet.extend([0; 4]);
        packet.extend([0x50, (flags & SYN) | (flags & RST) | 0x10, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend(data);
        let length = u32::try_from(packet.len()).unwrap_or(0);
        for field in [0, 0, length, length] {
            file.extend(field.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}
