//! What goes wrong on the way to the brokers and may pass: told once, and kept for the message if it does not pass.

use std::time::Instant;

use super::{connection::Unconnected, failure::Failure};
use crate::kafka::outage::Outage;

#[derive(Default)]
pub struct Trouble {
    outage: Outage,
    last: Option<String>,
}

impl Trouble {
    /// Something that brokers say while they answer.
    pub fn note(&mut self, reason: String) {
        self.last = Some(reason);
    }

    /// A broker can not be reached.
    ///
    /// # Errors
    /// No other try will do.
    pub fn meet(&mut self, error: &Unconnected) -> Result<(), Failure> {
        if let Some(failure) = Option::from(error) {
            return Err(failure);
        }
        let reason = error.to_string();
        if self.outage.sign(Instant::now()) {
            tracing::warn!(error = reason, "Kafka does not answer, trying again");
        }
        self.last = Some(reason);
        Ok(())
    }

    pub fn is_over(&mut self) {
        if let Some(away) = self.outage.over(Instant::now()) {
            tracing::info!(?away, "Kafka is back");
        }
    }

    /// The last of it, in words.
    pub fn reason(&self) -> String {
        self.last.clone().unwrap_or_else(|| "no reason is known".to_owned())
    }
}
