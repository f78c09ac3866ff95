//! What the properties, which have librdkafka's names, ask of the producer.

use std::{collections::BTreeMap, time::Duration};

use super::{batch::Codec, sasl::Sasl, tls};
use crate::kafka::{Connection, Error};

/// A killed producer's transaction holds readers up for no longer than this.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(20);
/// Requests on their way to one broker: the most of which a broker remembers the sequence numbers.
const MAX_IN_FLIGHT: usize = 5;
/// Bytes of a batch before it is compressed: so much may be in one if the topic takes it. Larger ones would be a few
/// percent cheaper, and with few blobs open a lane's memory is that of its batches.
const BATCH_BYTES: usize = 1 << 20;
/// Without an answer for so long a broker hangs, and its connection is given up.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What a connection needs.
pub struct Link {
    /// `host:port` each.
    pub bootstrap: Vec<String>,
    pub client_id: String,
    pub tls: Option<tls::Tls>,
    pub sasl: Option<Sasl>,
    pub address_family: AddressFamily,
    /// From the first packet until a broker has let us in.
    pub setup_timeout: Duration,
    pub request_timeout: Duration,
    pub reconnect_backoff: Duration,
    pub reconnect_backoff_max: Duration,
    pub keepalive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFamily {
    Any,
    V4,
    V6,
}

/// What topics take, in bytes of `max.message.bytes`: that bounds a record, and a compressed batch as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicLimits {
    /// Of the topic that takes most: no record is larger.
    pub largest: usize,
    /// Of the topic that takes least: no batch is larger, but for that of a single larger record.
    pub smallest: usize,
}

impl TopicLimits {
    /// Of several topics.
    pub fn of(limits: impl IntoIterator<Item = usize> + Clone) -> Self {
        Self {
            largest: limits.clone().into_iter().max().unwrap_or_default(),
            smallest: limits.into_iter().min().unwrap_or_default(),
        }
    }
}

pub struct Settings {
    pub link: Link,
    pub codec: Codec,
    /// Bytes: no record is larger.
    pub max_record_bytes: usize,
    /// Bytes of a batch before it is compressed, a single larger record aside.
    pub batch_bytes: usize,
    /// Records of a batch.
    pub batch_records: usize,
    /// A batch that is not full is sent after so long.
    pub linger: Duration,
    /// A record that is not acknowledged after so long has failed.
    pub delivery_timeout: Duration,
    pub max_in_flight: usize,
    pub retry_backoff: Duration,
    pub retry_backoff_max: Duration,
}

// A property's names.
const LINGER: [&str; 2] = ["linger.ms", "queue.buffering.max.ms"];
const DELIVERY_TIMEOUT: [&str; 2] = ["delivery.timeout.ms", "message.timeout.ms"];

/// Properties of librdkafka's producer that say how it works inside, or what clp decides itself.
const WITHOUT_EFFECT: [&str; 14] = [
    "delivery.report.only.error",
    "dr_cb",
    "dr_msg_cb",
    "enable.gapless.guarantee",
    "message.send.max.retries",
    "msg_order_cmp",
    "partitioner",
    "partitioner_cb",
    "produce.offset.report",
    "queue.buffering.backpressure.threshold",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queuing.strategy",
    "sticky.partitioning.linger.ms",
];

