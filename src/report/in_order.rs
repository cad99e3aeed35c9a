//! Rows in their order, formatted on all cores. Their texts are made in pieces, so that memory does not grow with the rows.

use std::io::{self, Write};

use rayon::prelude::*;

/// Rows of a piece. A row has some 7 KB of CSV, and 20 KB of JSON.
const PIECE: usize = 32;

/// Writes `items`: `format` adds the text of some of them to a piece.
pub(crate) fn write_in_order<T: Sync>(
    items: &[T],
    out: &mut dyn Write,
    format: impl Fn(&[T], &mut Vec<u8>) -> io::Result<()> + Sync,
) -> io::Result<()> {
    let mut pieces = vec![Vec::new(); rayon::current_num_threads()];
    for items in items.chunks(PIECE * pieces.len()) {
        items.par_chunks(PIECE).zip(&mut pieces).try_for_each(|(items, piece)| {
            piece.clear();
            format(items, piece)
        })?;
        pieces.iter().take(items.len().div_ceil(PIECE)).try_for_each(|piece| out.write_all(piece))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_stays_and_an_error_ends_it() {
        let numbers: Vec<usize> = (0..10_000).collect();
        let add = |numbers: &[usize], piece: &mut Vec<u8>| {
            numbers.iter().try_for_each(|number| match number {
                9_999 => Err(io::Error::other("the last one")),
                number => writeln!(piece, "{number}"),
            })
        };
        let mut written = Vec::new();
        write_in_order(&numbers[..9_999], &mut written, add).unwrap();
        let lines: Vec<usize> =
            String::from_utf8(written).unwrap().lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(lines, numbers[..9_999]);
        assert!(write_in_order(&numbers, &mut Vec::new(), add).is_err());
    }
}
