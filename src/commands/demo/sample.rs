//! A day of logs as the collector writes them: every container's blob is a chain of gzip members of JSON lines.

use std::{fs, io, io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::domain::Date;

pub struct Written {
    /// Full names, in the order of the services.
    pub blobs: Vec<String>,
    pub bytes: u64,
    pub raw_bytes: u64,
}

struct Container {
    pod: &'static str,
    name: &'static str,
    lines: fn(&mut Dice, &Moment) -> Value,
    /// Of 100 lines of the day, so many are its.
    share: u64,
}

const CONTAINERS: [Container; 7] = [
    Container {
        pod: "apache2-igc-674b9bdb88-vm775",
        name: "proxy",
        lines: proxy,
        share: 25,
    },
    Container {
        pod: "apache2-igc-674b9bdb88-x2x9k",
        name: "proxy",
        lines: proxy,
        share: 15,
    },
    Container {
        pod: "api-7d4f8c9b66-q8w2z",
        name: "platform",
        lines: api,
        share: 25,
    },
    Container {
        pod: "backoffice-5b7c9d6f44-h7k3m",
        name: "platform",
        lines: application,
        share: 10,
    },
    Container {
        pod: "backgroundprocessing-6c8d7f5b99-t4r6n",
        name: "platform",
        lines: application,
        share: 15,
    },
    Container {
        pod: "jsapps-84d6b7c5f8-w9x5p",
        name: "jsapps",
        lines: container_line,
        share: 5,
    },
    Container {
        pod: "zookeeper-0",
        name: "zookeeper",
        lines: container_line,
        share: 5,
    },
];

/// Lines of one flush of the collector.
const LINES_PER_MEMBER: u64 = 400;

/// Writes yesterday's blobs below `directory`, with `lines` lines in all.
pub fn write_day(directory: &Path, lines: u64) -> io::Result<Written> {
    let date = Date::today_utc().days_before(1);
    fs::create_dir_all(directory.join("kubernetes"))?;
    let mut written = Written {
        blobs: Vec::new(),
        bytes: 0,
        raw_bytes: 0,
    };
    let mut left = lines;
    for (number, container) in CONTAINERS.iter().enumerate() {
        let last = number + 1 == CONTAINERS.len();
        let count = if last {
            left
        } else {
            (lines * container.share / 100).min(left)
        };
        left -= count;
        if count == 0 {
            continue;
        }
        let mut dice = Dice(number as u64 + 1);
        let id: String = (0..64)
            .map(|_| char::from(b"0123456789abcdef"[dice.below(16) as usize]))
            .collect();
        let name = format!("kubernetes/{date}.{}_default_{}-{id}.gz", container.pod, container.name);
        let mut file = io::BufWriter::new(fs::File::create(directory.join(&name))?);
        let mut begun = 0;
        while begun < count {
            let members_lines = LINES_PER_MEMBER.min(count - begun);
            let mut member = GzEncoder::new(Vec::new(), Compression::fast());
            for line in begun..begun + members_lines {
                let moment = Moment::of(date, line, count);
                let mut text = serde_json::to_vec(&raw_line(container, &mut dice, &moment))?;
                text.push(b'\n');
                written.raw_bytes += text.len() as u64;
                member.write_all(&text)?;
            }
            let member = member.finish()?;
            written.bytes += member.len() as u64;
            file.write_all(&member)?;
            begun += members_lines;
        }
        file.flush()?;
        written.blobs.push(name);
    }
    Ok(written)
}

/// A moment of the day, in text and in milliseconds.
struct Moment {
    text: String,
    millis: i64,
}

impl Moment {
    const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;

    fn of(date: Date, line: u64, lines: u64) -> Self {
        let start = date
            .civil()
            .to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .map(|midnight| midnight.timestamp());
        let start = start.unwrap_or(jiff::Timestamp::UNIX_EPOCH).as_millisecond();
        let millis = start + (Self::DAY_MILLIS / lines * line) as i64;
        let text = jiff::Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |at| at.to_string());
        Self { text, millis }
    }
}

