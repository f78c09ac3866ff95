//! Any bytes as a raw line: `cargo +nightly fuzz run extract`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../laws/extract.rs"]
mod laws;

fuzz_target!(|bytes: &[u8]| laws::hold(bytes));
