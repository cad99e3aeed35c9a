//! Rows in their order, formatted on all cores while this thread writes. Their texts are made in pieces, so that memory does not
//! grow with the rows.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use rayon::Yield;

/// Rows of a piece. A row has some 7 KB of CSV, and 20 KB of JSON.
const PIECE: usize = 16;

/// Pieces for each thread: the one that it formats, and others that wait to be written.
const PIECES_PER_THREAD: usize = 3;

type Piece = io::Result<Vec<u8>>;

/// Writes `items`: `format` adds the text of some of them to a piece.
pub(crate) fn write_in_order<T: Sync>(
    items: &[T],
    out: &mut dyn Write,
    format: impl Fn(&[T], &mut Vec<u8>) -> io::Result<()> + Sync,
) -> io::Result<()> {
    let format = &format;
    rayon::in_place_scope(|scope| {
        let mut pending = VecDeque::new();
        let mut buffers = vec![Vec::new(); PIECES_PER_THREAD * rayon::current_num_threads()];
        let mut pieces = items.chunks(PIECE);
        loop {
            while let Some(mut buffer) = buffers.pop() {
                let Some(items) = pieces.next() else { break };
                let (sender, receiver) = channel();
                scope.spawn(move |_| {
                    buffer.clear();
                    // Nobody waits for it if writing failed.
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

/// Waits for a piece. Where this thread belongs to the pool, it formats other pieces meanwhile: it may be the only one.
fn wait_for(piece: &Receiver<Piece>) -> Piece {
    // A task that panics sends nothing. The scope passes its panic on.
    let failed = |_| Err(io::Error::other("formatting failed"));
    loop {
        match piece.try_recv() {
            Ok(piece) => return piece,
            Err(TryRecvError::Disconnected) => return failed(()),
            Err(TryRecvError::Empty) => match rayon::yield_now() {
                Some(Yield::Executed) => {}
                Some(Yield::Idle) => std::thread::yield_now(),
                None => return piece.recv().unwrap_or_else(|_| failed(())),
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
