//! What the tests stand on: real servers, an independent writer of blobs, independent readers of topics, a hermetic
//! `clp`, realistic logs, and a network that fails when it is told to.
#![allow(
    dead_code,
    unused_imports,
    reason = "the support is one small library; not every part of it is used at every time"
)]
#![allow(clippy::print_stdout, reason = "benchmarks print figures")]
#![allow(
    clippy::disallowed_methods,
    reason = "what waits for a condition looks at it again and again; the tests themselves call that, and never sleep"
)]

pub mod azurite;
pub mod bench;
pub mod blobs;
pub mod browser;
pub mod certificates;
pub mod clp;
pub mod cluster;
pub mod devtools;
pub mod doors;
pub mod entra;
pub mod extraction;
pub mod faults;
pub mod formatted;
pub mod frames;
pub mod group;
pub mod gz;
pub mod ingested;
pub mod kafka;
pub mod kafka_tools;
pub mod late_frames;
pub mod log_end;
pub mod mixed;
pub mod opensearch;
pub mod pipeline;
pub mod process;
pub mod produce;
pub mod raw_mix;
pub mod records;
pub mod requests;
pub mod running;
pub mod scene;
pub mod secret_service;
pub mod secured;
pub mod services;
pub mod tally;
pub mod terminal;
pub mod tmux;
pub mod tools;
pub mod topics;
pub mod typed;
pub mod watched;
