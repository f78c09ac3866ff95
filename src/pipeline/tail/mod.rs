//! Shows lines as they come, from Kafka or straight from storage.
//!
//! ```text
//! partitions ─┐                ┌ Select ┐
//!             ├─▶ Record ─▶ Parts ─▶ View ─▶ text or JSON ─▶ Merge ─▶ standard output
//! blobs ──────┘   (Source)    (Look)                         Last
//! ```
//!
//! A **feed** is a partition or a blob: each is in about the order of time, and [`run`] always reads the one that is
//! farthest behind. A line is rendered as soon as it is read, so what waits for its turn is its time and its bytes.
//!
//! When a line goes out: what was there at the start, once all feeds have come to its time; what comes, after 300 ms at the
//! latest, whatever other feeds do. `turns` tells the two apart, and `merge` has the rule.

mod clock;
mod error;
mod fields;
mod from_group;
mod from_kafka;
mod from_storage;
mod json;
mod last;
mod level;
mod look;
mod merge;
mod parts;
mod read_back;
mod record;
mod run;
#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod scripted;
mod select;
mod source;
mod text;
mod thrown;
mod turns;
mod view;
mod writer;

pub use error::TailError;
pub use from_group::FromGroup;
pub use from_kafka::{FromKafka, Wanted};
pub(in crate::pipeline) use from_storage::member_since;
pub use from_storage::{FromStorage, Listing, Stored};
pub use level::Level;
pub use look::{Form, Look};
pub use record::{Kind, Place, Record};
pub use run::{Plan, run};
pub use select::Select;
pub use source::{Progress, Source, Start, Take};
pub use text::Paint;
pub use view::View;

use last::Last;
use look::Looked;
use merge::{Horizon, Merge};
use parts::Parts;
