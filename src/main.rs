//! The `clp` program; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    clp::commands::main()
}
