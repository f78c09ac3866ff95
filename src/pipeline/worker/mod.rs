//! Ingest as a service: follows `Ingestion.Blobs` and brings every line of the blobs it tells of into Kafka, each exactly
//! once, for months, on as many machines as needed.
//!
//! ```text
//!  Ingestion.Blobs ──▶ Backlog ──▶ Reading ──▶ lines ─────────┐
//!  (a member of a      (which      (storage,   states, events ├─▶ one transaction with the group's offsets
//!   group polls)       blob next)   inflates)  ───────────────┘
//! ```
//!
//! A process has one or more lanes, each a member of the group. Pure decisions lie in files of their own: what an
//! event asks for (`decide`), which blob comes next (`backlog`), how far events are done with (`cursor`).

mod backlog;
mod cursor;
mod decide;
mod environments;
mod failure;
mod known;
mod lane;
mod reading;
mod restore;
mod rests;
mod service;
mod settings;
mod watch;
mod work;

/// The decisions that the model in `tests/model` takes its steps from.
#[doc(hidden)]
pub use self::{
    cursor::Cursor,
    decide::{Decision, decide},
    known::Known,
    work::Work,
};
pub use service::run;
pub use settings::{RawTopic, STORAGE_PATIENCE, Settings, Topics};
pub use watch::Watch;
