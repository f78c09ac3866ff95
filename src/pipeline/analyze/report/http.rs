//! Requests that are told, of one layer.

use std::cmp::Reverse;

use serde::Serialize;

use super::{
    super::{
        counts::Classes,
        latency::Percentiles,
        tally::RequestSlot,
        tally::{self, Layer, Tally},
    },
    Timeline,
};

/// Of fewer requests, a path's percentiles say little: it comes behind the others among the slowest.
const FEW_REQUESTS: u64 = 10;

#[derive(Clone, Debug, Serialize)]
pub struct Http {
    pub requests: u64,
    pub classes: Classes,
    pub bytes_sent: u64,
    /// As logged: milliseconds, unless the log is configured otherwise.
    pub latency_ms: Option<Percentiles>,
    pub over_time: Over,
    /// The slowest 90th percentile first.
    pub slowest_paths: Vec<Path>,
    /// Most 5xx first, then most 4xx.
    pub failing_paths: Vec<Path>,
    /// Most requests first.
    pub busiest_paths: Vec<Path>,
    pub busiest_clients: Vec<Client>,
    /// Most 5xx first, then most 4xx.
    pub failing_clients: Vec<Client>,
}

/// A value for each bucket of the timeline.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Over {
    pub classes: Vec<Classes>,
    pub bytes_sent: Vec<u64>,
    pub latency_ms: Vec<Option<Percentiles>>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Path {
    pub path: String,
    pub requests: u64,
    pub client_errors: u64,
    pub server_errors: u64,
    pub bytes_sent: u64,
    pub latency_ms: Option<Percentiles>,
    /// Requests that failed by the server's fault.
    pub failures_over_time: Vec<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Client {
    pub client_ip: String,
    pub requests: u64,
    pub client_errors: u64,
    pub server_errors: u64,
    pub bytes_sent: u64,
}

impl Http {
    pub(super) fn truncate(&mut self, most: usize) {
        self.slowest_paths.truncate(most);
        self.failing_paths.truncate(most);
        self.busiest_paths.truncate(most);
        self.busiest_clients.truncate(most);
        self.failing_clients.truncate(most);
    }
}

/// `None` if the layer has no requests.
pub(super) fn layer(tally: &Tally, layer: usize, timeline: &Timeline, top: usize) -> Option<Http> {
    let of = &tally.layers[layer];
    let requests = of.classes.total();
    (requests > 0).then(|| Http {
        requests,
        classes: of.classes,
        bytes_sent: of.bytes,
        latency_ms: of.latency.percentiles(),
        over_time: over_time(tally, layer, timeline),
        slowest_paths: slowest(of, timeline, top),
        failing_paths: failing(of, timeline, top),
        busiest_paths: paths(of, timeline, top, |path| Reverse(path.requests.classes.total())),
        busiest_clients: clients(of, top, |client| (Reverse(client.requests), Reverse(client.bytes))),
        failing_clients: clients(of, usize::MAX, |client| {
            (Reverse(client.server_errors), Reverse(client.client_errors))
        })
        .into_iter()
        .filter(|client| client.server_errors + client.client_errors > 0)
        .take(top)
        .collect(),
    })
}

fn over_time(tally: &Tally, layer: usize, timeline: &Timeline) -> Over {
    let slots: Vec<RequestSlot> = timeline.spread(&tally.timeline, |slot| slot.layers[layer].clone());
    let mut over = Over::default();
    for slot in slots {
        let requests = slot.0.unwrap_or_default();
        over.classes.push(requests.classes);
        over.bytes_sent.push(requests.bytes);
        over.latency_ms.push(requests.latency.percentiles());
    }
    over
}

fn slowest(layer: &Layer, timeline: &Timeline, top: usize) -> Vec<Path> {
    paths(layer, timeline, top, |path| {
        let p90 = path.requests.latency.percentiles().map_or(0.0, |latency| latency.p90);
        // To the tenth: percentiles are not known any better.
        let tenths = (p90 * 10.0) as u64;
        (path.requests.classes.total() < FEW_REQUESTS, Reverse(tenths))
    })
}

fn failing(layer: &Layer, timeline: &Timeline, top: usize) -> Vec<Path> {
    let rows = paths(layer, timeline, top, |path| {
        let classes = &path.requests.classes;
        (Reverse(classes.server_errors()), Reverse(classes.client_errors()))
    });
    let fails = |path: &Path| path.server_errors + path.client_errors > 0;
    rows.into_iter().filter(fails).collect()
}

fn paths<K: Ord>(layer: &Layer, timeline: &Timeline, top: usize, order: impl Fn(&tally::Path) -> K) -> Vec<Path> {
    let rows = layer.paths.first(top, order).into_iter();
    rows.map(|(name, path)| {
        let classes = &path.requests.classes;
        Path {
            path: name.to_owned(),
            requests: classes.total(),
            client_errors: classes.client_errors(),
            server_errors: classes.server_errors(),
            bytes_sent: path.requests.bytes,
            latency_ms: path.requests.latency.percentiles(),
            failures_over_time: timeline.spread(&path.failures, |count| *count),
        }
    })
    .collect()
}

fn clients<K: Ord>(layer: &Layer, top: usize, order: impl Fn(&tally::Client) -> K) -> Vec<Client> {
    let rows = layer.clients.first(top, order).into_iter();
    rows.map(|(name, client)| Client {
        client_ip: name.to_owned(),
        requests: client.requests,
        client_errors: client.client_errors,
        server_errors: client.server_errors,
        bytes_sent: client.bytes,
    })
    .collect()
}
