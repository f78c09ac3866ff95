//! What is in the logs: how grave, how often, since when, and for whom.
//!
//! ```text
//! files, blobs ──▶ readers ──batches──▶ workers ──▶ a Tally each ──merge──▶ Report ──▶ text, JSON, HTML
//!                  inflate              extract, fold, count                Verdict
//! ```
//!
//! A batch goes to whichever worker is free, so nothing here depends on the order of lines. Memory is bounded by what a
//! `Tally` keeps, by the batches under way, and by what readers hold back; how much is read does not matter.

mod counts;
mod error;
mod exception;
mod fold;
pub mod html;
mod input;
mod latency;
mod report;
mod run;
mod series;
mod tally;
pub mod text;
mod top;
mod verdict;
mod words;

pub use counts::{CLASSES, Classes, LEVELS, Levels};
pub use error::Error;
pub use input::{End, From, Input};
pub use latency::Percentiles;
pub use report::{About, Report};
pub use run::{BLOBS_AT_ONCE, Job, Outcome, run};
pub use tally::{Source, Window};
pub use verdict::{Severity, Spike, Verdict};

#[cfg(test)]
mod tests;
