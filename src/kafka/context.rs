//! What librdkafka's clients tell while they work.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, ConsumerContext, Rebalance},
    error::KafkaError,
};

use super::BrokerVersion;

/// Keeps the last trouble for error messages, and passes librdkafka's log on.
#[derive(Default)]
pub(super) struct Context {
    last_trouble: Mutex<Option<String>>,
    version: Mutex<BrokerVersion>,
    has_joined: AtomicBool,
}

impl Context {
    /// Why the cluster can not be reached, in librdkafka's words.
    pub fn last_trouble(&self) -> Option<String> {
        lock(&self.last_trouble).clone()
    }

    /// Whether a group has told its member which partitions are its own.
    pub fn has_joined(&self) -> bool {
        self.has_joined.load(Ordering::Relaxed)
    }

    pub fn version(&self) -> BrokerVersion {
        *lock(&self.version)
    }
}

/// A panic elsewhere while the lock was held leaves these plain values usable.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        lock(&self.version).learn(message);
        if facility == "FAIL"
            && let Some(guess) = closed_unanswered(message)
        {
            *lock(&self.last_trouble) = Some(guess.to_owned());
        }
        match level {
            // The client copes or the call that it concerns fails with the same reason: nobody has to act on the log.
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::debug!(target: "clp::kafka", facility, "{message}");
            }
            _ => tracing::trace!(target: "clp::kafka", facility, "{message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "clp::kafka", %error, reason);
        // "All brokers are down" says less than the reason that came before it.
        let all_down = error.rdkafka_error_code() == Some(rdkafka::types::RDKafkaErrorCode::AllBrokersDown);
        let mut last = lock(&self.last_trouble);
        if last.is_none() || !all_down {
            *last = Some(plain(reason));
        }
    }
}

impl ConsumerContext for Context {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, change: &Rebalance<'_>) {
        let has_joined = matches!(change, Rebalance::Assign(_));
        self.has_joined.store(has_joined, Ordering::Relaxed);
    }
}

/// librdkafka starts its reasons with the thread's name, `[thrd:host:port/bootstrap]: `, and ends them with its own
/// state, ` (after 0ms in state CONNECT, 1 identical error(s) suppressed)`.
fn plain(reason: &str) -> String {
    let text = match reason.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
        Some((_, text)) => text,
        None => reason,
    };
    let text = text.split_once(" (after ").map_or(text, |(text, _)| text);
    text.to_owned()
}

/// A listener that wants TLS or SASL closes a connection that has none, without a word. librdkafka says so to its log only: how
/// long and in which state the connection was.
fn closed_unanswered(message: &str) -> Option<&'static str> {
    const NEW_MS: u32 = 2000;
    let (text, end) = message.rsplit_once(" (after ")?;
    let (milliseconds, state) = end.split_once("ms in state ")?;
    let is_new = milliseconds.parse::<u32>().is_ok_and(|age| age < NEW_MS);
    if !text.contains("connection closed by peer") || !is_new {
        None
    } else if state.starts_with("APIVERSION_QUERY") {
        Some("the broker closes new connections at their first request; its listener may want TLS (security.protocol)")
    } else if state.starts_with("UP") {
        Some(
            "the broker closes new connections at their second request; its listener may want SASL (security.protocol)",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::closed_unanswered;

    #[test]
    fn a_closed_connection_may_have_wanted_more() {
        let closed =
            "[thrd:b:1/bootstrap]: b:1/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN";
        let other = "[thrd:b:1/bootstrap]: b:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused";
        for (message, wants) in [
            (
                format!("{closed} (after 0ms in state APIVERSION_QUERY, 1 identical error(s) suppressed)"),
                Some("TLS"),
            ),
            (format!("{closed} (after 302ms in state UP)"), Some("SASL")),
            (format!("{closed} (after 600302ms in state UP)"), None),
            (format!("{closed} (after 3ms in state SSL_HANDSHAKE)"), None),
            (format!("{other} (after 3ms in state UP)"), None),
            (closed.to_owned(), None),
        ] {
            let guess = closed_unanswered(&message);
            assert_eq!(guess.is_some(), wants.is_some(), "{message}");
            assert!(wants.is_none_or(|wants| guess.unwrap().contains(wants)), "{message}");
        }
    }
}
