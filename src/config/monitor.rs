//! What the monitor scans, how often, and how it bears failures: `global`, `date_range`, `environments`, `monitoring`
//! and `error_handling`.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};

use super::values::{LogLevel, Timezone};
use crate::domain::Date;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Global {
    /// Seconds between two scans of an environment.
    pub polling_interval: u64,
    /// Minutes after midnight in which the day before is still scanned: its last lines come late.
    pub eod_overlap_minutes: u32,
    /// Whose days the blobs are dated in.
    pub timezone: Timezone,
    pub blob_closing: BlobClosing,
}

impl Default for Global {
    fn default() -> Self {
        Self {
            polling_interval: 300,
            eod_overlap_minutes: 60,
            timezone: Timezone::default(),
            blob_closing: BlobClosing::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BlobClosing {
    pub enabled: bool,
    /// Minutes without a write after which a blob counts as closed.
    pub timeout_minutes: u32,
}

impl Default for BlobClosing {
    fn default() -> Self {
        Self {
            enabled: true,
            timeout_minutes: 5,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DateRange {
    pub days_back: u32,
    /// This day in place of the days back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub specific_date: Option<Date>,
    pub monitor_current_day: bool,
}

impl Default for DateRange {
    fn default() -> Self {
        Self {
            days_back: 1,
            specific_date: None,
            monitor_current_day: true,
        }
    }
}

impl DateRange {
    /// The days to scan if it is `today`, newest first.
    pub fn dates(&self, today: Date) -> Vec<Date> {
        let current = self.monitor_current_day.then_some(today);
        let days_back = if self.specific_date.is_some() {
            0
        } else {
            self.days_back
        };
        let past = (1..=days_back).map(|days| today.days_before(days));
        let dates: BTreeSet<Date> = current.into_iter().chain(self.specific_date).chain(past).collect();
        dates.into_iter().rev().collect()
    }
}

/// One item of `environments`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonitoredEnvironment {
    pub subscription: String,
    pub environment: String,
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// Seconds; that of `global` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polling_interval: Option<u64>,
    /// Names or aliases of services, or starts of pods' names; every service if empty.
    #[serde(default)]
    pub selectors: Vec<String>,
}

fn enabled() -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Monitoring {
    /// Whether the services log figures of their work every `stats_report_interval` seconds.
    pub enable_metrics: bool,
    pub log_level: LogLevel,
    pub stats_report_interval: u64,
}

impl Default for Monitoring {
    fn default() -> Self {
        Self {
            enable_metrics: true,
            log_level: LogLevel::Info,
            stats_report_interval: 60,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorHandling {
    /// How often a failed request to storage is made again.
    pub max_azure_retries: u32,
    pub retry_strategy: RetryStrategy,
    /// Seconds between two attempts at most.
    pub max_retry_delay: u64,
    /// Whether the monitor goes on with the other environments when one fails.
    pub continue_on_environment_error: bool,
}

impl Default for ErrorHandling {
    fn default() -> Self {
        Self {
            max_azure_retries: 3,
            retry_strategy: RetryStrategy::Exponential,
            max_retry_delay: 60,
            continue_on_environment_error: true,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetryStrategy {
    #[default]
    Exponential,
    Linear,
    Fixed,
}

impl ErrorHandling {
    /// No delay is longer.
    pub fn longest_delay(&self) -> Duration {
        Duration::from_secs(self.max_retry_delay)
    }

    /// How long to wait before the attempt after `failed` failed ones (from 1).
    pub fn delay(&self, failed: u32) -> Duration {
        const FIRST_SECONDS: u64 = 1;
        let failed = u64::from(failed.max(1));
        let seconds = match self.retry_strategy {
            RetryStrategy::Fixed => FIRST_SECONDS,
            RetryStrategy::Linear => FIRST_SECONDS.saturating_mul(failed),
            RetryStrategy::Exponential => FIRST_SECONDS << (failed - 1).min(32),
        };
        Duration::from_secs(seconds.min(self.max_retry_delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_to_scan() {
        let today: Date = "20250301".parse().unwrap();
        let dates = |yaml: &str| {
            let range: DateRange = serde_yaml::from_str(yaml).unwrap();
            range
                .dates(today)
                .iter()
                .map(Date::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        for (yaml, wanted) in [
            ("{}", "20250301 20250228"),
            ("{days_back: 0}", "20250301"),
            ("{days_back: 2, monitor_current_day: false}", "20250228 20250227"),
            ("{days_back: 0, monitor_current_day: false}", ""),
            ("{specific_date: 2025-01-02, days_back: 7}", "20250301 20250102"),
            ("{specific_date: 2025-01-02, monitor_current_day: false}", "20250102"),
            ("{specific_date: 2025-03-01}", "20250301"),
            ("{specific_date: 2025-03-02}", "20250302 20250301"),
        ] {
            assert_eq!(dates(yaml), wanted, "{yaml}");
        }
    }

    #[test]
    fn delays_grow_as_the_strategy_says() {
        for (strategy, wanted) in [
            (RetryStrategy::Fixed, [1, 1, 1, 1]),
            (RetryStrategy::Linear, [1, 2, 3, 10]),
            (RetryStrategy::Exponential, [1, 2, 4, 10]),
        ] {
            let handling = ErrorHandling {
                retry_strategy: strategy,
                max_retry_delay: 10,
                ..Default::default()
            };
            let delays = [1, 2, 3, 99].map(|failed| handling.delay(failed).as_secs());
            assert_eq!(delays, wanted, "{strategy:?}");
        }
    }
}