/// The same throw in every run: a linear congruential generator (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn raw_line(container: &Container, dice: &mut Dice, moment: &Moment) -> Value {
    let logs = (container.lines)(dice, moment);
    let app = container.pod.split('-').next().unwrap_or_default();
    let mut line = json!({
        "@timestamp": moment.text, "time": moment.text, "record_date": moment.text.get(..10), "stream": "stdout", "_p": "F",
        "kubernetes": {
            "pod_name": container.pod, "namespace_name": "default", "container_name": container.name,
            "pod_ip": format!("10.244.{}.{}", dice.below(16), dice.below(250)), "host": "aks-worker-000003",
            "labels": {"app": app, "ccv2.cx.sap.com/platform-aspect": app, "pod-template-hash": "674b9bdb88"},
            "annotations": {"fluentbit.io/parser": "json", "prometheus.io/scrape": "true", "prometheus.io/path": "/metrics"}
        }
    });
    match logs {
        Value::String(text) => line["log"] = text.into(),
        logs => {
            line["log"] = logs.to_string().into();
            line["logs"] = logs;
        }
    }
    line
}

const PATHS: [&str; 6] = [
    "/rest/v2/shop/products/search?query=chair&pageSize=20",
    "/rest/v2/shop/users/anonymous/carts",
    "/rest/v2/shop/cms/pages?pageType=ContentPage",
    "/rest/v2/shop/basestores/shop",
    "/medias/chair-1024.jpg?context=bWFzdGVyfGltYWdlcw",
    "/backoffice/zkau",
];

fn proxy(dice: &mut Dice, moment: &Moment) -> Value {
    let method = dice.one_of(&["GET", "GET", "GET", "POST", "HEAD"]);
    let status = dice.one_of(&["200", "200", "200", "200", "304", "301", "404", "502"]);
    json!({
        "requestFirstLine": format!("{method} {} HTTP/1.1", dice.one_of(&PATHS)), "status": status,
        "remoteHost": format!("203.0.113.{}", dice.below(250)), "responseTime": dice.below(900).to_string(),
        "bytes": dice.below(90_000).to_string(), "localServerName": "www.shop.example.com", "identdUsername": "-",
        "remoteUser": "-", "time": moment.text, "referer": "https://www.shop.example.com/",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "cache status": dice.one_of(&["hit", "miss"])
    })
}

fn access(dice: &mut Dice, moment: &Moment) -> Value {
    let method = dice.one_of(&["GET", "GET", "POST", "PUT", "DELETE"]);
    json!({
        "timeMillis": moment.millis, "level": "INFO", "loggerName": "access", "thread": "tomcat",
        "contextMap": {
            "requestLine": format!("{method} {} HTTP/1.1", dice.one_of(&PATHS)),
            "statusCode": dice.one_of(&["200", "200", "200", "201", "400", "404", "500"]),
            "bytesSent": dice.below(40_000).to_string(), "processMillis": dice.below(2_000).to_string(),
            "remoteHost": format!("10.244.0.{}", dice.below(250))
        }
    })
}

fn api(dice: &mut Dice, moment: &Moment) -> Value {
    match dice.below(3) {
        0 => application(dice, moment),
        _ => access(dice, moment),
    }
}

fn application(dice: &mut Dice, moment: &Moment) -> Value {
    let level = dice.one_of(&["INFO", "INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"]);
    let mut logs = json!({
        "instant": {"epochSecond": moment.millis / 1000, "nanoOfSecond": (moment.millis % 1000) * 1_000_000},
        "thread": format!("hybrisHTTP{}", dice.below(40)), "level": level,
        "loggerName": dice.one_of(&["de.hybris.platform.solrfacetsearch.indexer", "com.shop.core.order.OrderService",
            "de.hybris.platform.jalo.CoreBasicDataCreator", "com.shop.integration.PricingClient"]),
        "message": format!("{} for order {:08} took {} ms",
            dice.one_of(&["Calculation", "Export", "Price lookup", "Stock reservation"]), dice.below(99_999_999), dice.below(4_000)),
        "contextMap": {"RemoteAddr": format!("10.244.1.{}", dice.below(250)), "Tenant": "master"}
    });
    if level == "ERROR" {
        logs["thrown"] = json!({
            "name": "java.net.SocketTimeoutException", "message": "Read timed out",
            "extendedStackTrace": "java.net.SocketTimeoutException: Read timed out\n\tat com.shop.integration.PricingClient.get(PricingClient.java:88)"
        });
    }
    logs
}

fn container_line(dice: &mut Dice, moment: &Moment) -> Value {
    let level = dice.one_of(&["INFO", "INFO", "WARN", "DEBUG"]);
    let what = dice.one_of(&[
        "Session expired",
        "Server environment ready",
        "GET /healthz",
        "Snapshot taken",
    ]);
    Value::String(format!(
        "{} [main] {level} - {what} id=0x{:x}",
        moment.text,
        dice.below(u64::MAX >> 34)
    ))
}
