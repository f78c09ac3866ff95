//! Ways to a Kafka for one test each: a broker has further listeners, and before each of them is a proxy of
//! [`super::frames`], so that tests that share a broker do nothing to each other's requests.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::frames::Frames;
use super::kafka::Kafka;

/// Those of a broker, or of a whole cluster.
#[derive(Clone, Default)]
pub struct Doors {
    free: Arc<(Mutex<Vec<Way>>, Condvar)>,
}

struct Way {
    frames: Frames,
    /// The proxies' addresses, for `bootstrap.servers`.
    brokers: String,
}

/// A way that a test has for itself, until it is dropped.
pub struct Door {
    way: Option<Way>,
    doors: Doors,
}

impl Doors {
    /// One for each list of listeners, which holds one of each broker. Gives, in their places, what to advertise.
    pub(super) fn before(listeners: &[Vec<SocketAddr>]) -> (Doors, Vec<Vec<SocketAddr>>) {
        let (mut ways, mut advertised) = (Vec::new(), Vec::new());
        for brokers in listeners {
            let frames = Frames::default();
            let proxies: Vec<SocketAddr> = brokers.iter().map(|broker| frames.before(*broker)).collect();
            let addresses: Vec<String> = proxies.iter().map(SocketAddr::to_string).collect();
            ways.push(Way {
                frames,
                brokers: addresses.join(","),
            });
            advertised.push(proxies);
        }
        let free = Arc::new((Mutex::new(ways), Condvar::new()));
        (Doors { free }, advertised)
    }

    /// Waits for one that is free.
    pub(super) fn open(&self) -> Door {
        let freed = self.free.1.wait_while(self.free(), |free| free.is_empty());
        Door {
            way: freed.unwrap_or_else(PoisonError::into_inner).pop(),
            doors: self.clone(),
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<Way>> {
        self.free.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kafka {
    /// A way to it on which requests are held, copied and lost as the test says.
    pub fn door(&self) -> Door {
        self.doors().open()
    }
}

impl Door {
    /// For `kafka.brokers`.
    pub fn brokers(&self) -> &str {
        &self.way().brokers
    }

    fn way(&self) -> &Way {
        self.way.as_ref().expect("a way until the end")
    }
}

impl Deref for Door {
    type Target = Frames;

    fn deref(&self) -> &Frames {
        &self.way().frames
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let Some(way) = self.way.take() else { return };
        way.frames.reset();
        self.doors.free().push(way);
        self.doors.free.1.notify_one();
    }
}
