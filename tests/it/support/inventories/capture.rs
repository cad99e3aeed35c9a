//! Writes a capture of `ServerAlive2` calls for random inventories, with one connection for each host. scapy makes the
//! captures of `samples/`, and Wireshark decodes them.

use std::net::Ipv4Addr;

use super::{Row, by_host};

const OBJECT_EXPORTER: &str = "c4fefc9960521b10bbcb00aa0021347a00000000";
const NDR: &str = "045d888aeb1cc9119fe808002b10486002000000";

pub fn pcap(rows: &[Row]) -> Vec<u8> {
    let mut file = Vec::new();
    // Microseconds, version 2.4, Ethernet.
    for field in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 262_144, 1] {
        file.extend(field.to_le_bytes());
    }
    for (i, host) in by_host(rows).into_iter().enumerate() {
        let addresses: Vec<String> = host.iter().map(|r| r.address.to_string()).collect();
        let client = Ipv4Addr::new(198, 51, 100, 7);
        let server = Ipv4Addr::from(0xc633_6500u32 + u32::try_from(i).unwrap());
        let port = 49152 + u16::try_from(i % 10_000).unwrap();
        let mut wire = Wire { file: &mut file, client, server, port, sent: 1, answered: 1 };
        wire.by_client(&bind());
        wire.by_server(&pdu(12, 3, 1, &[0; 44]));
        wire.by_client(&pdu(0, 3, 2, &hex("000000000000 0500")));
        wire.by_server(&response(2, &host[0].netbios(), &addresses));
    }
    file
}

struct Wire<'f> {
    file: &'f mut Vec<u8>,
    client: Ipv4Addr,
    server: Ipv4Addr,
    port: u16,
    sent: u32,
    answered: u32,
}

impl Wire<'_> {
    fn by_client(&mut self, data: &[u8]) {
        self.packet((self.client, self.port), (self.server, 135), self.sent, data);
        self.sent += u32::try_from(data.len()).unwrap();
    }

    fn by_server(&mut self, data: &[u8]) {
        for part in data.chunks(1460) {
            self.packet((self.server, 135), (self.client, self.port), self.answered, part);
            self.answered += u32::try_from(part.len()).unwrap();
        }
    }

    fn packet(&mut self, from: (Ipv4Addr, u16), to: (Ipv4Addr, u16), sequence: u32, data: &[u8]) {
        let builder = etherparse::PacketBuilder::ethernet2([2; 6], [4; 6])
            .ipv4(from.0.octets(), to.0.octets(), 64)
            .tcp(from.1, to.1, sequence, 64_000);
        let mut packet = Vec::new();
        builder.write(&mut packet, data).unwrap();
        let length = u32::try_from(packet.len()).unwrap();
        for field in [1_791_316_800, 0, length, length] {
            self.file.extend(field.to_le_bytes());
        }
        self.file.extend(packet);
    }
}

fn bind() -> Vec<u8> {
    let context = format!("d016d016 00000000 01000000 00000100 {OBJECT_EXPORTER} {NDR}");
    pdu(11, 3, 1, &hex(&context))
}

pub fn pdu(kind: u8, flags: u8, call: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![5, 0, kind, flags, 0x10, 0, 0, 0];
    bytes.extend(u16::try_from(body.len() + 16).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(call.to_le_bytes());
    bytes.extend(body);
    bytes
}

fn response(call: u32, name: &str, addresses: &[String]) -> Vec<u8> {
    let stub = stub(name, addresses);
    // Fragments of at most 4280 bytes, as Windows negotiates 5840 and rounds down.
    let parts: Vec<&[u8]> = stub.chunks(4256).collect();
    let mut bytes = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let flags = u8::from(i == 0) | u8::from(i + 1 == parts.len()) << 1;
        let mut body = u32::try_from(stub.len()).unwrap().to_le_bytes().to_vec();
        body.extend([0, 0, 0, 0]);
        body.extend(*part);
        bytes.extend(pdu(2, flags, call, &body));
    }
    bytes
}

fn stub(name: &str, addresses: &[String]) -> Vec<u8> {
    let mut units: Vec<u16> = Vec::new();
    for text in std::iter::once(name).chain(addresses.iter().map(String::as_str)) {
        units.push(7);
        units.extend(text.encode_utf16().chain([0]));
    }
    units.push(0);
    let security = u16::try_from(units.len()).unwrap();
    units.extend([9, 0xffff, 0, 10, 0xffff, 0, 0]);
    let entries = u16::try_from(units.len()).unwrap();
    let mut bytes = hex("05000700 00000200");
    bytes.extend(u32::from(entries).to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    bytes.extend(security.to_le_bytes());
    bytes.extend(units.into_iter().flat_map(u16::to_le_bytes));
    bytes.resize(bytes.len().next_multiple_of(4) + 8, 0);
    bytes
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
