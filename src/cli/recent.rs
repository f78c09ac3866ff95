//! The last warnings and errors of the log, for the page of a service.

use std::{
    collections::VecDeque,
    fmt::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::Serialize;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// One warning or error, as the log told it. No log line holds a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Recent {
    pub at: Timestamp,
    pub level: &'static str,
    /// The message and its fields.
    pub text: String,
}

static RECENT: Mutex<VecDeque<Recent>> = Mutex::new(VecDeque::new());

const MAX_RECENT: usize = 50;
/// A longer text, such as an answer of a proxy, is cut.
const MAX_TEXT_BYTES: usize = 2000;

/// Keeps what is logged as a warning or an error.
pub(super) struct KeepRecent;

impl<S: Subscriber> Layer<S> for KeepRecent {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = match *event.metadata().level() {
            Level::ERROR => "ERROR",
            Level::WARN => "WARN",
            _ => return,
        };
        let mut text = Text::default();
        event.record(&mut text);
        let mut recent = lock();
        if recent.len() == MAX_RECENT {
            recent.pop_back();
        }
        recent.push_front(Recent {
            at: Timestamp::now(),
            level,
            text: text.whole(),
        });
    }
}

/// Newest first.
pub(super) fn all() -> Vec<Recent> {
    lock().iter().cloned().collect()
}

fn lock() -> MutexGuard<'static, VecDeque<Recent>> {
    RECENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The message, then `name=value` of each field, as the log has them.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn whole(mut self) -> String {
        self.message.push_str(&self.fields);
        let end = self.message.floor_char_boundary(MAX_TEXT_BYTES);
        if end < self.message.len() {
            self.message.truncate(end);
            self.message.push('…');
        }
        self.message
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn warnings_and_errors_are_kept_with_their_fields_and_no_more_than_a_few() {
        let subscriber = tracing_subscriber::registry().with(KeepRecent);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("not this");
            tracing::warn!(environment = %"cp2/P1", tries = 3, "of this test: cannot be read");
            tracing::error!(reason = "x".repeat(10_000), "of this test: too long");
        });
        let ours: Vec<Recent> = all()
            .into_iter()
            .filter(|line| line.text.starts_with("of this test"))
            .collect();
        assert_eq!((ours[0].level, ours[1].level), ("ERROR", "WARN"));
        assert!(ours[0].text.len() < MAX_TEXT_BYTES + 10 && ours[0].text.ends_with('…'));
        assert_eq!(ours[1].text, "of this test: cannot be read environment=cp2/P1 tries=3");
        let subscriber = tracing_subscriber::registry().with(KeepRecent);
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..200 {
                tracing::warn!(number, "one of many");
            }
        });
        assert_eq!(all().len(), MAX_RECENT);
        assert_eq!(all()[0].text, "one of many number=199");
    }
}
