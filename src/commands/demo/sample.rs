//! Lines as the collector writes them, of seven containers of a shop.

use jiff::Timestamp;
use serde_json::{Value, json};

pub struct Container {
    pub pod: &'static str,
    pub name: &'static str,
    lines: fn(&mut Dice, Timestamp) -> Value,
    /// Of 100 lines of the shop, so many are its.
    pub share: u64,
}

pub const CONTAINERS: [Container; 7] = [
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

/// The same throw in every run: a linear congruential generator (Knuth's MMIX constants).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: u64) -> u64 {
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

/// One line of the container, at `time`.
pub fn raw_line(container: &Container, dice: &mut Dice, time: Timestamp) -> Value {
    let logs = (container.lines)(dice, time);
    let text = time.to_string();
    let app = container.pod.split('-').next().unwrap_or_default();
    let mut line = json!({
        "@timestamp": text, "time": text, "record_date": text.get(..10), "stream": "stdout", "_p": "F",
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

fn proxy(dice: &mut Dice, time: Timestamp) -> Value {
    let method = dice.one_of(&["GET", "GET", "GET", "POST", "HEAD"]);
    let status = match dice.below(200) {
        0 => "502",
        1..6 => "404",
        6..20 => "304",
        20..24 => "301",
        _ => "200",
    };
    json!({
        "requestFirstLine": format!("{method} {} HTTP/1.1", dice.one_of(&PATHS)), "status": status,
        "remoteHost": format!("203.0.113.{}", dice.below(250)), "responseTime": dice.below(900).to_string(),
        "bytes": dice.below(90_000).to_string(), "localServerName": "www.shop.example.com", "identdUsername": "-",
        "remoteUser": "-", "time": time.to_string(), "referer": "https://www.shop.example.com/",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "cache status": dice.one_of(&["hit", "miss"])
    })
}

fn access(dice: &mut Dice, time: Timestamp) -> Value {
    let method = dice.one_of(&["GET", "GET", "POST", "PUT", "DELETE"]);
    let status = match dice.below(200) {
        0 => "500",
        1..5 => "404",
        5..8 => "400",
        8..40 => "201",
        _ => "200",
    };
    json!({
        "timeMillis": time.as_millisecond(), "level": "INFO", "loggerName": "access", "thread": "tomcat",
        "contextMap": {
            "requestLine": format!("{method} {} HTTP/1.1", dice.one_of(&PATHS)),
            "statusCode": status,
            "bytesSent": dice.below(40_000).to_string(), "processMillis": dice.below(2_000).to_string(),
            "remoteHost": format!("10.244.0.{}", dice.below(250))
        }
    })
}

fn api(dice: &mut Dice, time: Timestamp) -> Value {
    match dice.below(3) {
        0 => application(dice, time),
        _ => access(dice, time),
    }
}

fn application(dice: &mut Dice, time: Timestamp) -> Value {
    let level = match dice.below(200) {
        0 => "ERROR",
        1..10 => "WARN",
        10..40 => "DEBUG",
        _ => "INFO",
    };
    let mut logs = json!({
        "instant": {"epochSecond": time.as_second(), "nanoOfSecond": time.subsec_nanosecond()},
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

fn container_line(dice: &mut Dice, time: Timestamp) -> Value {
    let level = dice.one_of(&["INFO", "INFO", "WARN", "DEBUG"]);
    let what = dice.one_of(&[
        "Session expired",
        "Server environment ready",
        "GET /healthz",
        "Snapshot taken",
    ]);
    Value::String(format!(
        "{} [main] {level} - {what} id=0x{:x}",
        time,
        dice.below(u64::MAX >> 34)
    ))
}
