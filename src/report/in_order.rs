//! Formats rows on all cores and writes them in their order. Only some pieces of the text are in memory at a time.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use rayon::Yield;

/// Rows of a piece. A row has some 7 KB of CSV or 20 KB of JSON.
const PIECE_ROWS: usize = 16;

/// Pieces in memory for each thread: one that it formats, and two that wait to be written.
const PIECES_PER_THREAD: usize = 3;

/// Text of a piece, or the error of its formatting.
type FormattedPiece = io::Result<Vec<u8>>;

/// Writes `items` in their order. `format` appends the text of some of them to a buffer.
pub(crate) fn write_in_order<T: Sync>(
    items: &[T],
    out: &mut dyn Write,
    format: impl Fn(&[T], &mut Vec<u8>) -> io::Result<()> + Sync,
) -> io::Result<()> {
    let format = &format;
    rayon::in_place_scope(|scope| {
        let mut pending = VecDeque::new();
        let mut buffers = vec![Vec::new(); PIECES_PER_THREAD * rayon::current_num_threads()];
        let mut pieces = items.chunks(PIECE_ROWS);
        loop {
            while let Some(mut buffer) = buffers.pop() {
                let Some(items) = pieces.next() else { break };
                let (sender, receiver) = channel();
                scope.spawn(move |_| {
                    buffer.clear();
                    // If writing failed, there is no receiver any more.
                    let _ = sender.send(format(items, &mut buffer).map(|()| buffer));
                });
                pending.push_back(receiver);
            }
            let Some(next) = pending.pop_front() else { return Ok(()) };
            let piece = wait_for(&next)?;
            out.write_all(&piece)?;
            buffers.push(piece);
        }
    })
}

/// Waits for a piece. A thread of the pool formats other pieces meanwhile, because it may be the only thread.
fn wait_for(piece: &Receiver<FormattedPiece>) -> FormattedPiece {
    // A task that panics sends nothing. The scope resumes its panic.
    let failed = || Err(io::Error::other("formatting failed"));
    loop {
        match piece.try_recv() {
            Ok(piece) => return piece,
            Err(TryRecvError::Disconnected) => return failed(),
            Err(TryRecvError::Empty) => match rayon::yield_now() {
                Some(Yield::Executed) => {}
                Some(Yield::Idle) => std::thread::yield_now(),
                None => return piece.recv().unwrap_or_else(|_| failed()),
            },
        }
    }
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
        let check = || {
            let mut written = Vec::new();
            write_in_order(&numbers[..9_999], &mut written, add).unwrap();
            let lines: Vec<usize> =
                String::from_utf8(written).unwrap().lines().map(|line| line.parse().unwrap()).collect();
            assert_eq!(lines, numbers[..9_999]);
            assert!(write_in_order(&numbers, &mut Vec::new(), add).is_err());
        };
        check();
        // On a thread of the pool, which has one or two.
        for threads in [1, 2] {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(check);
        }
    }

    #[test]
    fn an_output_that_fails_ends_it() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let add = |numbers: &[usize], piece: &mut Vec<u8>| writeln!(piece, "{numbers:?}");
        let result = write_in_order(&[0; 1_000], &mut Full, add);
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
