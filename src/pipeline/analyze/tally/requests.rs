//! Requests, as one layer saw them: the proxy in front, or the applications behind it.

use super::{
    super::{
        counts::Classes,
        fold,
        latency::Latency,
        series::{Series, Value},
        top::{Entry, Top},
    },
    NAME_BYTES,
};
use crate::domain::record::Http;

/// Index of the proxy's layer.
pub(super) const PROXY: usize = 1;

const PATHS: usize = 500;
const CLIENTS: usize = 5000;
/// A failing request counts so much more where paths and clients are let go.
const FAILURE_WEIGHT: u64 = 20;

/// All requests of a layer.
#[derive(Debug)]
pub(in super::super) struct Layer {
    pub classes: Classes,
    pub bytes: u64,
    pub latency: Latency,
    /// By method and folded path.
    pub paths: Top<Path>,
    pub clients: Top<Client>,
}

impl Default for Layer {
    fn default() -> Self {
        Self {
            classes: Classes::default(),
            bytes: 0,
            latency: Latency::default(),
            paths: Top::keeping(PATHS),
            clients: Top::keeping(CLIENTS),
        }
    }
}

/// Requests of a bucket of time. Most buckets have none of one of the layers.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct RequestSlot(pub Option<Box<Requests>>);

#[derive(Clone, Debug, Default)]
pub(in super::super) struct Requests {
    pub classes: Classes,
    pub bytes: u64,
    pub latency: Latency,
}

#[derive(Clone, Debug, Default)]
pub(in super::super) struct Path {
    pub requests: Requests,
    /// Requests that failed by the server's fault.
    pub failures: Series<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Client {
    pub requests: u64,
    pub client_errors: u64,
    pub server_errors: u64,
    pub bytes: u64,
}

impl Layer {
    /// `path` is that of the request, with its method, folded.
    pub fn add(&mut self, http: &Http<'_>, path: &str) {
        let status = http.status_code.get();
        self.classes.count(status);
        self.bytes += bytes(http);
        self.latency.add(http.response_time_ms.get());
        self.paths.update(path, |path| {
            path.requests.add_request(http);
            if is_server_error(status) {
                *path.failures.at(http.ts_ns) += 1;
            }
        });
        self.clients.update(fold::cut(&http.client_ip, NAME_BYTES), |client| {
            client.requests += 1;
            client.client_errors += u64::from((400..500).contains(&status));
            client.server_errors += u64::from(is_server_error(status));
            client.bytes += bytes(http);
        });
    }

    pub fn merge(&mut self, other: Self) {
        self.classes.add(other.classes);
        self.bytes += other.bytes;
        self.latency.merge(&other.latency);
        self.paths.merge(other.paths);
        self.clients.merge(other.clients);
    }
}

fn is_server_error(status: i128) -> bool {
    (500..600).contains(&status)
}

fn bytes(http: &Http<'_>) -> u64 {
    u64::try_from(http.bytes_sent.get()).unwrap_or_default()
}

impl RequestSlot {
    pub fn add_request(&mut self, http: &Http<'_>) {
        self.0.get_or_insert_default().add_request(http);
    }
}

impl Requests {
    fn add_request(&mut self, http: &Http<'_>) {
        self.classes.count(http.status_code.get());
        self.bytes += bytes(http);
        self.latency.add(http.response_time_ms.get());
    }
}

impl Value for RequestSlot {
    fn add(&mut self, other: Self) {
        match (&mut self.0, other.0) {
            (Some(requests), Some(other)) => requests.add(*other),
            (requests, other) => *requests = requests.take().or(other),
        }
    }
}

impl Value for Requests {
    fn add(&mut self, other: Self) {
        self.classes.add(other.classes);
        self.bytes += other.bytes;
        self.latency.merge(&other.latency);
    }
}

impl Entry for Path {
    fn merge(&mut self, other: Self) {
        self.requests.add(other.requests);
        self.failures.merge(other.failures);
    }

    fn weight(&self) -> u64 {
        let classes = &self.requests.classes;
        classes.total() + FAILURE_WEIGHT * classes.server_errors()
    }
}

impl Entry for Client {
    fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.client_errors += other.client_errors;
        self.server_errors += other.server_errors;
        self.bytes += other.bytes;
    }

    fn weight(&self) -> u64 {
        self.requests + FAILURE_WEIGHT * self.server_errors
    }
}