impl Settings {
    /// Reads the properties. Their names and values were found valid by librdkafka before.
    ///
    /// # Errors
    /// [`Error::Properties`] for what does not go with what clp promises, [`Error::Property`] for files that can not be
    /// read and mechanisms that are not there.
    pub fn read(connection: &Connection, is_transactional: bool, limits: TopicLimits) -> Result<Self, Error> {
        let properties = Properties::of(connection)?;
        for name in WITHOUT_EFFECT {
            if properties.get(&[name]).is_some() {
                tracing::warn!(property = name, "has no effect on clp's producer");
            }
        }
        properties.refuse_what_would_lose()?;
        let security = properties.get(&["security.protocol"]).unwrap_or("plaintext");
        let (encrypts, authenticates) = match security.to_ascii_lowercase().as_str() {
            "ssl" => (true, false),
            "sasl_plaintext" => (false, true),
            "sasl_ssl" => (true, true),
            _ => (false, false),
        };
        let tls = if encrypts {
            Some(tls::Tls::read(&properties)?)
        } else {
            None
        };
        let sasl = if authenticates {
            Some(Sasl::read(&properties)?)
        } else {
            None
        };
        let in_ms = |names: &[&str], default: Duration| properties.duration(names, default);
        let request_timeout = in_ms(&["socket.timeout.ms"], REQUEST_TIMEOUT);
        let delivery_timeout = in_ms(&DELIVERY_TIMEOUT, Duration::from_secs(300));
        let batch_bytes: usize = properties.number(&["batch.size"], BATCH_BYTES);
        let max_record_bytes = properties
            .number(&["message.max.bytes"], limits.largest)
            .min(limits.largest);
        Ok(Self {
            max_record_bytes,
            link: Link {
                bootstrap: bootstrap(&connection.brokers),
                client_id: properties.get(&["client.id"]).unwrap_or("clp").to_owned(),
                tls,
                sasl,
                address_family: match properties.get(&["broker.address.family"]) {
                    Some("v4") => AddressFamily::V4,
                    Some("v6") => AddressFamily::V6,
                    _ => AddressFamily::Any,
                },
                setup_timeout: in_ms(&["socket.connection.setup.timeout.ms"], Duration::from_secs(10)),
                request_timeout,
                reconnect_backoff: in_ms(&["reconnect.backoff.ms"], Duration::from_millis(50)),
                reconnect_backoff_max: in_ms(&["reconnect.backoff.max.ms"], Duration::from_secs(2)),
                keepalive: properties.get(&["socket.keepalive.enable"]) != Some("false"),
            },
            codec: properties.codec(),
            batch_bytes: batch_bytes.min(limits.smallest).min(max_record_bytes).max(1),
            batch_records: properties.number(&["batch.num.messages"], 1_000_000),
            linger: in_ms(&LINGER, Duration::from_millis(50)),
            delivery_timeout: if is_transactional {
                delivery_timeout.min(TRANSACTION_TIMEOUT)
            } else {
                delivery_timeout
            },
            max_in_flight: properties
                .number(
                    &["max.in.flight.requests.per.connection", "max.in.flight"],
                    MAX_IN_FLIGHT,
                )
                .min(MAX_IN_FLIGHT),
            retry_backoff: in_ms(&["retry.backoff.ms"], Duration::from_millis(50)),
            retry_backoff_max: in_ms(&["retry.backoff.max.ms"], Duration::from_secs(1)),
        })
    }
}

/// Each address with its port; 9092 where none is given.
fn bootstrap(brokers: &str) -> Vec<String> {
    let named = brokers.split(',').map(str::trim).filter(|one| !one.is_empty());
    let plain = named.map(|one| one.rsplit_once("://").map_or(one, |(_, address)| address));
    plain
        .map(|one| {
            let has_port = one.rsplit_once(':').is_some_and(|(host, port)| {
                port.parse::<u16>().is_ok() && (!host.contains(':') || host.ends_with(']'))
            });
            if has_port {
                one.to_owned()
            } else {
                format!("{one}:9092")
            }
        })
        .collect()
}

