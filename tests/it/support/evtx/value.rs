//! The values of a record and their bytes in the substitution array.

/// A typed value. The type byte is that of the BinXml value types.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    /// Type null with bytes: Windows 10 leaves what was in its buffer.
    Stale(Vec<u8>),
    Text(String),
    /// An array of strings (0x81): all insertion strings of a classic event without a manifest.
    Texts(Vec<String>),
    U8(u8),
    U16(u16),
    I32(i32),
    U32(u32),
    U64(u64),
    Bool(bool),
    Binary(Vec<u8>),
    /// In the byte order of a file: the first three fields are little-endian.
    Guid([u8; 16]),
    FileTime(u64),
    Sid(Vec<u8>),
    Hex32(u32),
    Hex64(u64),
}

impl Value {
    pub fn kind(&self) -> u8 {
        match self {
            Value::Null | Value::Stale(_) => 0x00,
            Value::Text(_) => 0x01,
            Value::Texts(_) => 0x81,
            Value::U8(_) => 0x04,
            Value::U16(_) => 0x06,
            Value::I32(_) => 0x07,
            Value::U32(_) => 0x08,
            Value::U64(_) => 0x0a,
            Value::Bool(_) => 0x0d,
            Value::Binary(_) => 0x0e,
            Value::Guid(_) => 0x0f,
            Value::FileTime(_) => 0x11,
            Value::Sid(_) => 0x13,
            Value::Hex32(_) => 0x14,
            Value::Hex64(_) => 0x15,
        }
    }

    /// Appends the value's bytes. `terminated` adds the NUL that Windows 10 writes after a manifest event's
    /// string; the strings of an array always have one.
    pub fn put(&self, out: &mut Vec<u8>, terminated: bool) {
        match self {
            Value::Null => {}
            Value::Stale(bytes) | Value::Binary(bytes) | Value::Sid(bytes) => {
                out.extend_from_slice(bytes);
            }
            Value::Text(text) => {
                put_utf16(out, text);
                if terminated {
                    out.extend_from_slice(&[0, 0]);
                }
            }
            Value::Texts(texts) => {
                for text in texts {
                    put_utf16(out, text);
                    out.extend_from_slice(&[0, 0]);
                }
            }
            Value::U8(v) => out.push(*v),
            Value::U16(v) => out.extend_from_slice(&v.to_le_bytes()),
            Value::I32(v) => out.extend_from_slice(&v.to_le_bytes()),
            Value::U32(v) | Value::Hex32(v) => out.extend_from_slice(&v.to_le_bytes()),
            Value::U64(v) | Value::Hex64(v) | Value::FileTime(v) => {
                out.extend_from_slice(&v.to_le_bytes());
            }
            Value::Bool(v) => out.extend_from_slice(&u32::from(*v).to_le_bytes()),
            Value::Guid(v) => out.extend_from_slice(v),
        }
    }

    /// The value as Windows renders it in XML.
    pub fn text(&self) -> String {
        match self {
            Value::Null | Value::Stale(_) => String::new(),
            Value::Text(text) => text.clone(),
            Value::Texts(texts) => texts.join("\n"),
            Value::U8(v) => v.to_string(),
            Value::U16(v) => v.to_string(),
            Value::I32(v) => v.to_string(),
            Value::U32(v) => v.to_string(),
            Value::U64(v) => v.to_string(),
            Value::Bool(v) => v.to_string(),
            Value::Binary(bytes) => hex(bytes),
            Value::Guid(v) => guid_text(v),
            Value::FileTime(v) => super::event::system_time(*v),
            Value::Sid(bytes) => sid_text(bytes),
            Value::Hex32(v) => format!("{v:#x}"),
            Value::Hex64(v) => format!("{v:#x}"),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<u32> for Value {
    fn from(v: u32) -> Self {
        Value::U32(v)
    }
}

pub fn put_utf16(out: &mut Vec<u8>, text: &str) {
    for unit in text.encode_utf16() {
        out.extend_from_slice(&unit.to_le_bytes());
    }
}

/// Upper-case hexadecimal without separators.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

/// Parses a GUID, with or without braces.
pub fn guid(text: &str) -> Value {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    assert_eq!(digits.len(), 32, "{text} is not a GUID");
    let mut bytes = [0u8; 16];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).expect("hexadecimal");
    }
    bytes[0..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Value::Guid(bytes)
}

fn guid_text(b: &[u8; 16]) -> String {
    format!(
        "{{{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}}}",
        b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]
    )
}

/// Parses a SID such as `S-1-5-18`.
pub fn sid(text: &str) -> Value {
    let mut parts = text.split('-').skip(2).map(|p| p.parse::<u64>().expect("a number"));
    let authority = parts.next().expect("an authority");
    let rest: Vec<u64> = parts.collect();
    let mut bytes = vec![1, u8::try_from(rest.len()).expect("few sub-authorities")];
    bytes.extend_from_slice(&authority.to_be_bytes()[2..]);
    for part in rest {
        bytes.extend_from_slice(&u32::try_from(part).expect("32 bits").to_le_bytes());
    }
    Value::Sid(bytes)
}

fn sid_text(bytes: &[u8]) -> String {
    let mut text = format!("S-{}-{}", bytes[0], bytes[2..8].iter().fold(0u64, |n, b| n << 8 | u64::from(*b)));
    for part in bytes[8..].chunks_exact(4) {
        text.push_str(&format!("-{}", u32::from_le_bytes([part[0], part[1], part[2], part[3]])));
    }
    text
}
