//! One file read by several threads: it is cut into blocks that can be read each by itself, and what was
//! read of them is joined in the order of the file, as if one had read it from beginning to end.
//!
//! There is no thread that only cuts: each takes the next block, cuts it while the others wait, and reads it
//! beside them. So each has one block in memory, a file of one block starts no thread, and a text that cannot
//! be cut (see [`Cut::Open`]) is read by one as it stands.
//!
//! A format brings two things: what cuts (a [`Cutter`]) and what reads (a [`Reader`]). Texts of lines are cut
//! in [`text_blocks`](super::text_blocks), tables in [`rows`](super::rows), JSON in [`objects`](super::objects).

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ReadError;
use super::collect::Collector;

/// Text of a block: more than fits the processor's cache gains nothing, less costs more for each block.
pub(super) const BLOCK: usize = 1 << 20;
/// Threads for one file; cutting keeps no more of them busy.
const MAX_THREADS: usize = 8;

/// How a block ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// What follows can be read by itself.
    Whole,
    /// What follows belongs to it: the same reader goes on.
    Open,
    /// There was no more of the file, and there is no block.
    End,
}

/// Cuts a file into blocks.
pub(super) trait Cutter: Send {
    type Block: Default + Send;

    /// Puts the next block into `block`, of which the room is used again.
    fn cut(&mut self, block: &mut Self::Block) -> Result<Cut, ReadError>;

    /// Would [`cut`](Self::cut) find nothing more?
    fn has_ended(&self) -> bool;
}

/// Reads blocks that follow each other.
pub(super) trait Reader<Block>: Send {
    fn read(&mut self, block: &Block, to: &mut Collector) -> Result<(), ReadError>;

    /// Takes over what another found in the text behind this.
    fn join(&mut self, next: Self, part: &mut Collector, to: &mut Collector);
}

/// Reads the whole file. The reader that is given back has joined all others; `new` makes them.
pub(super) fn read_all<C: Cutter, R: Reader<C::Block>>(
    cutter: C,
    new: impl Fn() -> R + Sync,
    to: &mut Collector,
) -> Result<R, ReadError> {
    let work = Work {
        file: to.file(),
        cutting: Mutex::new(Cutting { cutter, units: 0, ended: false }),
        joining: Mutex::new(Joining {
            reader: new(),
            to,
            joined: 0,
            waiting: BTreeMap::new(),
            end: Ok(()),
            spare: Vec::new(),
        }),
        new,
    };
    let mut block = C::Block::default();
    if let Some(first) = work.take(&mut block) {
        if lock(&work.cutting).ended {
            work.read(first, &block);
        } else {
            rayon::scope(|scope| {
                for _ in 1..rayon::current_num_threads().min(MAX_THREADS) {
                    scope.spawn(|_| work.go_on(&mut C::Block::default()));
                }
                work.read(first, &block);
                work.go_on(&mut block);
            });
        }
    }
    let joined = work.joining.into_inner().unwrap_or_else(PoisonError::into_inner);
    joined.end.map(|()| joined.reader)
}

struct Work<'t, C, R, N> {
    file: Arc<str>,
    cutting: Mutex<Cutting<C>>,
    joining: Mutex<Joining<'t, R>>,
    new: N,
}

struct Cutting<C> {
    cutter: C,
    units: u64,
    ended: bool,
}

/// What one reader reads: a block, with those before it that were cut [open](Cut::Open).
struct Unit<R> {
    number: u64,
    reader: R,
    to: Collector,
    /// Its last block is still to be read.
    unread: bool,
    end: Result<(), ReadError>,
}

struct Joining<'t, R> {
    reader: R,
    to: &'t mut Collector,
    /// Units joined so far.
    joined: u64,
    /// Units that others before them are not yet read.
    waiting: BTreeMap<u64, Unit<R>>,
    end: Result<(), ReadError>,
    /// Emptied, for the next units.
    spare: Vec<Collector>,
}

