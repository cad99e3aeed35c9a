//! Connection-oriented RPC (C706 chapter 12, MS-RPCE 2.2.2): which answers on a connection are those of
//! `IObjectExporter::ServerAlive2`.
//!
//! The operation stands only in the request, so calls are matched by their number, and the interface only in
//! the bind. Where the capture has the server's side alone, an answer counts when it reads as one exactly.

use std::collections::{HashMap, HashSet};

use etherparse::TcpSlice;

use super::bindings;
use super::bindings::{Order, network_addresses};
use super::stream::{Segment, Stream};

/// `99fcfec4-5260-101b-bbcb-00aa0021347a` as it stands in a little-endian PDU.
const OBJECT_EXPORTER: [u8; 16] =
    [0xc4, 0xfe, 0xfc, 0x99, 0x60, 0x52, 0x1b, 0x10, 0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a];
const SERVER_ALIVE2: u16 = 5;

const HEADER: usize = 16;
const REQUEST: u8 = 0;
const RESPONSE: u8 = 2;
const BIND: u8 = 11;
const ALTER_CONTEXT: u8 = 14;

const FIRST_FRAGMENT: u8 = 0x01;
const LAST_FRAGMENT: u8 = 0x02;

/// A dual string array has at most 65,535 units and 16 bytes around it.
const MAX_STUB: usize = 160 * 1024;
/// Calls and contexts remembered for a connection; Windows uses one or two.
const MAX_REMEMBERED: usize = 256;

/// Both directions of one connection to port 135.
#[derive(Default)]
pub(super) struct Conversation {
    to_server: Stream,
    to_client: Stream,
    /// Presentation contexts, true where they are bound to the object exporter.
    contexts: HashMap<u16, bool>,
    calls: HashSet<u32>,
    client_seen: bool,
    /// Call number and stub so far of an answer in fragments.
    partial: Option<(u32, Vec<u8>)>,
}

impl Conversation {
    /// Bytes held in memory.
    pub(super) fn held(&self) -> usize {
        let partial = self.partial.as_ref().map_or(0, |(_, stub)| stub.len());
        self.to_server.held() + self.to_client.held() + partial
    }

    pub(super) fn client(&mut self, tcp: &TcpSlice<'_>) {
        let segment = Segment::of(tcp);
        if segment.syn {
            // The port is used anew.
            *self = Conversation::default();
        }
        self.client_seen |= !segment.data.is_empty();
        self.to_server.push(&segment);
        for pdu in take_pdus(&mut self.to_server.ready) {
            self.client_pdu(&pdu);
        }
    }

    /// Answers completed by this segment, as their network addresses.
    pub(super) fn server(&mut self, tcp: &TcpSlice<'_>) -> Vec<Vec<String>> {
        if self.to_client.push(&Segment::of(tcp)) {
            self.partial = None;
        }
        let mut found = Vec::new();
        for pdu in take_pdus(&mut self.to_client.ready) {
            found.extend(self.server_pdu(&pdu));
        }
        found
    }

    fn client_pdu(&mut self, pdu: &Pdu) -> Option<()> {
        match pdu.kind {
            BIND | ALTER_CONTEXT => {
                // Count at 24, then elements: id, number of transfer syntaxes, abstract syntax, those.
                let count = *pdu.bytes.get(24)?;
                let mut at = 28;
                for _ in 0..count {
                    let id = pdu.order.u16(&pdu.bytes, at)?;
                    let transfers = usize::from(*pdu.bytes.get(at + 2)?);
                    let uuid = pdu.bytes.get(at + 4..at + 20)?;
                    if self.contexts.len() < MAX_REMEMBERED {
                        self.contexts.insert(id, is_object_exporter(uuid, pdu.order));
                    }
                    at += 24 + transfers * 20;
                }
            }
            REQUEST if pdu.flags & FIRST_FRAGMENT != 0 => {
                let (context, operation) = (pdu.order.u16(&pdu.bytes, 20)?, pdu.order.u16(&pdu.bytes, 22)?);
                // A capture that began after the bind has no contexts at all.
                let exporter = self.contexts.get(&context).copied().unwrap_or(self.contexts.is_empty());
                if exporter && operation == SERVER_ALIVE2 && self.calls.len() < MAX_REMEMBERED {
                    self.calls.insert(pdu.call);
                }
            }
            _ => {}
        }
        Some(())
    }