/// The properties of a producer, the more special ones before the general ones.
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    /// # Errors
    /// Those of librdkafka for names that it does not know and for values that it does not take.
    fn of(connection: &Connection) -> Result<Self, Error> {
        let mut config = connection.client();
        for (name, value) in &connection.producer {
            config.set(name, value);
        }
        config.create_native_config().map_err(Error::creation)?;
        let mut all = connection.properties.clone();
        all.extend(connection.producer.clone());
        Ok(Self(all))
    }

    /// The first of these names that is set.
    pub fn get(&self, names: &[&str]) -> Option<&str> {
        let mut set = names.iter().filter_map(|name| self.0.get(*name));
        set.next().map(String::as_str)
    }

    fn number<N: std::str::FromStr>(&self, names: &[&str], default: N) -> N {
        self.get(names)
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(default)
    }

    /// Of milliseconds, which may have a fraction.
    fn duration(&self, names: &[&str], default: Duration) -> Duration {
        let ms: Option<f64> = self.get(names).and_then(|value| value.trim().parse().ok());
        ms.map_or(default, |ms| Duration::from_secs_f64(ms.max(0.0) / 1000.0))
    }

    fn codec(&self) -> Codec {
        let level = |default: i32| match self.number(&["compression.level"], -1) {
            -1 => default,
            level => level,
        };
        match self.get(&["compression.type", "compression.codec"]) {
            None | Some("lz4") => Codec::Lz4,
            Some("none") => Codec::None,
            Some("gzip") => Codec::Gzip(level(6).clamp(0, 9).cast_unsigned()),
            Some("zstd") => Codec::Zstd(level(3)),
            Some(other) => {
                tracing::warn!(
                    property = "compression.type",
                    "clp's producer has none, lz4, zstd and gzip; lz4 is used instead of {other}"
                );
                Codec::Lz4
            }
        }
    }

    /// What exactly-once rests on is not for the configuration to undo.
    fn refuse_what_would_lose(&self) -> Result<(), Error> {
        let refuse = |reason: &str| {
            Err(Error::Properties {
                reason: reason.to_owned(),
            })
        };
        if self.number(&["max.in.flight.requests.per.connection", "max.in.flight"], 1) > MAX_IN_FLIGHT {
            return refuse("`max.in.flight` must be set <= 5 when `enable.idempotence` is true");
        }
        let acks = self.get(&["acks", "request.required.acks"]);
        if acks.is_some_and(|acks| !matches!(acks, "all" | "-1")) {
            tracing::warn!(property = "acks", "clp always waits for all in-sync replicas");
        }
        if self.get(&["message.send.max.retries", "retries"]) == Some("0") {
            return refuse("`message.send.max.retries` must be set >= 1 when `enable.idempotence` is true");
        }
        if self.duration(&LINGER, Duration::ZERO) >= self.duration(&DELIVERY_TIMEOUT, Duration::MAX) {
            return refuse("`delivery.timeout.ms` must be greater than `linger.ms`");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(properties: &[(&str, &str)]) -> Result<Settings, Error> {
        let mut connection = Connection::new("a:1");
        for (name, value) in properties {
            connection.producer.insert((*name).to_owned(), (*value).to_owned());
        }
        Settings::read(&connection, true, TopicLimits::of([2000, 1 << 20]))
    }

    #[test]
    fn brokers_have_ports_also_where_they_have_none() {
        assert_eq!(
            bootstrap(" a:1, b ,[::1]:5,[fe80::1],PLAINTEXT://c:7,"),
            ["a:1", "b:9092", "[::1]:5", "[fe80::1]:9092", "c:7"]
        );
    }

    #[test]
    fn properties_have_librdkafkas_names() {
        for (name, value, expected) in [
            ("compression.type", "lz4", Codec::Lz4),
            ("compression.codec", "none", Codec::None),
            ("compression.type", "gzip", Codec::Gzip(6)),
            ("compression.type", "zstd", Codec::Zstd(3)),
            ("compression.type", "snappy", Codec::Lz4),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap().codec, expected);
        }
        let levelled = read(&[("compression.type", "zstd"), ("compression.level", "7")]).unwrap();
        assert_eq!(levelled.codec, Codec::Zstd(7));
        let settings = read(&[("linger.ms", "0.5"), ("batch.size", "1000")]).unwrap();
        assert_eq!(
            (settings.linger, settings.batch_bytes),
            (Duration::from_micros(500), 1000)
        );
    }

    #[test]
    fn a_batch_fits_into_each_topic() {
        assert_eq!(read(&[]).unwrap().batch_bytes, 2000);
        assert_eq!(read(&[("batch.size", "500")]).unwrap().batch_bytes, 500);
        let small = read(&[("message.max.bytes", "1500")]).unwrap();
        assert_eq!((small.max_record_bytes, small.batch_bytes), (1500, 1500));
    }

    #[test]
    fn a_transactions_records_do_not_wait_longer_than_the_transaction() {
        assert_eq!(read(&[]).unwrap().delivery_timeout, TRANSACTION_TIMEOUT);
        let short = read(&[("delivery.timeout.ms", "3000")]).unwrap();
        assert_eq!(short.delivery_timeout, Duration::from_secs(3));
    }

    #[test]
    fn what_is_not_to_be_had_is_refused() {
        for (name, value) in [("no.such.property", "1"), ("linger.ms", "soon"), ("max.in.flight", "6")] {
            let refused = read(&[(name, value)]).err().unwrap();
            assert!(refused.is_of_configuration(), "{name}: {refused}");
        }
        let together = read(&[("linger.ms", "5000"), ("delivery.timeout.ms", "100")])
            .err()
            .unwrap();
        assert!(matches!(together, Error::Properties { .. }), "{together}");
    }
}
