#![forbid(unsafe_code)]

use krbtriage::cli::{self, Exit};

/// Incidents are thousands of small texts, made on all cores: they cost the system's allocator more than what is done with them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Exit {
    cli::run(std::env::args_os())
}
