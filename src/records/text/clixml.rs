//! Events of `Export-Clixml`.

use std::io::Read;

use super::objects::take_object;
use super::reader::Reader;
use crate::text::clixml::objects;
use crate::text::decode::TextReader;

/// Longest file that is read; the objects of PowerShell refer to each other across the whole file.
const MAX_FILE: usize = 512 << 20;

pub(super) fn read(mut text: TextReader<impl Read>, reader: &mut Reader<'_>) {
    let mut xml = String::new();
    loop {
        match text.append_to(&mut xml) {
            Ok(true) if xml.len() <= MAX_FILE => {}
            Ok(true) => {
                return reader.read_errors.add(0, || {
                    format!("it is longer than {} MiB; export the log with wevtutil epl", MAX_FILE >> 20)
                });
            }
            Ok(false) => break,
            Err(error) => return reader.stopped(0, &error),
        }
    }
    match objects(&xml) {
        Ok(list) => list.iter().for_each(|object| take_object(object, 0, reader)),
        Err(what) => reader.read_errors.add(0, || format!("it is not valid CLIXML: {what}; export it again")),
    }
}
