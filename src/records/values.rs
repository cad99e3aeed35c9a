//! Reads the substitution values of a record and writes their text, exactly as the `evtx` crate writes it in XML.

use std::fmt::Write;

use jiff::Timestamp;

use super::binxml::Instance;
use crate::chunks::bytes::{u16_at, u32_at, u64_at};

/// Maximum number of values of an instance. No template of Windows has as many.
const MAX_VALUES: usize = 96;

/// The type of a null value. This and the following constants are the value types of MS-EVEN6 2.2.12.
pub const NULL: u8 = 0x00;
pub const TEXT: u8 = 0x01;
const ANSI: u8 = 0x02;
pub const U8: u8 = 0x04;
pub const U16: u8 = 0x06;
pub const U64: u8 = 0x0a;
pub const BINARY: u8 = 0x0e;
pub const FILETIME: u8 = 0x11;
pub const SYSTEMTIME: u8 = 0x12;
const SID: u8 = 0x13;
pub const BINXML: u8 = 0x21;
pub const TEXT_ARRAY: u8 = 0x81;

/// The type and the position of a value in the chunk.
#[derive(Debug, Clone, Copy, Default)]
pub struct SubstitutionValue {
    /// A value type, such as [`TEXT`].
    pub kind: u8,
    /// Offset in the chunk.
    pub at: u32,
    /// Length in bytes.
    pub len: u16,
}

/// The values of one template instance.
///
/// The positions of the previous instance are reused as far as the types and lengths are the same, which they usually are.
pub struct SubstitutionValues {
    /// Offsets are relative to the first value.
    values: [SubstitutionValue; MAX_VALUES],
    descriptors: [[u8; 4]; MAX_VALUES],
    /// Number of values before the first SID. Their positions depend only on the descriptors; the length of a SID is in its data.
    reusable: usize,
    /// Offset of the first value in the chunk.
    first: u32,
    /// Number of values.
    count: usize,
    /// Offset of the end of the last value in the chunk.
    pub end: usize,
}

impl Default for SubstitutionValues {
    fn default() -> Self {
        let (values, descriptors) = ([SubstitutionValue::default(); MAX_VALUES], [[0; 4]; MAX_VALUES]);
        Self { values, descriptors, reusable: 0, first: 0, count: 0, end: 0 }
    }
}

/// The length of a value in bytes by its type, or one of the following marks. A table is fast, and every value of a decoded
/// record needs it.
const LENGTHS: [u32; 256] = {
    let mut lengths = [UNUSUAL; 256];
    let mut kind = 0;
    while kind < lengths.len() {
        lengths[kind] = match kind as u8 {
            NULL | ANSI | BINARY | BINXML => DECLARED,
            TEXT | TEXT_ARRAY => IN_UTF_16,
            0x03 | U8 => 1,
            0x05 | U16 => 2,
            0x07 | 0x08 | 0x0d | 0x14 => 4,
            0x09 | U64 | FILETIME | 0x15 => 8,
            0x0f | SYSTEMTIME => 16,
            SID => IN_SID,
            _ => UNUSUAL,
        };
        kind += 1;
    }
    lengths
};
/// The length is in the descriptor.
const DECLARED: u32 = 1 << 16;
/// The length is in the descriptor and is even.
const IN_UTF_16: u32 = 2 << 16;
/// The length follows from the value's bytes.
const IN_SID: u32 = 3 << 16;
/// Only the `evtx` crate reads the type.
const UNUSUAL: u32 = 4 << 16;

