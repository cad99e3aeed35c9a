//! Splits bytes into PDUs of connection-oriented RPC (C706 chapter 12, MS-RPCE 2.2.2).

use super::bindings::ByteOrder;

/// `99fcfec4-5260-101b-bbcb-00aa0021347a` (MS-DCOM 1.9) in a little-endian PDU.
pub(crate) const OBJECT_EXPORTER: [u8; 16] =
    [0xc4, 0xfe, 0xfc, 0x99, 0x60, 0x52, 0x1b, 0x10, 0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a];
/// Operation numbers of the object exporter (MS-DCOM 3.1.2.5.1).
pub(crate) const SERVER_ALIVE2: u16 = 5;
pub(crate) const RESOLVE_OXID2: u16 = 4;
/// `IRemoteSCMActivator`, `000001a0-0000-0000-c000-000000000046` (MS-DCOM 1.9).
const ACTIVATOR: [u8; 16] =
    [0xa0, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46];
/// The activator's operation that answers with the bindings of the new object.
pub(crate) const REMOTE_CREATE_INSTANCE: u16 = 4;

/// Length of the header in bytes.
pub(crate) const HEADER: usize = 16;

/// Types of PDUs.
pub(crate) const REQUEST: u8 = 0;
pub(crate) const RESPONSE: u8 = 2;
pub(crate) const FAULT: u8 = 3;
pub(crate) const BIND: u8 = 11;
pub(crate) const BIND_ACK: u8 = 12;
pub(crate) const BIND_NAK: u8 = 13;
pub(crate) const ALTER_CONTEXT: u8 = 14;

/// Flags of a PDU.
pub(crate) const FIRST_FRAGMENT: u8 = 0x01;
pub(crate) const LAST_FRAGMENT: u8 = 0x02;

pub(crate) fn is_object_exporter(uuid: &[u8], order: ByteOrder) -> bool {
    is_interface(uuid, OBJECT_EXPORTER, order)
}

pub(crate) fn is_activator(uuid: &[u8], order: ByteOrder) -> bool {
    is_interface(uuid, ACTIVATOR, order)
}

/// Are these the bytes of the interface's identifier? Its first three fields are integers in the sender's order.
fn is_interface(uuid: &[u8], mut wanted: [u8; 16], order: ByteOrder) -> bool {
    if !order.little {
        for (from, to) in [(0, 4), (4, 6), (6, 8)] {
            if let Some(field) = wanted.get_mut(from..to) {
                field.reverse();
            }
        }
    }
    uuid == wanted
}

/// A PDU of DCE/RPC, with the fields of its header that are used.
pub(crate) struct Pdu {
    pub kind: u8,
    pub flags: u8,
    pub order: ByteOrder,
    /// The number of the call.
    pub call: u32,
    /// Length of the authentication token in bytes.
    authentication: usize,
    /// The whole PDU with its header.
    pub bytes: Vec<u8>,
}

impl Pdu {
    /// The stub of a response: from byte 24 to the authentication trailer and its padding. `None` if the PDU is too short.
    pub(crate) fn stub(&self) -> Option<&[u8]> {
        let mut end = self.bytes.len();
        if self.authentication > 0 {
            // The sec_trailer has type, level, pad length, a reserved byte and a context. The token follows it.
            let trailer = end.checked_sub(self.authentication + 8)?;
            let padding = usize::from(*self.bytes.get(trailer + 2)?);
            end = trailer.checked_sub(padding)?;
        }
        self.bytes.get(24..end)
    }
}

/// Removes the complete PDUs from the bytes. Bytes that are not a PDU, because the capture began inside one, are dropped.
/// The next PDU usually begins a segment.
pub(crate) fn drain_pdus(ready: &mut Vec<u8>) -> Vec<Pdu> {
    let (mut found, mut at) = (Vec::new(), 0);
    // All PDUs are removed at once. Removing each from the front would copy the rest each time.
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

/// The length of a PDU in bytes, from its header; `None` if the header is incomplete.
pub(crate) fn pdu_length(head: &[u8]) -> Option<usize> {
    let order = ByteOrder { little: head.get(4)? & 0xf0 == 0x10 };
    order.u16(head, 8).map(usize::from)
}

/// The PDU at the start of the bytes and its length in bytes. `Some((None, _))` if the bytes are not a PDU, and `None` if
/// more bytes are needed.
pub(crate) fn first_pdu(bytes: &[u8]) -> Option<(Option<Pdu>, usize)> {
    let head = bytes.get(..HEADER)?;
    let order = ByteOrder { little: head.get(4)? & 0xf0 == 0x10 };
    let length = usize::from(order.u16(head, 8)?);
    let authentication = usize::from(order.u16(head, 10)?);
    let (kind, flags) = (*head.get(2)?, *head.get(3)?);
    // DCE/RPC has the versions 5.0 and 5.1, and kinds up to 20.
    if head.first() != Some(&5) || head.get(1)? > &1 || kind > 20 || length < HEADER {
        return Some((None, bytes.len()));
    }
    let call = order.u32(head, 12)?;
    let bytes = bytes.get(..length)?.to_vec();
    Some((Some(Pdu { kind, flags, order, call, authentication, bytes }), length))
}
