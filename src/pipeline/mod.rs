//! The work itself: what is read, decided and committed.

pub mod analyze;
pub mod extract;
pub mod health;
pub mod ingest;
pub mod inventory;
pub mod lanes;
pub mod lines;
pub mod metrics;
pub mod monitor;
mod outgoing;
pub mod raw_lines;
pub mod status;
pub mod tail;
pub mod verify;
pub mod worker;
