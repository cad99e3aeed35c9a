//! Caches decoded contents of records: all fields except time and record ID.
//!
//! A storm logs the same few events again and again. The cache recognises them by the values that their templates use, so that
//! each content is decoded once.

use std::sync::Arc;

use foldhash::HashMap;

use super::record::Content;
use super::template::Program;
use super::values::SubstitutionValues;

/// Maximum number of contents in the cache. A full cache is emptied.
const MAX_CONTENTS: usize = 2048;
/// Longest key in bytes. A record with a longer key is decoded each time.
const MAX_KEY: usize = 1024;

/// The decoded contents by their keys. Each worker has its own cache.
#[derive(Default)]
pub(super) struct ContentCache {
    contents: HashMap<Box<[u8]>, Arc<Content>>,
    /// The key of the record that is being decoded.
    key: Vec<u8>,
    /// Is the key longer than [`MAX_KEY`]?
    too_long: bool,
}

impl ContentCache {
    /// Starts the key of the next record.
    pub(super) fn start(&mut self) {
        self.key.clear();
        self.too_long = false;
    }

    /// Adds the values that the program with this number uses to the key. `None` if a value is outside the chunk.
    pub(super) fn add(
        &mut self,
        number: u64,
        program: &Program,
        values: &SubstitutionValues,
        chunk: &[u8],
    ) -> Option<()> {
        self.key.extend_from_slice(&number.to_le_bytes());
        for &index in &program.used {
            let value = values.get(index);
            self.too_long |= self.key.len() + usize::from(value.len) > MAX_KEY;
            if self.too_long {
                return Some(());
            }
            let [low, high] = value.len.to_le_bytes();
            self.key.extend_from_slice(&[value.kind, low, high]);
            self.key.extend_from_slice(value.bytes(chunk)?);
        }
        Some(())
    }

    /// Adds an absent fragment to the key.
    pub(super) fn add_nothing(&mut self) {
        self.key.extend_from_slice(&u64::MAX.to_le_bytes());
    }

    /// The content with the current key.
    pub(super) fn get(&self) -> Option<&Arc<Content>> {
        if self.too_long { None } else { self.contents.get(&*self.key) }
    }

    /// Stores a content under the current key.
    pub(super) fn keep(&mut self, content: &Arc<Content>) {
        if self.too_long {
            return;
        }
        if self.contents.len() >= MAX_CONTENTS {
            self.contents.clear();
        }
        self.contents.insert(self.key.as_slice().into(), Arc::clone(content));
    }
}
