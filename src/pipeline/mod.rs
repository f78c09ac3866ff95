//! The work itself: what is read, decided and committed.

pub mod ingest;
pub mod inventory;
pub mod lines;
pub mod status;
pub mod verify;
