//! The program `flightdeck`: its command line is in the library, so that tests reach it too.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// Requests allocate on one thread and free on another; the system's allocator is slow at that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    flightdeck::cli::run()
}
