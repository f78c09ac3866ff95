//! Tests of the built program against a real Kafka and a real Azurite; one file a behaviour.
//! `make services` fetches the two servers, `make test` runs everything; [`support`] starts and stops them.

mod running_test;
mod services_test;
mod support;
