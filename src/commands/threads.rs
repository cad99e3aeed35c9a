//! The number of threads a command uses.

/// For the `evtx` crate, which recurses with the nesting of elements (up to 512 deep).
const STACK: usize = 8 << 20;

/// Runs `work` with at most `threads` threads for all its parallel parts; 0 means one per core.
pub(super) fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    if threads == 0 {
        return work();
    }
    match rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK).build() {
        Ok(pool) => pool.install(work),
        // The system refuses another thread: use the current one.
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
