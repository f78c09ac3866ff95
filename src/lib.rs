//! `clp` takes SAP Commerce Cloud's logs out of Azure Blob Storage into Kafka, every line exactly once.
//!
//! The rooms of the crate, in the order in which data flows through them; each depends only on those below it here:
//!
//! - [`cli`]: what all commands share: global flags, output, progress, logging, errors and their exit codes
//! - [`commands`]: one file a command: its arguments and one `run`
//! - [`pipeline`]: the work itself: pure decisions in files of their own, loops around them
//! - [`domain`]: blobs, positions in them, events and keys; no I/O
//! - [`config`]: one typed configuration, layered and validated
//! - [`storage`]: blobs in Azure or in a local directory behind one small type
//! - [`gzip`]: chains of gzip members as lines with exact positions
//! - [`kafka`]: clients, transactions, the embedded broker

pub mod config;
pub mod domain;
pub mod gzip;
pub mod kafka;
pub mod pipeline;
pub mod secret;
pub mod storage;
