//! The program `flightdeck`: its command line is in the library, so that tests reach it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    flightdeck::cli::run()
}
