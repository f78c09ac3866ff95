//! librdkafka's clients take a while to go. Nobody needs to wait for that before the program ends.

use std::{
    ops::Deref,
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::Duration,
};

use rdkafka::consumer::{BaseConsumer, ConsumerContext};

static GOING: Mutex<usize> = Mutex::new(0);
static GONE: Condvar = Condvar::new();

/// At the program's end, clients that are still going get so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks whether a consumer is closed.
const CLOSE_POLL: Duration = Duration::from_millis(2);

/// A client that is closed on a thread of its own when it is dropped.
pub(super) struct Disposed<T: Send + 'static> {
    /// `None` once it is dropped.
    client: Option<T>,
    close: fn(&T),
}

impl<T: Send + 'static> Disposed<T> {
    pub fn new(client: T) -> Self {
        Self {
            client: Some(client),
            close: |_| {},
        }
    }
}

impl<C: ConsumerContext> Disposed<BaseConsumer<C>> {
    /// One that is gone sooner: the consumer's own drop looks only every 100 ms whether it is closed.
    pub fn consumer(client: BaseConsumer<C>) -> Self {
        Self {
            client: Some(client),
            close: |client| {
                if client.close_queue().is_ok() {
                    while !client.closed() {
                        client.poll(CLOSE_POLL);
                    }
                }
            },
        }
    }
}

impl<T: Send + 'static> Deref for Disposed<T> {
    type Target = T;

    #[expect(
        clippy::expect_used,
        reason = "only `drop` takes the client, and nothing comes after it"
    )]
    fn deref(&self) -> &T {
        self.client.as_ref().expect("a client until it is dropped")
    }
}

impl<T: Send + 'static> Drop for Disposed<T> {
    fn drop(&mut self) {
        let (client, close) = (self.client.take(), self.close);
        *GOING.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        thread::spawn(move || {
            client.as_ref().map(close);
            drop(client);
            *GOING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
            GONE.notify_all();
        });
    }
}

/// Waits until all clients that were dropped are gone: the libraries under them do not like to be pulled away.
pub fn wait_for_clients() {
    let going = GOING.lock().unwrap_or_else(PoisonError::into_inner);
    // What is not gone by then ends with the process.
    drop(GONE.wait_timeout_while(going, PATIENCE, |going| *going > 0));
}
