//! `clp` takes SAP Commerce Cloud's logs out of Azure Blob Storage into Kafka, every line exactly once.
//!
//! The rooms of the crate; each depends only on those below it here:
//!
//! - [`commands`]: one file a command: its arguments and one `run`
//! - [`cli`]: what all commands share: global flags, output, progress, logging, errors and their exit codes
//! - [`pipeline`]: the work itself: pure decisions in files of their own, loops around them
//! - [`config`]: one typed configuration, layered and validated
//! - [`domain`]: blobs, positions in them, events and keys; no I/O
//! - [`storage`]: blobs in Azure or in a local directory behind one small type
//! - [`gzip`]: chains of gzip members, with the exact offset of each
//! - [`kafka`]: clients, transactions, the embedded broker
//! - [`opensearch`]: the template for records that others bring there
//! - [`secret`]: values that must not be seen

pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod gzip;
pub mod kafka;
pub mod opensearch;
pub mod pipeline;
pub mod secret;
pub mod storage;
