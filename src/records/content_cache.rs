//! Cache of decoded record contents. A content is all of a record except its time and record ID.
//!
//! A storm logs the same few events again and again. The cache recognises them by the values that their
//! template uses, so that each content is decoded once.

use std::sync::Arc;

use foldhash::HashMap;

use super::record::Content;
use super::template::Program;
use super::values::Values;

/// Most contents that one worker keeps. When the cache is full, it starts over.
const MAX_CONTENTS: usize = 2048;
/// Longest key in bytes. A record with a longer one is decoded each time.
const MAX_KEY: usize = 1024;

/// Decoded contents. Each worker has its own cache.
#[derive(Default)]
pub(super) struct ContentCache {
    contents: HashMap<Box<[u8]>, Arc<Content>>,
    /// Key of the record that is being decoded.
    key: Vec<u8>,
    too_long: bool,
}

impl ContentCache {
    pub(super) fn start(&mut self) {
        self.key.clear();
        self.too_long = false;
    }

    /// Adds the values that the program with this number uses to the key.
    pub(super) fn add(
        &mut self,
        number: u64,
        program: &Program,
        values: &Values,
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

    pub(super) fn get(&self) -> Option<&Arc<Content>> {
        if self.too_long { None } else { self.contents.get(&*self.key) }
    }

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
