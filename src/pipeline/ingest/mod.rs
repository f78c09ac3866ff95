//! One blob into Kafka, every line exactly once.
//!
//! ```text
//!  storage ── ranges ──▶ LineReader ── batches ──▶ Sink ── transaction ─┬─▶ lines          raw topic
//!  (async, prefetched)   (a thread: inflates)      (a thread: sends)    ├─▶ BlobState      the checkpoint
//!                                                                      └─▶ BlobCompletion  at the blob's known end
//! ```
//!
//! What may be lost or doubled when this process dies at any instant: nothing. Lines and the checkpoint behind them are
//! in the same transaction, and a run first fences off any older run of the same blob and topic, so the state that it
//! reads after that is the last word. Whatever was not committed is sent again from the checkpoint on.

mod control;
mod dry_run;
mod error;
mod job;
mod plan;
mod read_ahead;
mod run;
mod sink;
mod source;
mod state;

pub use control::{Control, Progress};
pub use dry_run::dry_run;
pub use error::{Done, IngestError};
pub use job::{Align, DeliveryMode, Job, Start, Topics};
/// The decision that the model in `tests/model` takes a run's beginning from.
#[doc(hidden)]
pub use plan::{Beginning, beginning};
pub use run::run;
pub use sink::Summary;
