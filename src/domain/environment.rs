//! The environment whose logs a blob holds.

use std::fmt;

/// One environment of one subscription: `cp2/P1`. Subscription and environment are names from the configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnvironmentId {
    pub subscription: String,
    pub environment: String,
}

impl EnvironmentId {
    pub fn new(subscription: impl Into<String>, environment: impl Into<String>) -> Self {
        Self {
            subscription: subscription.into(),
            environment: environment.into(),
        }
    }
}

impl fmt::Display for EnvironmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.subscription, self.environment)
    }
}
