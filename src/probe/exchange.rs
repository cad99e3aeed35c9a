//! Makes one ServerAlive2 call over one connection: sends Bind and Request, and reads the answer within fixed limits.

use std::io::{self, Read, Write};

use super::failure::Failure;
use crate::inventory::addresses::server_alive::MAX_STUB;
use crate::inventory::addresses::server_alive::bindings::{network_addresses, status};
use crate::inventory::addresses::server_alive::pdu::{
    BIND, BIND_ACK, BIND_NAK, FAULT, FIRST_FRAGMENT, HEADER, LAST_FRAGMENT, OBJECT_EXPORTER, Pdu, REQUEST,
    RESPONSE, SERVER_ALIVE2, first_pdu, pdu_length,
};

/// `8a885d04-1ceb-11c9-9fe8-08002b104860` version 2: NDR, the 32-bit transfer syntax (C706 14).
const NDR: [u8; 20] = [
    0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2, 0, 0,
    0,
];
/// The largest fragment in bytes that Windows sends and asks for over TCP.
const FRAGMENT: u16 = 5840;
/// Number of the only presentation context.
const CONTEXT: u16 = 0;
/// Call number of the Bind.
const BIND_CALL: u32 = 1;
/// Call number of the Request.
const REQUEST_CALL: u32 = 2;
/// Maximum number of bytes read from a host: the largest answer in fragments of 1,432 bytes, the smallest that C706
/// 12.6.3.1 allows.
const MAX_BYTES: usize = MAX_STUB + MAX_STUB / 8;
/// Maximum number of addresses and names of one answer. A host has some ten. The array has room for 21,845.
const MAX_ENTRIES: usize = 1024;
/// Longest name or address in bytes. A name in the DNS has at most 253 characters.
const MAX_ENTRY: usize = 255;

/// Why the exchange failed: the connection, or the host's answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExchangeError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Answer(#[from] Failure),
}

/// Names and addresses in whatever a host sends on `stream`; `None` if it is not an answer. For the fuzz target.
pub fn server_alive2(stream: &mut (impl Read + Write)) -> Option<Vec<String>> {
    call(stream).ok()
}

/// Binds to the object exporter, calls ServerAlive2, and returns the network addresses of the answer in its order.
pub(super) fn call(stream: &mut (impl Read + Write)) -> Result<Vec<String>, ExchangeError> {
    let mut input = PduReader { stream, left: MAX_BYTES };
    input.stream.write_all(&bind_pdu())?;
    check_bind(&input.pdu()?)?;
    input.stream.write_all(&request_pdu())?;
    let mut stub: Vec<u8> = Vec::new();
    let mut first = true;
    loop {
        let pdu = input.pdu()?;
        check_response(&pdu, first)?;
        let part = pdu.stub().ok_or(Failure::Malformed("a fragment ends inside its header"))?;
        if stub.len() + part.len() > MAX_STUB {
            return Err(Failure::Malformed("it is larger than any list of addresses can be").into());
        }
        stub.extend_from_slice(part);
        first = false;
        if pdu.flags & LAST_FRAGMENT == 0 {
            continue;
        }
        let status =
            status(&stub, pdu.order).ok_or(Failure::Malformed("it ends before the status of the call"))?;
        if status != 0 {
            return Err(Failure::from_status(status).into());
        }
        let entries = network_addresses(&stub, pdu.order)
            .ok_or(Failure::Malformed("it does not hold a list of bindings"))?;
        if entries.len() > MAX_ENTRIES {
            return Err(Failure::Malformed("it lists more than 1,024 addresses").into());
        }
        return Ok(entries.into_iter().filter(|entry| entry.len() <= MAX_ENTRY).collect());
    }
}

/// Reads the PDUs that a host sends.
struct PduReader<'s, S> {
    stream: &'s mut S,
    /// Bytes that may still be read.
    left: usize,
}

impl<S: Read> PduReader<'_, S> {
    fn pdu(&mut self) -> Result<Pdu, ExchangeError> {
        let mut bytes = vec![0; HEADER];
        self.stream.read_exact(&mut bytes)?;
        let length = match first_pdu(&bytes) {
            Some((None, _)) => {
                return Err(Failure::Malformed("it does not speak connection-oriented RPC").into());
            }
            // The header is complete, the rest is not read yet.
            _ => pdu_length(&bytes).unwrap_or(HEADER),
        };
        self.left = self
            .left
            .checked_sub(length)
            .ok_or(Failure::Malformed("it is larger than any list of addresses can be"))?;
        bytes.resize(length.max(HEADER), 0);
        self.stream.read_exact(bytes.get_mut(HEADER..).unwrap_or_default())?;
        match first_pdu(&bytes) {
            Some((Some(pdu), _)) => Ok(pdu),
            _ => Err(Failure::Malformed("it does not speak connection-oriented RPC").into()),
        }
    }
}

