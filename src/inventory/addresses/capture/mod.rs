//! Reads answers with the addresses of hosts (`ServerAlive2`, `ResolveOxid2`, `RemoteCreateInstance`) on TCP port 135 from
//! captures (pcap, pcapng).
//!
//! The capture is streamed in bounded memory, because that of a busy day is larger than the memory of most machines. Order of the
//! files: [`stream`] puts segments in order, and [`rpc`] finds the answers in them.

mod rpc;
mod stream;

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::net::IpAddr;

use etherparse::{LaxNetSlice, LaxSlicedPacket, TransportSlice, ether_type};
use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Linktype, PcapBlockOwned, PcapError, create_reader};

use super::collector::AddressCollector;
use super::format::{Format, Reader, Refusal, Sample};
use super::server_alive::{Answer, add_answer};
use rpc::Conversation;

pub(super) const FORMAT: Format =
    Format { name: "pcap or pcapng capture", recognise, read: Reader::Stream(read) };

/// Network Monitor's own format. It is recognised so that the message can say how to convert it.
pub(super) const NETWORK_MONITOR: Format =
    Format { name: "Network Monitor capture", recognise: detect_netmon, read: Reader::Stream(refuse_netmon) };

/// The resolver's well-known port (MS-DCOM 1.9).
const PORT: u16 = 135;
/// Maximum number of connections followed at once. A capture has far fewer open at a time. A scan that exceeds the limit
/// drops the oldest, which are finished.
const MAX_CONNECTIONS: usize = 4096;
/// Maximum number of bytes kept in memory for all connections together. Above it, all connections are dropped.
const MAX_BUFFERED: usize = 32 << 20;
/// Longest block of a capture in bytes. The reader's buffer grows up to it.
const MAX_BLOCK: usize = 16 << 20;
/// Maximum number of different answers that are kept. A capture repeats each answer many times.
const MAX_ANSWERS: usize = 500_000;

fn recognise(sample: &Sample<'_>) -> bool {
    const MAGIC: [[u8; 4]; 5] = [
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0x4d, 0x3c, 0xb2, 0xa1], // nanoseconds
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x0a, 0x0d, 0x0d, 0x0a], // pcapng section header
    ];
    MAGIC.iter().any(|magic| sample.head.starts_with(magic))
}

fn detect_netmon(sample: &Sample<'_>) -> bool {
    sample.head.starts_with(b"GMBU")
}

fn refuse_netmon(_: &mut (dyn Read + Send), _: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let text = "a capture in Network Monitor's own format, which is not read; convert it with: \
        editcap -F pcapng capture.cap capture.pcapng (editcap comes with Wireshark)";
    Err(Refusal::Unreadable(text.to_owned()))
}

fn read(input: &mut (dyn Read + Send), rows: &mut AddressCollector<'_>) -> Result<(), Refusal> {
    let mut capture = Capture::default();
    let problem = packets(input, &mut |link, data| capture.packet(link, data, rows));
    if let Some(problem) = problem {
        rows.report(0, problem);
    }
    if capture.unread_links > 0 {
        rows.report(
            0,
            format!(
                "{} packets of a link type that is not read (Ethernet, Linux and raw IP are)",
                capture.unread_links
            ),
        );
    }
    if capture.dropped > 0 {
        rows.report(
            0,
            format!(
                "{} connections or answers were dropped, because too many were open at once; split the capture",
                capture.dropped
            ),
        );
    }
    if capture.packets == 0 {
        rows.report(0, "no packet on TCP port 135 in this capture; filter with: tcp port 135");
    } else if capture.answers.is_empty() {
        rows.report(0, "no answer with the addresses of a host (ServerAlive2, ResolveOxid2, RemoteCreateInstance) in this capture; a WMI query to each host makes one");
    }
    Ok(())
}

