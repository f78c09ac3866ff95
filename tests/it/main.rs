//! Tests of the built program against a real Kafka and a real Azurite; one file a behaviour.
//! `make services` fetches the two servers, `make test` runs everything; [`support`] starts and stops them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so by panicking, in its support too"
)]

mod running_test;
mod services_test;
mod support;
