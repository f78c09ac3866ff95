//! Which blobs there are, and what became of them, told as events.
//!
//! ```text
//!  Schedule ── days due ──▶ storage, page by page ──▶ decide ── batches ──▶ publish ──▶ Ingestion.Blobs
//!                                       Known ──────────┘                     │
//!                                       ▲   ▲────── what has arrived ◀────────┘
//!  Ingestion.Blobs, BlobState ─ recall ─┘
//! ```
//!
//! A [`Watch`] is one environment; all go on side by side.
//!
//! What may be lost when this process dies at any instant: nothing. What was told is known only once it has arrived,
//! so whatever was not is told by the next scan, or by the next monitor. What may come twice: events that had arrived
//! when their acknowledgement was lost, and all events where two monitors run at once. Events can be repeated: they say
//! how a blob is, not how it differs.

mod decide;
mod error;
mod event;
mod known;
mod publish;
mod run;
mod schedule;
mod warm;
mod watch;

#[cfg(test)]
mod tests;

pub use error::MonitorError;
pub use event::{Batch, Event, Events, Gone, events};
pub use known::Known;
pub use publish::publish;
pub use run::{once, serve};
pub use schedule::Schedule;
pub use warm::recall;
pub use watch::{Clock, Counts, Scan, Watch};
