//! The work itself: what is read, decided and committed.

pub mod health;
pub mod ingest;
pub mod lines;
pub mod metrics;
