#![forbid(unsafe_code)]

use krbtriage::cli::{self, Exit};

/// Replaces the system's allocator, which is slow when all threads allocate the many small strings of incidents.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Exit {
    cli::run(std::env::args_os())
}