impl<C: Cutter, R: Reader<C::Block>, N: Fn() -> R + Sync> Work<'_, C, R, N> {
    fn go_on(&self, block: &mut C::Block) {
        while let Some(unit) = self.take(block) {
            self.read(unit, block);
        }
    }

    fn collector(&self) -> Collector {
        // The name as a text of its own: threads that count the owners of one wait for each other.
        lock(&self.joining).spare.pop().unwrap_or_else(|| Collector::new((&*self.file).into()))
    }

    /// Cuts the next block.
    fn take(&self, block: &mut C::Block) -> Option<Unit<R>> {
        let to = self.collector();
        let mut cutting = lock(&self.cutting);
        if cutting.ended {
            return None;
        }
        let mut unit = Unit { number: cutting.units, reader: (self.new)(), to, unread: false, end: Ok(()) };
        cutting.units += 1;
        while !cutting.ended {
            match contained(|| cutting.cutter.cut(block)) {
                Ok(Cut::Whole) => {
                    unit.unread = true;
                    cutting.ended = cutting.cutter.has_ended();
                    break;
                }
                Ok(Cut::Open) => {
                    unit.read(block);
                    cutting.ended = unit.end.is_err();
                }
                Ok(Cut::End) => cutting.ended = true,
                Err(error) => {
                    unit.end = Err(error);
                    cutting.ended = true;
                }
            }
        }
        Some(unit)
    }

    fn read(&self, mut unit: Unit<R>, block: &C::Block) {
        if std::mem::take(&mut unit.unread) {
            make_room();
            unit.read(block);
        }
        let mut joining = lock(&self.joining);
        joining.waiting.insert(unit.number, unit);
        if !joining.join_all() {
            lock(&self.cutting).ended = true;
        }
    }
}

impl<R> Unit<R> {
    fn read<B>(&mut self, block: &B)
    where
        R: Reader<B>,
    {
        self.end = contained(|| self.reader.read(block, &mut self.to));
    }
}

impl<R> Joining<'_, R> {
    /// Joins what stands next in the file; false when nothing behind it is wanted.
    fn join_all<B>(&mut self) -> bool
    where
        R: Reader<B>,
    {
        while let Some(mut unit) = self.waiting.remove(&self.joined) {
            self.joined += 1;
            if self.end.is_err() {
                continue;
            }
            let joined = contained(|| {
                self.reader.join(unit.reader, &mut unit.to, self.to);
                Ok(())
            });
            self.end = joined.and(unit.end);
            self.spare.push(unit.to);
        }
        self.end.is_ok()
    }
}

/// Makes room for the texts of a block at once. glibc lets the heap of a thread grow by a page at a time, and every time
/// all threads wait that touch a new page: an eighth of the time to load a table. Elsewhere this costs nothing to speak of.
fn make_room() {
    // It is given back to the heap, which keeps what is less than twice the largest piece that was ever given back.
    drop(std::hint::black_box(Vec::<u8>::with_capacity(BLOCK)));
}

/// A panic inside costs what stands behind it in this file, and nothing else.
fn contained<T>(work: impl FnOnce() -> Result<T, ReadError>) -> Result<T, ReadError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(ReadError::FailedInside))
}

/// No panic leaves the work that is done under a lock.
fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of one number each; `Open` where the number is odd.
    struct Numbers(std::ops::Range<u64>);

    impl Cutter for Numbers {
        type Block = u64;

        fn cut(&mut self, block: &mut u64) -> Result<Cut, ReadError> {
            match self.0.next() {
                None => Ok(Cut::End),
                Some(number) => {
                    *block = number;
                    Ok(if number % 2 == 1 { Cut::Open } else { Cut::Whole })
                }
            }
        }

        fn has_ended(&self) -> bool {
            self.0.is_empty()
        }
    }

    #[derive(Default)]
    struct Seen(Vec<u64>);

    const PANICS: u64 = 777;

    impl Reader<u64> for Seen {
        fn read(&mut self, block: &u64, to: &mut Collector) -> Result<(), ReadError> {
            // The later the sooner.
            std::thread::sleep(std::time::Duration::from_micros(100 - block % 100));
            assert_ne!(*block, PANICS);
            self.0.push(*block);
            to.problem(*block, "seen".to_owned());
            Ok(())
        }

        fn join(&mut self, next: Self, part: &mut Collector, to: &mut Collector) {
            self.0.extend(next.0);
            to.append(part, Vec::new());
        }
    }

    fn problems(to: Collector) -> Vec<String> {
        to.finish("").1.problems
    }

    #[test]
    fn blocks_are_joined_in_the_order_of_the_file() {
        for count in [0, 1, 2, 3, 500] {
            let mut to = Collector::new("f".into());
            let seen = read_all(Numbers(1..count + 1), Seen::default, &mut to).unwrap();
            assert!(seen.0.iter().copied().eq(1..count + 1), "{count}: {:?}", seen.0);
            let problems = problems(to);
            assert_eq!(problems.is_empty(), count == 0);
            assert!(problems.iter().take(99).enumerate().all(|(i, p)| *p == format!("line {}: seen", i + 1)));
            assert_eq!(problems.len(), 100.min(count as usize));
        }
    }

    #[test]
    fn a_panic_ends_the_file_and_keeps_what_stands_before() {
        let mut to = Collector::new("f".into());
        let end = read_all(Numbers(PANICS - 50..10_000), Seen::default, &mut to);
        assert!(matches!(end, Err(ReadError::FailedInside)));
        assert_eq!(problems(to).len(), 50);
    }
}