impl SubstitutionValues {
    /// Reads the descriptors of `instance`. `None` if a value does not have the length of its type, so that only the `evtx` crate
    /// can find the next value.
    pub fn read(&mut self, chunk: &[u8], instance: Instance) -> Option<()> {
        if instance.count > MAX_VALUES {
            return None;
        }
        let descriptors = descriptors(chunk, instance)?;
        let before = self.descriptors.get(..self.reusable)?.iter().zip(descriptors);
        let same = before.take_while(|(before, now)| before == now).count();
        self.reusable = same;
        self.first = u32::try_from(instance.descriptors + instance.count * 4).ok()?;
        let last = same.checked_sub(1).and_then(|last| self.values.get(last));
        let mut end = self.first + last.map_or(0, |last| last.at + u32::from(last.len));
        let new = same..instance.count;
        let kept = self.descriptors.get_mut(new.clone())?;
        kept.copy_from_slice(descriptors.get(new.clone())?);
        let mut sids = 0;
        for (slot, descriptor) in self.values.get_mut(new)?.iter_mut().zip(kept) {
            let len = sound_len(chunk, end as usize, *descriptor)?;
            *slot = SubstitutionValue { kind: descriptor[2], at: end - self.first, len: len as u16 };
            sids += usize::from(slot.kind == SID);
            self.reusable += usize::from(sids == 0);
            end += len as u32;
        }
        self.count = instance.count;
        self.end = end as usize;
        (self.end <= chunk.len()).then_some(())
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// The value with this index. A missing value is null.
    pub fn get(&self, index: u16) -> SubstitutionValue {
        self.values
            .get(..self.count)
            .and_then(|values| values.get(usize::from(index)))
            .map(|value| SubstitutionValue { at: self.first + value.at, ..*value })
            .unwrap_or_default()
    }
}

/// The value of an instance with this index, found by the lengths of the values before it. Later values are not checked.
pub fn value_of(chunk: &[u8], instance: Instance, index: u16) -> Option<SubstitutionValue> {
    let descriptors = descriptors(chunk, instance)?.get(..=usize::from(index))?;
    let mut at = instance.descriptors + instance.count * 4;
    let (&last, before) = descriptors.split_last()?;
    for descriptor in before {
        at += sound_len(chunk, at, *descriptor)?;
    }
    let len = sound_len(chunk, at, last)?;
    Some(SubstitutionValue { kind: last[2], at: u32::try_from(at).ok()?, len: len as u16 })
}

/// The descriptors of an instance: length (2 bytes), type and a reserved byte of each value.
fn descriptors(chunk: &[u8], instance: Instance) -> Option<&[[u8; 4]]> {
    let bytes = chunk.get(instance.descriptors..)?.get(..instance.count.checked_mul(4)?)?;
    Some(bytes.as_chunks().0)
}

/// The length of the value at `at` in bytes. `None` if it is not the length of its type.
#[inline(always)]
fn sound_len(chunk: &[u8], at: usize, descriptor: [u8; 4]) -> Option<usize> {
    let descriptor = u32::from_le_bytes(descriptor);
    let len = descriptor & 0xffff;
    let length = LENGTHS[(descriptor >> 16 & 0xff) as usize];
    let sound = length == len
        || match length {
            DECLARED => true,
            IN_UTF_16 => len.is_multiple_of(2),
            IN_SID => sid_len(chunk, at) == Some(len as usize),
            _ => false,
        };
    sound.then_some(len as usize)
}

fn sid_len(chunk: &[u8], at: usize) -> Option<usize> {
    Some(8 + 4 * usize::from(*chunk.get(at + 1)?))
}

impl SubstitutionValue {
    pub fn bytes(self, chunk: &[u8]) -> Option<&[u8]> {
        chunk.get(self.at as usize..)?.get(..usize::from(self.len))
    }

    /// The number in an unsigned value of 8 or 16 bits.
    pub fn small_number(self, chunk: &[u8]) -> Option<u16> {
        match self.kind {
            U8 => chunk.get(self.at as usize).map(|n| u16::from(*n)),
            U16 => u16_at(chunk, self.at as usize),
            _ => None,
        }
    }

    /// The number in an unsigned value of 64 bits.
    pub fn number(self, chunk: &[u8]) -> Option<u64> {
        (self.kind == U64).then(|| u64_at(chunk, self.at as usize)).flatten()
    }

    /// The time in a FILETIME value. `None` if it is out of range.
    pub fn time(self, chunk: &[u8]) -> Option<Timestamp> {
        match self.kind {
            FILETIME => filetime(u64_at(chunk, self.at as usize)?),
            _ => None,
        }
    }

    /// Appends the text of the value. `None` if only the `evtx` crate can write it.
    pub fn write(self, chunk: &[u8], out: &mut String) -> Option<()> {
        let at = self.at as usize;
        match self.kind {
            NULL => {}
            TEXT => {
                write_utf16(self.bytes(chunk)?, out)?;
            }
            // The text of other bytes depends on a code page.
            ANSI => {
                let text = self.bytes(chunk)?;
                let printable = text.iter().all(|byte| matches!(byte, 0 | 0x20..0x7f));
                printable.then_some(())?;
                out.extend(text.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte)));
            }
            0x03 => write_number(out, i8::from_le_bytes([*chunk.get(at)?])),
            U8 => write_number(out, *chunk.get(at)?),
            0x05 => write_number(out, u16_at(chunk, at)?.cast_signed()),
            U16 => write_number(out, u16_at(chunk, at)?),
            0x07 => write_number(out, u32_at(chunk, at)?.cast_signed()),
            0x08 => write_number(out, u32_at(chunk, at)?),
            0x09 => write_number(out, u64_at(chunk, at)?.cast_signed()),
            U64 => write_number(out, u64_at(chunk, at)?),
            // Windows writes bit masks into some booleans. The crate shows them as numbers.
            0x0d => match u32_at(chunk, at)? {
                0 => out.push_str("false"),
                1 => out.push_str("true"),
                other => write_number(out, other.cast_signed()),
            },
            BINARY => {
                for byte in self.bytes(chunk)? {
                    out.push(hex_digit(byte >> 4));
                    out.push(hex_digit(byte & 15));
                }
            }
            0x0f => write_guid(self.bytes(chunk)?, out)?,
            FILETIME => write_time(filetime(u64_at(chunk, at)?)?, out),
            SID => write_sid(self.bytes(chunk)?, out)?,
            0x14 => write_fmt(out, format_args!("0x{:x}", u32_at(chunk, at)?)),
            0x15 => write_fmt(out, format_args!("0x{:x}", u64_at(chunk, at)?)),
            _ => return None,
        }
        Some(())
    }

    /// Passes each text of an array to `callback`. `None` if the last text does not end with NUL.
    pub fn items(self, chunk: &[u8], mut callback: impl FnMut(&[u8])) -> Option<()> {
        let (units, _) = self.bytes(chunk)?.as_chunks::<2>();
        if units.last().is_some_and(|last| *last != [0, 0]) {
            return None;
        }
        for text in units.split_inclusive(|unit| *unit == [0, 0]) {
            let text = text.split_last().map_or(text, |(_, text)| text);
            callback(text.as_flattened());
        }
        Some(())
    }
}