/// Passes every packet with its link type to `each`. Returns the reason if reading stopped early.
fn packets(input: &mut (dyn Read + Send), each: &mut dyn FnMut(Linktype, &[u8])) -> Option<String> {
    let mut reader = match create_reader(64 * 1024, input) {
        Ok(reader) => reader,
        Err(error) => return Some(format!("the capture's header cannot be read: {error}")),
    };
    let mut capacity = 64 * 1024;
    let mut links: Vec<Linktype> = Vec::new();
    let mut starved = 0u32;
    loop {
        match reader.next() {
            Ok((used, block)) => {
                starved = 0;
                match block {
                    PcapBlockOwned::LegacyHeader(header) => links = vec![header.network],
                    PcapBlockOwned::Legacy(packet) => {
                        let data = packet.data.get(..packet.caplen as usize).unwrap_or(packet.data);
                        if let Some(link) = links.first() {
                            each(*link, data);
                        }
                    }
                    PcapBlockOwned::NG(Block::SectionHeader(_)) => links.clear(),
                    // Packets number their interface with a u32. Even thousands are not plausible.
                    PcapBlockOwned::NG(Block::InterfaceDescription(interface)) if links.len() < 65_536 => {
                        links.push(interface.linktype);
                    }
                    PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                        if let Some(link) = links.get(packet.if_id as usize) {
                            each(*link, packet.packet_data());
                        }
                    }
                    PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                        if let Some(link) = links.first() {
                            each(*link, packet.packet_data());
                        }
                    }
                    PcapBlockOwned::NG(_) => {}
                }
                reader.consume(used);
            }
            Err(PcapError::Eof) => return None,
            Err(PcapError::Incomplete(_)) => {
                let before = reader.data().len();
                if let Err(error) = reader.refill() {
                    return Some(format!("the capture cannot be read on: {error}"));
                }
                // No more bytes twice in a row: the file ends inside a block.
                starved = if reader.data().len() == before { starved + 1 } else { 0 };
                if starved > 1 {
                    return Some("the capture ends inside a packet; the ones before it were read".to_owned());
                }
            }
            Err(PcapError::BufferTooSmall) => {
                capacity *= 2;
                if capacity > MAX_BLOCK || !reader.grow(capacity) {
                    return Some(format!(
                        "a block of more than {} MiB; what follows was not read",
                        MAX_BLOCK >> 20
                    ));
                }
                if let Err(error) = reader.refill() {
                    return Some(format!("the capture cannot be read on: {error}"));
                }
            }
            Err(PcapError::UnexpectedEof) => {
                return Some("the capture ends inside a packet; the ones before it were read".to_owned());
            }
            Err(error) => {
                return Some(format!("a damaged block; what follows was not read ({error})"));
            }
        }
    }
}

/// Address and port of the client, and address of the server, which has port 135.
type Endpoints = (IpAddr, u16, IpAddr);

/// The capture as read so far.
#[derive(Default)]
struct Capture {
    connections: HashMap<Endpoints, Connection>,
    /// Entries of the answers that were added.
    answers: HashSet<Vec<String>>,
    /// Number of packets on port 135.
    packets: u64,
    /// Number of packets of a link type that is not supported.
    unread_links: u64,
    /// Bytes kept in memory for all connections.
    buffered_bytes: usize,
    /// Connections that were dropped unfinished, and answers above [`MAX_ANSWERS`].
    dropped: u64,
}

/// A connection to port 135.
#[derive(Default)]
struct Connection {
    conversation: Conversation,
    /// Number of the last packet, to drop the oldest.
    last: u64,
}

