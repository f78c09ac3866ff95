//! The work itself: what is read, decided and committed.

pub mod lines;
