//! Finds the answers of `IObjectExporter::ServerAlive2` and `ResolveOxid2` and of
//! `IRemoteSCMActivator::RemoteCreateInstance` in the PDUs of a connection (connection-oriented RPC, C706 chapter 12,
//! MS-RPCE 2.2.2).
//!
//! Only the bind has the interface and only the request has the operation, so responses are matched to them by context and
//! call number. If the capture has only the server's side, an answer counts if it parses exactly as one.

use std::collections::HashMap;

use etherparse::TcpSlice;

use super::stream::{Segment, Stream};
use crate::inventory::addresses::server_alive::MAX_STUB;
use crate::inventory::addresses::server_alive::bindings::{embedded_addresses, network_addresses};
use crate::inventory::addresses::server_alive::pdu::{
    ALTER_CONTEXT, BIND, FIRST_FRAGMENT, LAST_FRAGMENT, Pdu, REMOTE_CREATE_INSTANCE, REQUEST, RESOLVE_OXID2,
    RESPONSE, SERVER_ALIVE2, drain_pdus, is_activator, is_object_exporter,
};

/// Maximum number of calls and contexts that are kept for a connection. Windows uses one or two.
const MAX_REMEMBERED: usize = 256;

/// An interface whose answers are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Interface {
    ObjectExporter,
    Activator,
    Other,
}

/// The place of the addresses in an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bindings {
    /// The answer is one array of bindings, as that of `ServerAlive2`.
    Alone,
    /// The bindings are among other values.
    Embedded,
}

impl Bindings {
    fn in_answer(interface: Interface, operation: u16) -> Option<Self> {
        match (interface, operation) {
            (Interface::ObjectExporter, SERVER_ALIVE2) => Some(Self::Alone),
            (Interface::ObjectExporter, RESOLVE_OXID2) => Some(Self::Embedded),
            (Interface::Activator, REMOTE_CREATE_INSTANCE) => Some(Self::Embedded),
            _ => None,
        }
    }
}

/// Both directions of one connection to port 135.
#[derive(Default)]
pub(super) struct Conversation {
    to_server: Stream,
    to_client: Stream,
    /// Presentation contexts and the interfaces that they are bound to.
    contexts: HashMap<u16, Interface>,
    /// Calls that wait for their answer, by call number.
    calls: HashMap<u32, Bindings>,
    /// The capture has data that the client sent.
    has_client_data: bool,
    /// Call number and collected stub of a fragmented answer.
    partial: Option<(u32, Bindings, Vec<u8>)>,
}

impl Conversation {
    /// Returns the bytes that are kept in memory.
    pub(super) fn buffered_bytes(&self) -> usize {
        let partial = self.partial.as_ref().map_or(0, |(_, _, stub)| stub.len());
        self.to_server.buffered_bytes() + self.to_client.buffered_bytes() + partial
    }

    /// Reads a segment from the client.
    pub(super) fn client(&mut self, tcp: &TcpSlice<'_>) {
        let segment = Segment::new(tcp);
        if segment.syn {
            // The port is used for a new connection.
            *self = Conversation::default();
        }
        self.has_client_data |= !segment.data.is_empty();
        self.to_server.push(&segment);
        for pdu in drain_pdus(&mut self.to_server.ready) {
            self.client_pdu(&pdu);
        }
    }

    /// Reads a segment from the server. Returns the network addresses of each answer that it completes.
    pub(super) fn server(&mut self, tcp: &TcpSlice<'_>) -> Vec<Vec<String>> {
        if self.to_client.push(&Segment::new(tcp)) {
            self.partial = None;
        }
        let mut found = Vec::new();
        for pdu in drain_pdus(&mut self.to_client.ready) {
            found.extend(self.server_pdu(&pdu));
        }
        found
    }

    fn client_pdu(&mut self, pdu: &Pdu) -> Option<()> {
        match pdu.kind {
            BIND | ALTER_CONTEXT => {
                // The number of contexts is at offset 24. Each context has an identifier, the number of transfer syntaxes,
                // the abstract syntax, and the transfer syntaxes.
                let count = *pdu.bytes.get(24)?;
                let mut at = 28;
                for _ in 0..count {
                    let id = pdu.order.u16(&pdu.bytes, at)?;
                    let transfers = usize::from(*pdu.bytes.get(at + 2)?);
                    let uuid = pdu.bytes.get(at + 4..at + 20)?;
                    if self.contexts.len() < MAX_REMEMBERED {
                        let interface = match uuid {
                            uuid if is_object_exporter(uuid, pdu.order) => Interface::ObjectExporter,
                            uuid if is_activator(uuid, pdu.order) => Interface::Activator,
                            _ => Interface::Other,
                        };
                        self.contexts.insert(id, interface);
                    }
                    at += 24 + transfers * 20;
                }
            }
            REQUEST if pdu.flags & FIRST_FRAGMENT != 0 => {
                let (context, operation) = (pdu.order.u16(&pdu.bytes, 20)?, pdu.order.u16(&pdu.bytes, 22)?);
                let bindings = match self.contexts.get(&context) {
                    Some(interface) => Bindings::in_answer(*interface, operation),
                    // A capture that began after the bind has no contexts at all.
                    None if self.contexts.is_empty() && operation == SERVER_ALIVE2 => Some(Bindings::Alone),
                    None => None,
                };
                if let Some(bindings) = bindings.filter(|_| self.calls.len() < MAX_REMEMBERED) {
                    self.calls.insert(pdu.call, bindings);
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
            let wanted = known.or_else(|| (!self.has_client_data).then_some(Bindings::Alone));
            self.partial = wanted.map(|bindings| (pdu.call, bindings, Vec::new()));
        }
        let (call, _, so_far) = self.partial.as_mut()?;
        if *call != pdu.call || so_far.len() + stub.len() > MAX_STUB {
            self.partial = None;
            return None;
        }
        so_far.extend_from_slice(stub);
        if pdu.flags & LAST_FRAGMENT == 0 {
            return None;
        }
        let (_, bindings, stub) = self.partial.take()?;
        let found = match bindings {
            Bindings::Alone => network_addresses(&stub, pdu.order),
            Bindings::Embedded => embedded_addresses(&stub, pdu.order),
        };
        found.filter(|found| !found.is_empty())
    }
}
