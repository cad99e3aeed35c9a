//! Records that say the same as one before, but for when and under which number they were logged.
//!
//! A storm writes the same few events again and again. What they say is decoded once; the next one is known by the
//! values that its template uses.

use std::sync::Arc;

use foldhash::HashMap;

use super::record::Content;
use super::template::Program;
use super::values::Values;

/// Contents kept by one worker; when there are more, it begins anew.
const MAX_CONTENTS: usize = 2048;
/// Longest key, in bytes: a record with more to say is decoded each time.
const MAX_KEY: usize = 1024;

/// What was decoded; one per worker.
#[derive(Default)]
pub(super) struct ContentCache {
    contents: HashMap<Box<[u8]>, Arc<Content>>,
    /// Of the record that is being decoded.
    key: Vec<u8>,
    too_long: bool,
}

impl ContentCache {
    pub(super) fn start(&mut self) {
        self.key.clear();
        self.too_long = false;
    }

    /// Adds the values that the program of the definition with this number uses.
    pub(super) fn add(
        &mut self,
        number: u64,
        program: &Program,
        values: &Values,
        chunk: &[u8],
    ) -> Option<()> {
        self.key.extend(number.to_le_bytes());
        for &index in &program.used {
            let value = values.get(index);
            self.too_long |= self.key.len() + usize::from(value.len) > MAX_KEY;
            if self.too_long {
                return Some(());
            }
            self.key.push(value.kind);
            self.key.extend(value.len.to_le_bytes());
            self.key.extend(value.bytes(chunk)?);
        }
        Some(())
    }

    /// A fragment that is not there.
    pub(super) fn add_nothing(&mut self) {
        self.key.extend(u64::MAX.to_le_bytes());
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