/// Seconds from 1601-01-01 to 1970-01-01.
const EPOCH_1601: i64 = 11_644_473_600;

/// Converts a FILETIME, which counts units of 100 ns since 1601, to a timestamp. `None` if it is out of range.
pub fn filetime(ticks: u64) -> Option<Timestamp> {
    let seconds = i64::try_from(ticks / 10_000_000).ok()? - EPOCH_1601;
    Timestamp::new(seconds, (ticks % 10_000_000 * 100) as i32).ok()
}

fn write_fmt(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = out.write_fmt(text);
}

fn write_number(out: &mut String, number: impl std::fmt::Display) {
    write_fmt(out, format_args!("{number}"));
}

fn hex_digit(value: u8) -> char {
    char::from(if value < 10 { b'0' + value } else { b'A' - 10 + value })
}

fn write_time(time: Timestamp, out: &mut String) {
    let t = jiff::tz::Offset::UTC.to_datetime(time);
    write_fmt(
        out,
        format_args!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
            t.year(),
            t.month(),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.subsec_nanosecond() / 100
        ),
    );
}

fn write_guid(bytes: &[u8], out: &mut String) -> Option<()> {
    let (a, b, c) = (u32_at(bytes, 0)?, u16_at(bytes, 4)?, u16_at(bytes, 6)?);
    let [d0, d1, e @ ..]: [u8; 8] = *bytes.get(8..)?.first_chunk()?;
    write_fmt(out, format_args!("{{{a:08x}-{b:04x}-{c:04x}-{d0:02x}{d1:02x}-"));
    for byte in e {
        write_fmt(out, format_args!("{byte:02x}"));
    }
    out.push('}');
    Some(())
}

fn write_sid(bytes: &[u8], out: &mut String) -> Option<()> {
    let [revision, _, authority @ ..]: [u8; 8] = *bytes.first_chunk()?;
    let mut span = [0; 8];
    span.get_mut(2..)?.copy_from_slice(&authority);
    write_fmt(out, format_args!("S-{revision}-{}", u64::from_be_bytes(span)));
    for sub in bytes.get(8..)?.as_chunks::<4>().0 {
        write_fmt(out, format_args!("-{}", u32::from_le_bytes(*sub)));
    }
    Some(())
}

/// Number of UTF-16 units that are converted at once, in one or two vector registers.
const BLOCK: usize = 16;

/// Converts UTF-16 to ASCII, if all characters are printable ASCII. Nearly all text is.
#[inline]
fn narrow(units: &[[u8; 2]; BLOCK]) -> Option<[u8; BLOCK]> {
    let (mut narrow, mut other) = ([0; BLOCK], 0);
    for (narrow, [low, high]) in narrow.iter_mut().zip(units) {
        *narrow = *low;
        other |= *high | u8::from(low.wrapping_sub(0x20) >= 0x5f);
    }
    (other == 0).then_some(narrow)
}

/// Appends UTF-16 text up to its end or the first NUL. `None` if it has unpaired surrogates, or characters that XML cannot
/// contain and the `evtx` crate replaces.
pub fn write_utf16(bytes: &[u8], out: &mut String) -> Option<()> {
    let (units, _) = bytes.as_chunks::<2>();
    let (blocks, rest) = units.as_chunks::<BLOCK>();
    let mut done = 0;
    for block in blocks {
        let Some(narrow) = narrow(block) else { break };
        out.push_str(std::str::from_utf8(&narrow).ok()?);
        done += BLOCK;
    }
    if done == blocks.len() * BLOCK {
        let mut last = [[b' ', 0]; BLOCK];
        last.get_mut(..rest.len())?.copy_from_slice(rest);
        if let Some(narrow) = narrow(&last) {
            out.push_str(std::str::from_utf8(narrow.get(..rest.len())?).ok()?);
            return Some(());
        }
    }
    let rest = units.get(done..)?.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    for c in char::decode_utf16(rest) {
        match c {
            Ok('\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..) => out.push(c.ok()?),
            _ => return None,
        }
    }
    Some(())
}
