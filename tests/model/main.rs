//! The protocol that makes every line exactly once, explored state by state; no server is needed.
//!
//! ```text
//!  clients (client/)  ── requests ──▶  brokers (broker.rs)
//!  workers, runs         │             coordinator of transactions, partitions, groups
//!                        └─ some are held up or copied, and arrive whenever it hurts most (state.rs: network)
//! ```
//!
//! Between any two steps an actor may die, give up what it does not know the outcome of, lose its partitions without
//! knowing, or have its transaction ended for its age. In every state no line may be committed twice and none passed over,
//! and from every state the work can still be finished (`finish`).
//!
//! What is read, where it resumes and which offset is committed is decided by the project's own functions (`plan`). What
//! the clients keep to is a list of rules (`rules`), and each is left out once, to see what it is for.
//!
//! A file of tests each: `rules_test` (what each rule is for), `late_test` (requests that arrive late, by kind of broker),
//! `beside_test` (one-shot runs, a second group), `partitions_test` (two partitions a lane). `CLP_MODEL=2` goes one step
//! farther in each: one more death, move and late request. That takes minutes and gigabytes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on says so by panicking, and tells figures by printing, in its support too"
)]

mod broker;
mod check;
mod client;
mod finish;
mod log;
mod model;
mod plan;
mod rules;
mod state;
mod step;

mod beside_test;
mod late_test;
mod partitions_test;
mod rules_test;

/// Workers and runs, at most.
pub const ACTORS: usize = 3;
/// Blobs, each in a partition of its own.
pub const BLOBS: usize = 2;
pub const GROUPS: usize = 2;
/// Transactional ids.
pub const IDS: usize = 2;