impl Capture {
    fn packet(&mut self, link: Linktype, data: &[u8], rows: &mut AddressCollector<'_>) {
        let Some(packet) = slice(link, data) else {
            self.unread_links += 1;
            return;
        };
        let (Some(net), Some(TransportSlice::Tcp(tcp))) = (&packet.net, &packet.transport) else {
            return;
        };
        let (source, destination): (IpAddr, IpAddr) = match net {
            LaxNetSlice::Ipv4(ip) => {
                (ip.header().source_addr().into(), ip.header().destination_addr().into())
            }
            LaxNetSlice::Ipv6(ip) => {
                (ip.header().source_addr().into(), ip.header().destination_addr().into())
            }
            LaxNetSlice::Arp(_) => return,
        };
        let (from_server, ends) = match (tcp.source_port(), tcp.destination_port()) {
            (PORT, port) => (true, (destination, port, source)),
            (port, PORT) => (false, (source, port, destination)),
            _ => return,
        };
        self.packets += 1;
        self.make_room(&ends);
        let followed = self.connections.entry(ends).or_default();
        followed.last = self.packets;
        let before = followed.conversation.buffered_bytes();
        let found = if from_server {
            followed.conversation.server(tcp)
        } else {
            followed.conversation.client(tcp);
            Vec::new()
        };
        self.buffered_bytes =
            (self.buffered_bytes + followed.conversation.buffered_bytes()).saturating_sub(before);
        if tcp.rst() {
            self.drop_connection(&ends);
        }
        for entries in found {
            self.answer(entries, source, rows);
        }
    }

    /// Drops connections if the next packet needs room.
    fn make_room(&mut self, ends: &Endpoints) {
        if self.buffered_bytes > MAX_BUFFERED {
            self.dropped +=
                self.connections.values().filter(|c| c.conversation.buffered_bytes() > 0).count() as u64;
            self.connections.clear();
            self.buffered_bytes = 0;
        } else if self.connections.len() >= MAX_CONNECTIONS && !self.connections.contains_key(ends) {
            // Drop half at a time, so that a scan of a million ports does not need a million searches.
            let mut ages: Vec<u64> = self.connections.values().map(|c| c.last).collect();
            let (_, middle, _) = ages.select_nth_unstable(MAX_CONNECTIONS / 2);
            let middle = *middle;
            let dropped = &mut self.dropped;
            self.connections.retain(|_, c| {
                *dropped += u64::from(c.last <= middle && c.conversation.buffered_bytes() > 0);
                c.last > middle
            });
            self.buffered_bytes = self.connections.values().map(|c| c.conversation.buffered_bytes()).sum();
        }
    }

    fn drop_connection(&mut self, ends: &Endpoints) {
        if let Some(gone) = self.connections.remove(ends) {
            self.buffered_bytes = self.buffered_bytes.saturating_sub(gone.conversation.buffered_bytes());
        }
    }

    /// Adds each answer once: every WMI call produces the same one again.
    fn answer(&mut self, entries: Vec<String>, server: IpAddr, rows: &mut AddressCollector<'_>) {
        if self.answers.contains(&entries) {
            return;
        }
        if self.answers.len() >= MAX_ANSWERS {
            self.dropped += 1;
            return;
        }
        self.answers.insert(entries.clone());
        let entries = entries.into_iter().map(|text| (text, 0)).collect();
        add_answer(rows, &Answer { asked: server.to_string(), entries });
    }
}

/// The packet's headers according to its link type; `None` for an unsupported link type.
fn slice(link: Linktype, data: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    let ip = |offset: usize| data.get(offset..).and_then(|data| LaxSlicedPacket::from_ip(data).ok());
    // Too short for its headers: treat it as an empty packet, not as an unsupported one.
    let nothing = || LaxSlicedPacket::from_ether_type(ether_type::ARP, &[]);
    let packet = match link {
        Linktype::ETHERNET => LaxSlicedPacket::from_ethernet(data).ok(),
        Linktype::RAW | Linktype(12) | Linktype(14) | Linktype::IPV4 | Linktype::IPV6 => ip(0),
        // Loopback of BSD and Npcap: a protocol family of four bytes.
        Linktype::NULL | Linktype::LOOP => ip(4),
        Linktype::LINUX_SLL => ip(16),
        Linktype::LINUX_SLL2 => ip(20),
        _ => return None,
    };
    Some(packet.unwrap_or_else(nothing))
}
