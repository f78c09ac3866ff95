//! A network that does things to single requests of Kafka: a proxy that knows where a request begins, what it asks for and
//! which answer is its own.
//!
//! ```text
//! clp ──▶ Frames::before(broker) ──[hold, copy, end the connection, lose the answer, delay]──▶ broker
//!                                   └── late frames, each on a connection of its own ─────────▶
//! ```
//!
//! Several brokers may stand behind one [`Frames`]: its rules count over all of them.

mod head;
mod plan;
mod proxy;

pub use head::{Api, Head};
pub use plan::{Chaos, Did, Kind, Rule, after, before};
pub use proxy::Frames;
