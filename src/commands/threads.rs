//! Limits the number of threads that a command uses.

use crate::scan::STACK_BYTES;

/// Runs `work` with at most `threads` threads in its parallel parts; 0 means one per core.
pub(super) fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    if threads == 0 {
        return work();
    }
    match rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK_BYTES).build() {
        Ok(pool) => pool.install(work),
        // The system refuses another thread, so the current one does all the work.
        Err(_) => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_as_many_as_asked_for() {
        for threads in [1, 3] {
            assert_eq!(with_threads(threads, rayon::current_num_threads), threads);
        }
    }
}
