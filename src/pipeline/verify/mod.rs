//! Whether Kafka has every line of the blobs in storage once: storage against states, and with them the topic.
//!
//! ```text
//!  storage ── list ──┐
//!                    ├─▶ judge ─▶ reasons                                  always
//!  BlobState ────────┘
//!
//!  raw partition ── records ──▶ lines ──▶ Spool ── by blob, position ──┐
//!                                                                      ├─▶ compare ─▶ Tally      --deep
//!  storage ── LineReader ── lines up to the checkpoint ────────────────┘
//! ```
//!
//! The deep look goes partition by partition, and in each blob by blob. A line is compared by its position and a hash of 128 bits of
//! its bytes. Memory is bounded whatever the partition holds: its lines are sorted in a temporary file.
//!
//! Workers may be at work meanwhile. States are read before and behind each partition, which is read up to an end at which all
//! transactions are decided. So lines before the first checkpoint must be there, those up to the second may be, and a
//! line behind that is foreign.

mod blob_lines;
mod compare;
mod deep;
mod error;
mod judge;
mod record;
mod sorting;
mod spool;
mod tally;
mod verdict;

pub use compare::{Expected, Found, compare};
pub use deep::{Compared, Deep, Findings, Subject, deep};
pub use error::VerifyError;
pub use judge::judge;
pub use tally::{DIFFERENCES_TOLD, Difference, Kind, Place, Tally};
pub use verdict::Verdict;