    fn server_pdu(&mut self, pdu: &Pdu) -> Option<Vec<String>> {
        if pdu.kind != RESPONSE {
            return None;
        }
        let stub = pdu.stub()?;
        if pdu.flags & FIRST_FRAGMENT != 0 {
            let known = self.calls.remove(&pdu.call);
            let wanted = known || !self.client_seen;
            self.partial = wanted.then(|| (pdu.call, Vec::new()));
        }
        let (call, so_far) = self.partial.as_mut()?;
        if *call != pdu.call || so_far.len() + stub.len() > MAX_STUB {
            self.partial = None;
            return None;
        }
        so_far.extend_from_slice(stub);
        if pdu.flags & LAST_FRAGMENT == 0 {
            return None;
        }
        let (_, stub) = self.partial.take()?;
        network_addresses(&stub, pdu.order).filter(|found| !found.is_empty())
    }
}

/// The first three fields of an identifier are integers in the sender's order.
fn is_object_exporter(uuid: &[u8], order: Order) -> bool {
    let mut wanted = OBJECT_EXPORTER;
    if !order.little {
        for (from, to) in [(0, 4), (4, 6), (6, 8)] {
            if let Some(field) = wanted.get_mut(from..to) {
                field.reverse();
            }
        }
    }
    uuid == wanted
}

struct Pdu {
    kind: u8,
    flags: u8,
    order: Order,
    call: u32,
    authentication: usize,
    bytes: Vec<u8>,
}

impl Pdu {
    /// A response's stub: after 24 bytes, before the authentication trailer and its padding.
    fn stub(&self) -> Option<&[u8]> {
        let mut end = self.bytes.len();
        if self.authentication > 0 {
            // sec_trailer: type, level, pad length, reserved, context; then the token.
            let trailer = end.checked_sub(self.authentication + 8)?;
            let padding = usize::from(*self.bytes.get(trailer + 2)?);
            end = trailer.checked_sub(padding)?;
        }
        self.bytes.get(24..end)
    }
}

/// Takes the whole PDUs off the bytes. Bytes that are no PDU (a capture that began inside one) are dropped up
/// to the segment's end, where the next one mostly begins.
fn take_pdus(ready: &mut Vec<u8>) -> Vec<Pdu> {
    let (mut found, mut at) = (Vec::new(), 0);
    // Drained once: taking each off the front would copy the rest each time.
    while let Some((pdu, length)) = ready.get(at..).and_then(first_pdu) {
        at += length;
        match pdu {
            Some(pdu) => found.push(pdu),
            None => at = ready.len(),
        }
    }
    ready.drain(..at.min(ready.len()));
    found
}

/// The PDU the bytes begin with and its length, no PDU where they begin with none, nothing when more bytes are
/// needed.
fn first_pdu(bytes: &[u8]) -> Option<(Option<Pdu>, usize)> {
    let head = bytes.get(..HEADER)?;
    let order = bindings::Order { little: head.get(4)? & 0xf0 == 0x10 };
    let length = usize::from(order.u16(head, 8)?);
    let authentication = usize::from(order.u16(head, 10)?);
    let (kind, flags) = (*head.get(2)?, *head.get(3)?);
    // Version 5.0 or 5.1; twenty kinds.
    if head.first() != Some(&5) || head.get(1)? > &1 || kind > 20 || length < HEADER {
        return Some((None, bytes.len()));
    }
    let call = order.u32(head, 12)?;
    let bytes = bytes.get(..length)?.to_vec();
    Some((Some(Pdu { kind, flags, order, call, authentication, bytes }), length))
}
