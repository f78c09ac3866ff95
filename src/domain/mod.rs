//! What the pipeline talks about: blobs, their names and services, positions in them, events and keys. No I/O.
//!
//! Facts of the outside world (name formats, event fields, keys, the partition rule) are the ones that the collector,
//! the predecessor and its consumers agreed on; each item says which rule it follows.

pub mod blob_hash;
pub mod blob_name;
pub mod checkpoint;
pub mod date;
pub mod environment;
pub mod event;
pub mod key;
pub mod moment;
pub mod record;
pub mod selector;
pub mod topic;

pub use blob_hash::BlobHash;
pub use blob_name::BlobName;
pub use checkpoint::{Checkpoint, LinePosition};
pub use date::Date;
pub use environment::EnvironmentId;
pub use moment::{Moment, nanos};
pub use selector::{Selector, Selectors};
