//! Parses the stub of a `ServerAlive2` answer: `COMVERSION`, a unique pointer to a `DUALSTRINGARRAY`, and the status (MS-DCOM
//! 3.1.2.5.1.6, 2.2.19).

/// `ncacn_ip_tcp` and `ncadg_ip_udp` (MS-DCOM 2.2.19.3, C706 appendix I): bindings that carry IP addresses and
/// host names. Named pipes and the rest repeat the name with a prefix.
const TOWERS: [u16; 2] = [0x0007, 0x0008];
/// `COMVERSION` is 5.x since the first release (MS-DCOM 2.2.11).
const COM_MAJOR: u16 = 5;

/// Maximum number of positions in an answer that are tried as the start of string bindings.
const MAX_CANDIDATES: usize = 64;

/// The sender's byte order, which the NDR format label states (C706 14.1).
#[derive(Clone, Copy)]
pub(crate) struct ByteOrder {
    pub little: bool,
}

impl ByteOrder {
    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes: [u8; 2] = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }
}

/// The status at the end of an answer, after the bindings and the reserved field; `None` if the answer is cut off.
pub(crate) fn status(stub: &[u8], order: ByteOrder) -> Option<u32> {
    let array = match order.u32(stub, 4)? {
        0 => 8,
        _ => 16 + usize::from(order.u16(stub, 12)?) * 2,
    };
    order.u32(stub, array.next_multiple_of(4) + 4)
}

/// Network addresses of the answer's string bindings in their order; `None` if the bytes are not an answer of `ServerAlive2`.
pub(crate) fn network_addresses(stub: &[u8], order: ByteOrder) -> Option<Vec<String>> {
    if order.u16(stub, 0)? != COM_MAJOR || order.u32(stub, 4)? == 0 {
        return None;
    }
    dual_string_array(stub, 8, order)
}

/// Network addresses of the first string bindings anywhere in the bytes. The answers of `ResolveOxid2` begin with them.
/// Those of `RemoteCreateInstance` have them deep in the activation properties (MS-DCOM 2.2.22.2.8.1).
pub(crate) fn embedded_addresses(stub: &[u8], order: ByteOrder) -> Option<Vec<String>> {
    // Few bytes look like the start of an array. The limit is for a forged answer, in which all of them do.
    let may_begin = |at: &usize| {
        let entries = order.u16(stub, at + 4);
        entries.is_some_and(|n| n > 3 && order.u32(stub, *at) == Some(u32::from(n)))
    };
    (0..stub.len()).step_by(2).filter(may_begin).take(MAX_CANDIDATES).find_map(|at| {
        let found = dual_string_array(stub, at, order)?;
        let is_plain = |text: &String| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        (!found.is_empty() && found.iter().all(is_plain)).then_some(found)
    })
}

/// Network addresses of the conformant `DUALSTRINGARRAY` at `at`: its size as 4 and again as 2 bytes, the offset of the
/// security bindings, and the bindings.
fn dual_string_array(stub: &[u8], at: usize, order: ByteOrder) -> Option<Vec<String>> {
    let (conformance, entries) = (order.u32(stub, at)?, order.u16(stub, at + 4)?);
    let security = usize::from(order.u16(stub, at + 6)?);
    if entries == 0 || conformance != u32::from(entries) || security > usize::from(entries) {
        return None;
    }
    let array = stub.get(at + 8..at + 8 + usize::from(entries) * 2)?;
    let mut units = (0..security).map_while(|i| order.u16(array, i * 2));
    let mut found = Vec::new();
    // A STRINGBINDING is a tower identifier and a string that ends with zero. A zero identifier ends the list.
    while let Some(tower) = units.next().filter(|tower| *tower != 0) {
        let text: Vec<u16> = units.by_ref().take_while(|unit| *unit != 0).collect();
        let text = String::from_utf16_lossy(&text);
        // `192.0.2.1[49667]` of an object's exporter; the resolver's have no endpoint (2.2.19.3).
        let address = text.split('[').next().unwrap_or_default().trim();
        if TOWERS.contains(&tower) && !address.is_empty() {
            found.push(address.to_owned());
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Built from MS-DCOM 2.2.19, with the layout of an answer of Windows Server (COMVERSION 5.7).
    fn stub(bindings: &[(u16, &str)], little: bool) -> Vec<u8> {
        let mut units: Vec<u16> = Vec::new();
        for (tower, text) in bindings {
            units.push(*tower);
            units.extend(text.encode_utf16());
            units.push(0);
        }
        units.push(0);
        let security = u16::try_from(units.len()).unwrap();
        units.extend([9, 0xffff, 0, 10, 0xffff, 0, 0]);
        let entries = u16::try_from(units.len()).unwrap();
        let two = |v: u16| {
            if little { v.to_le_bytes() } else { v.to_be_bytes() }
        };
        let four = |v: u32| {
            if little { v.to_le_bytes() } else { v.to_be_bytes() }
        };
        let mut bytes = [two(5), two(7)].concat();
        bytes.extend(four(0x20000));
        bytes.extend(four(u32::from(entries)));
        bytes.extend([two(entries), two(security)].concat());
        bytes.extend(units.into_iter().flat_map(two));
        bytes.resize(bytes.len().next_multiple_of(4) + 8, 0);
        bytes
    }

    #[test]
    fn both_byte_orders_and_only_ip_towers() {
        for little in [true, false] {
            let bytes = stub(
                &[(7, "SRV1"), (7, "169.254.95.120"), (0x10, "\\\\SRV1"), (8, "192.0.2.1[135]")],
                little,
            );
            let want = ["SRV1", "169.254.95.120", "192.0.2.1"].map(str::to_owned).to_vec();
            assert_eq!(network_addresses(&bytes, ByteOrder { little }), Some(want));
            assert_eq!(status(&bytes, ByteOrder { little }), Some(0));
            assert_eq!(status(&bytes[..bytes.len() - 1], ByteOrder { little }), None);
        }
    }

    #[test]
    fn anything_else_is_refused_at_every_length() {
        let order = ByteOrder { little: true };
        let bytes = stub(&[(7, "SRV1"), (7, "192.0.2.1")], true);
        for length in 0..bytes.len() {
            let _ = network_addresses(&bytes[..length], order);
        }
        assert_eq!(network_addresses(&bytes[..40], order), None);
        // The smallest legal array: four zero units, security at 2.
        let smallest = [5, 0, 7, 0, 0, 0, 2, 0, 4, 0, 0, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(network_addresses(&smallest, order), Some(vec![]));
        assert_eq!(network_addresses(&[0; 64], order), None);
    }

    #[test]
    fn bindings_among_other_values_are_found() {
        for little in [true, false] {
            let bindings = [(7, "SRV1[49667]"), (7, "192.0.2.1[49667]"), (9, "\\\\SRV1[\\PIPE\\x]")];
            let answer = stub(&bindings, little);
            // ResolveOxid2 begins with the pointer, the activation properties have it anywhere.
            for before in [0, 2, 38] {
                let mut bytes = vec![0xee; before];
                bytes.extend(answer.get(4..).unwrap());
                let found = embedded_addresses(&bytes, ByteOrder { little });
                assert_eq!(found, Some(vec!["SRV1".to_owned(), "192.0.2.1".to_owned()]), "{before}");
            }
            assert_eq!(embedded_addresses(&answer[..40], ByteOrder { little }), None);
            assert_eq!(embedded_addresses(&vec![1; 100_000], ByteOrder { little }), None);
        }
    }
}