fn check_bind(pdu: &Pdu) -> Result<(), Failure> {
    let malformed = || Failure::Malformed("the acknowledgement of the bind is cut");
    match pdu.kind {
        BIND_ACK if pdu.call == BIND_CALL => {
            // Offset 24 has the length of the secondary address and the address. The next multiple of 4 has the number of
            // results and the first result (C706 12.6.4.4).
            let address = usize::from(pdu.order.u16(&pdu.bytes, 24).ok_or_else(malformed)?);
            let results = (26 + address).next_multiple_of(4);
            let count = *pdu.bytes.get(results).ok_or_else(malformed)?;
            let result = pdu.order.u16(&pdu.bytes, results + 4).ok_or_else(malformed)?;
            let reason = pdu.order.u16(&pdu.bytes, results + 6).ok_or_else(malformed)?;
            match (count, result, reason) {
                (1, 0, _) => Ok(()),
                // Abstract syntax not supported.
                (1, 1 | 2, 1) => Err(Failure::NoObjectExporter),
                (1, 1 | 2, reason) => Err(Failure::BindRejected(reason)),
                _ => Err(Failure::Malformed("the acknowledgement of the bind is for another context")),
            }
        }
        BIND_NAK => match pdu.order.u16(&pdu.bytes, 16) {
            Some(reason) => Err(Failure::BindRejected(reason)),
            None => Err(malformed()),
        },
        FAULT => Err(fault(pdu)),
        _ => Err(Failure::Malformed("the first PDU does not acknowledge the bind")),
    }
}

/// Fails if the PDU is not the next fragment of the answer.
fn check_response(pdu: &Pdu, first: bool) -> Result<(), Failure> {
    match pdu.kind {
        FAULT => return Err(fault(pdu)),
        RESPONSE => {}
        _ => return Err(Failure::Malformed("a PDU that is not a response came instead")),
    }
    if pdu.call != REQUEST_CALL {
        return Err(Failure::Malformed("it belongs to another call"));
    }
    if pdu.order.u16(&pdu.bytes, 20) != Some(CONTEXT) {
        return Err(Failure::Malformed("it belongs to another presentation context"));
    }
    if (pdu.flags & FIRST_FRAGMENT != 0) != first {
        return Err(Failure::Malformed("its fragments are out of order"));
    }
    Ok(())
}

fn fault(pdu: &Pdu) -> Failure {
    match pdu.order.u32(&pdu.bytes, 24) {
        Some(status) => Failure::from_status(status),
        None => Failure::Malformed("a fault without a status"),
    }
}

