//! A small world to be shown, for tests.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::{
    domain::{BlobHash, EnvironmentId},
    pipeline::status::{Look, Looks, Rate, Row, Seen, Status, example_row},
};

/// A blob of service `api` of which so many bytes are ingested.
pub(super) fn blob(environment: &str, name: &str, size: u64, ingested: u64) -> Seen {
    Seen {
        id: BlobHash::of(&EnvironmentId::new("cp2", environment), name),
        row: Row {
            size,
            ingested,
            lag_bytes: size - ingested,
            ..example_row(environment, name)
        },
        rate: Rate::default(),
    }
}

/// A look at these blobs as they are, without sums.
pub(super) fn look(blobs: Vec<Seen>) -> Look {
    Look {
        blobs,
        ..Look::default()
    }
}

/// The time at which [`busy`] was looked at.
pub(super) fn now() -> Timestamp {
    "2025-06-06T12:34:56Z".parse().unwrap()
}

/// Three environments after a while: one is catching up, one has a failed blob, one is done.
pub(super) fn busy() -> Look {
    let (mut looks, begun) = (Looks::default(), Instant::now());
    let mut last = Look::default();
    for step in 0..60_u64 {
        let at = now() - jiff::SignedDuration::from_secs(5 * (59 - step).cast_signed());
        let after = begun + Duration::from_secs(5 * step);
        let rows = rows(step).into_iter().map(|row| {
            let id = EnvironmentId::new(&row.subscription, &row.environment);
            (BlobHash::of(&id, &row.blob), row)
        });
        let environments = ["P1", "S1", "D1"].map(|name| EnvironmentId::new("cp2", name));
        last = looks.take((at, after), rows.collect(), environments, true);
    }
    last
}

fn rows(step: u64) -> Vec<Row> {
    let name = |pod: &str| format!("kubernetes/20250606.{pod}_default_platform-{}.gz", "3b".repeat(32));
    let row = |environment: &str, pod: &str, size: u64, ingested: u64| Row {
        size,
        ingested: ingested.min(size),
        lag_bytes: size.saturating_sub(ingested),
        lines: ingested / 90,
        last_modified: now() - jiff::SignedDuration::from_secs(7),
        last_processed: Some(now() - jiff::SignedDuration::from_secs(4)),
        ..example_row(environment, &name(pod))
    };
    let megabytes = |count: u64| count << 20;
    let mut all: Vec<Row> = (0..40)
        .map(|pod| {
            let size = megabytes(20 + 7 * pod);
            let ingested = megabytes(pod) / 2 * step / 6;
            row("P1", &format!("api-674b9bdb88-{pod:05}"), size, ingested)
        })
        .collect();
    all.push(Row {
        status: Status::Closed,
        last_error: Some("container commerce-logs of account prodlogs: 404 BlobNotFound".to_owned()),
        ..row("S1", "backoffice-5d9c-x\u{1b}[2Jy", megabytes(300), megabytes(12))
    });
    all.push(Row {
        status: Status::Closed,
        service: Some("jsapps".to_owned()),
        ..row("D1", "jsapps-日本語", megabytes(5), megabytes(5))
    });
    all.push(Row {
        status: Status::New,
        service: None,
        last_processed: None,
        ..row("D1", "zookeeper-0", 0, 0)
    });
    all
}