/// A PDU of version 5.0 in one fragment, little-endian with ASCII and IEEE floats (C706 12.6.3.1, 14.1).
fn pdu(kind: u8, call: u32, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(HEADER + body.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![5, 0, kind, FIRST_FRAGMENT | LAST_FRAGMENT, 0x10, 0, 0, 0];
    bytes.extend(length.to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(call.to_le_bytes());
    bytes.extend(body);
    bytes
}

/// The Bind, with one presentation context: the object exporter, version 0.0, in NDR.
fn bind_pdu() -> Vec<u8> {
    let mut body = [FRAGMENT.to_le_bytes(), FRAGMENT.to_le_bytes()].concat();
    // Association group: a new one.
    body.extend([0; 4]);
    body.extend([1, 0, 0, 0]);
    body.extend(CONTEXT.to_le_bytes());
    body.extend([1, 0]);
    body.extend(OBJECT_EXPORTER);
    body.extend([0; 4]);
    body.extend(NDR);
    pdu(BIND, BIND_CALL, &body)
}

/// The Request for ServerAlive2, which has no arguments.
fn request_pdu() -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend(CONTEXT.to_le_bytes());
    body.extend(SERVER_ALIVE2.to_le_bytes());
    pdu(REQUEST, REQUEST_CALL, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host that sends `sent` and keeps the requests in `got`.
    struct Script {
        sent: io::Cursor<Vec<u8>>,
        got: Vec<u8>,
    }

    impl Read for Script {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            // A byte at a time is allowed.
            let end = to.len().min(1);
            self.sent.read(&mut to[..end])
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.got.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }

    fn ack(result: u16, reason: u16) -> Vec<u8> {
        let mut body = hex("d016d01601000000040031333500");
        body.extend([0, 0]);
        body.extend([1, 0, 0, 0]);
        body.extend([result.to_le_bytes(), reason.to_le_bytes()].concat());
        body.extend(NDR);
        pdu(BIND_ACK, BIND_CALL, &body)
    }

    /// The answer of a Windows Server (COMVERSION 5.7): DC01, 192.168.56.115.
    fn stub() -> Vec<u8> {
        hex("05000700000002002d0000002d00170007004400430030003100000007003100390032002e003100360038002e00350036002e0031003100350000000000\
             0900ffff00001e00ffff00001000ffff00000a00ffff00001600ffff00001f00ffff00000e00ffff00000000000000000000000000 00"
            .replace(' ', "").as_str())
    }

    fn response(stub: &[u8], flags: u8) -> Vec<u8> {
        let mut bytes = pdu(RESPONSE, REQUEST_CALL, &[&[0; 8], stub].concat());
        bytes[3] = flags;
        bytes
    }

    fn asked(sent: Vec<u8>) -> (Result<Vec<String>, String>, Vec<u8>) {
        let mut script = Script { sent: io::Cursor::new(sent), got: Vec::new() };
        let result = call(&mut script).map_err(|error| match error {
            ExchangeError::Io(error) => error.to_string(),
            ExchangeError::Answer(failure) => failure.to_string(),
        });
        (result, script.got)
    }

    fn failure(sent: &[Vec<u8>]) -> String {
        asked(sent.concat()).0.unwrap_err()
    }

    #[test]
    fn the_request_is_the_one_that_dcom_makes() {
        let (result, got) = asked([ack(0, 0), response(&stub(), 3)].concat());
        assert_eq!(result.unwrap(), ["DC01", "192.168.56.115"]);
        // As public tools have it in bytes, but for the fragment size and the number of the call.
        let bind = "05000b03100000004800000001000000d016d016000000000100000000000100\
                    c4fefc9960521b10bbcb00aa0021347a00000000045d888aeb1cc9119fe808002b10486002000000";
        let request = "050000031000000018000000020000000000000000000500";
        assert_eq!(got, hex(&format!("{bind}{request}")));
    }

    #[test]
    fn fragments_are_joined_and_bounded() {
        let stub = stub();
        let parts = [response(&stub[..50], 1), response(&stub[50..51], 0), response(&stub[51..], 2)];
        assert_eq!(asked([vec![ack(0, 0)], parts.to_vec()].concat().concat()).0.unwrap().len(), 2);
        let endless: Vec<Vec<u8>> = std::iter::once(ack(0, 0))
            .chain(std::iter::once(response(&[0; 5000], 1)))
            .chain(std::iter::repeat_n(response(&[0; 5000], 0), 100))
            .collect();
        assert!(failure(&endless).contains("larger than any list"));
        // Empty fragments add nothing to the answer and still count.
        let empty: Vec<Vec<u8>> = [ack(0, 0), response(&[], 1)]
            .into_iter()
            .chain(std::iter::repeat_n(response(&[], 0), 100_000))
            .collect();
        assert!(failure(&empty).contains("larger than any list"));
        assert!(failure(&[ack(0, 0), response(&stub, 2)]).contains("out of order"));
    }

    #[test]
    fn every_refusal_has_its_own_sentence() {
        let fault = |status: u32| pdu(FAULT, REQUEST_CALL, &[&[0; 8][..], &status.to_le_bytes()].concat());
        let nak = pdu(BIND_NAK, BIND_CALL, &[4, 0, 0]);
        let of_other_call = {
            let mut bytes = response(&stub(), 3);
            bytes[12] = 9;
            bytes
        };
        let of_other_context = {
            let mut bytes = response(&stub(), 3);
            bytes[20] = 1;
            bytes
        };
        let with_status = {
            let mut stub = stub();
            let end = stub.len();
            stub[end - 4] = 5;
            response(&stub, 3)
        };
        let cases: [(&[Vec<u8>], &str); 12] = [
            (&[ack(2, 1)], "no object exporter"),
            (&[ack(2, 2)], "bind_nak, reason 2"),
            (&[nak], "bind_nak, reason 4"),
            (&[fault(5)], "access denied"),
            (&[ack(0, 0), fault(5)], "access denied"),
            (&[ack(0, 0), fault(0x1c01_0002)], "older than version 5.6"),
            (&[ack(0, 0), fault(0x1c01_0014)], "too busy"),
            (&[ack(0, 0), of_other_call], "another call"),
            (&[ack(0, 0), of_other_context], "another presentation context"),
            (&[ack(0, 0), with_status], "access denied"),
            (&[b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()], "connection-oriented RPC"),
            (&[ack(0, 0), response(&[7; 40], 3)], "not valid"),
        ];
        for (sent, sentence) in cases {
            let failure = failure(sent);
            assert!(failure.contains(sentence), "{sentence:?} is not in {failure:?}");
        }
    }

    #[test]
    fn an_answer_cut_anywhere_is_no_answer() {
        let whole = [ack(0, 0), response(&stub(), 3)].concat();
        for length in 0..whole.len() {
            assert!(asked(whole[..length].to_vec()).0.is_err(), "{length}");
        }
        // Cut inside the PDU, with a length that says so.
        let stub = stub();
        for length in 0..stub.len() {
            assert!(asked([ack(0, 0), response(&stub[..length], 3)].concat()).0.is_err(), "{length}");
        }
    }

    #[test]
    fn the_longest_list_is_refused() {
        let mut units: Vec<u16> = Vec::new();
        while units.len() < 65_532 {
            units.extend([7, u16::from(b'1'), 0]);
        }
        units.resize(65_535, 0);
        let mut stub = hex("0500070000000200ffff0000fffffeff");
        stub.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        stub.resize(stub.len().next_multiple_of(4) + 8, 0);
        let mut sent = vec![ack(0, 0)];
        let parts: Vec<&[u8]> = stub.chunks(5816).collect();
        for (i, part) in parts.iter().enumerate() {
            let flags = u8::from(i == 0) | if i + 1 == parts.len() { 2 } else { 0 };
            sent.push(response(part, flags));
        }
        assert!(failure(&sent).contains("more than 1,024"), "{}", failure(&sent));
    }
}
