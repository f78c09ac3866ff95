//! Realistic logs: lines of about 1.6 KB as a Commerce Cloud's collector writes them, in chains of gzip members that
//! compress about as well as real ones. All is a function of the line's index, so a test can tell what it must find.

use std::io::{self, Write};
use std::ops::Range;

use flate2::Compression;
use flate2::write::GzEncoder;

/// One gzip member.
pub fn member(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::default());
    encoder.write_all(text).expect("write to memory");
    encoder.finish().expect("write to memory")
}

/// A blob of the lines of these indexes, see [`log_line`], in members of `lines_per_member` (the last may be shorter).
pub fn blob(lines: Range<u64>, lines_per_member: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_blob(&mut bytes, lines, lines_per_member, log_line).expect("write to memory");
    bytes
}

/// As [`blob`], to a file for large ones, and with lines of any kind.
pub fn write_blob(
    to: &mut impl Write,
    lines: Range<u64>,
    lines_per_member: u64,
    line: fn(u64) -> String,
) -> io::Result<()> {
    let mut text = Vec::new();
    let mut next = lines.start;
    while next < lines.end {
        let end = lines.end.min(next + lines_per_member);
        text.clear();
        for index in next..end {
            text.extend_from_slice(line(index).as_bytes());
            text.push(b'\n');
        }
        to.write_all(&member(&text))?;
        next = end;
    }
    Ok(())
}

/// A blob of the given lines, of any bytes, in members of `lines_per_member`.
pub fn blob_of<L: AsRef<[u8]>>(lines: &[L], lines_per_member: usize) -> Vec<u8> {
    let text = |lines: &[L]| {
        lines
            .iter()
            .flat_map(|line| [line.as_ref(), b"\n"].concat())
            .collect::<Vec<_>>()
    };
    lines
        .chunks(lines_per_member)
        .flat_map(|lines| member(&text(lines)))
        .collect()
}

/// A blob's name as the collector makes it. The container's id follows from the rest.
pub fn blob_name(date: &str, pod: &str, container: &str) -> String {
    let seed = date
        .bytes()
        .chain(pod.bytes())
        .chain(container.bytes())
        .fold(7, |h: u64, b| mix(h ^ u64::from(b)));
    let id: String = (0..4).map(|part| format!("{:016x}", mix(seed + part))).collect();
    format!("kubernetes/{date}.{pod}_default_{container}-{id}.gz")
}

/// A line of a platform container: of every ten, seven application logs, two access logs, one plain text. No line break.
pub fn log_line(index: u64) -> String {
    match index % 10 {
        3 | 8 => access_line(index),
        5 => container_line(index),
        _ => application_line(index),
    }
}

/// What the platform writes through log4j; `thrown` in one of 50.
pub fn application_line(index: u64) -> String {
    const LEVELS: [&str; 8] = ["INFO", "INFO", "DEBUG", "INFO", "WARN", "INFO", "INFO", "ERROR"];
    const LOGGERS: [&str; 4] = [
        "de.hybris.platform.servicelayer.internal.jalo.order.InMemoryCartFactory",
        "de.hybris.platform.solrfacetsearch.indexer.strategies.impl.DefaultIndexerStrategy",
        "de.hybris.platform.cronjob.jalo.CronJobWorker",
        "com.example.commerce.core.prices.CustomerPriceService",
    ];
    const THREADS: [&str; 3] = ["hybrisHTTP27", "SolrIndexerWorker-3", "asyncEventExecutor-1"];
    const MESSAGES: [&str; 4] = [
        "Cart recalculated for base store electronics-de, language de, currency EUR, entries",
        "Indexed a batch of products into the collection master_electronics_product_default, documents",
        "The job synchronises the product catalogue Staged to Online, items done",
        "No price row for the customer's group was found, falling back to the list price of product",
    ];
    let (seconds, nanos) = instant(index);
    let level = pick(&LEVELS, index, 1);
    let thrown = if index % 50 == 7 { THROWN } else { "" };
    let logs = format!(
        r#"{{"instant":{{"epochSecond":{seconds},"nanoOfSecond":{nanos}}},"thread":"{}","level":"{level}","loggerName":"{}","message":"{} {index}",{thrown}"endOfBatch":false,"loggerFqcn":"org.apache.logging.slf4j.Log4jLogger","contextMap":{{"remoteHost":"10.{}.7.{}","X-B3-TraceId":"{:016x}"}},"threadId":{},"threadPriority":5}}"#,
        pick(&THREADS, index, 2),
        pick(&LOGGERS, index, 3),
        pick(&MESSAGES, index, 3),
        mix(index) % 4,
        mix(index) % 200,
        mix(index),
        120 + mix(index) % 16,
    );
    envelope(index, &API, "stdout", &logs, Some(&logs))
}

const THROWN: &str = r#""thrown":{"commonElementCount":0,"localizedMessage":"price row expired","message":"price row expired","name":"de.hybris.platform.jalo.JaloBusinessException","extendedStackTrace":"de.hybris.platform.jalo.JaloBusinessException: price row expired\n\tat com.example.commerce.core.prices.CustomerPriceService.find(CustomerPriceService.java:118)"},"#;

/// A line of Tomcat's access log.
pub fn access_line(index: u64) -> String {
    let (seconds, nanos) = instant(index);
    let h = mix(index);
    let logs = format!(
        r#"{{"timeMillis":{},"thread":"hybrisHTTP{}","level":"INFO","loggerName":"access","message":"","endOfBatch":false,"loggerFqcn":"com.hybris.tomcat.AccessLog","contextMap":{{"requestLine":"{} {} HTTP/1.1","statusCode":"{}","bytesSent":"{}","processMillis":"{}","remoteHost":"10.{}.7.{}"}},"threadId":{},"threadPriority":5}}"#,
        seconds * 1000 + nanos / 1_000_000,
        20 + h % 12,
        pick(&METHODS, index, 4),
        path(index),
        pick(&STATUSES, index, 5),
        h % 60_000,
        h % 900,
        h % 4,
        h % 200,
        120 + h % 16,
    );
    envelope(index, &API, "stdout", &logs, Some(&logs))
}

/// A line of the Apache in front, as it stands in blobs of the selector `apache-proxy`.
pub fn proxy_line(index: u64) -> String {
    const AGENTS: [&str; 3] = [
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    ];
    let h = mix(index);
    let logs = format!(
        r#"{{"requestFirstLine":"{} {} HTTP/1.1","status":"{}","remoteHost":"10.{}.9.{}","responseTime":"{}","bytes":"{}","localServerName":"shop.example.com","identdUsername":"-","remoteUser":"-","time":"[{}]","referer":"https://shop.example.com/de/electronics/","userAgent":"{}","cache status":"{}"}}"#,
        pick(&METHODS, index, 4),
        path(index),
        pick(&STATUSES, index, 5),
        h % 4,
        h % 200,
        h % 900_000,
        if h.is_multiple_of(9) {
            "-".to_owned()
        } else {
            (h % 60_000).to_string()
        },
        timestamp(index),
        pick(&AGENTS, index, 6),
        pick(&["hit", "miss", "-"], index, 7),
    );
    envelope(index, &PROXY, "stdout", &logs, Some(&logs))
}

/// A line of plain text, as a container writes it that knows nothing of structured logs.
pub fn container_line(index: u64) -> String {
    const TEXTS: [&str; 3] = [
        "WARN: An illegal reflective access operation has occurred in the class loader of the web application, request",
        "SEVERE [main] org.apache.catalina.core.StandardContext.filterStart Exception starting filter, attempt",
        "INFO | jvm 1 | main | Heap dump is disabled, the file system has less room left than the heap is large, check",
    ];
    let text = format!("{} {index}", pick(&TEXTS, index, 8));
    envelope(index, &API, "stderr", &text, None)
}

const METHODS: [&str; 4] = ["GET", "GET", "GET", "POST"];
const STATUSES: [&str; 6] = ["200", "200", "200", "304", "404", "500"];

fn path(index: u64) -> String {
    const PATHS: [&str; 4] = [
        "/occ/v2/electronics/products/{}?fields=DEFAULT",
        "/occ/v2/electronics/users/current/carts/{}/entries?lang=de&curr=EUR",
        "/medias/product-{}-515Wx515H.jpg?context=bWFzdGVyfGltYWdlc3w",
        "/occ/v2/electronics/cms/pages?pageType=ProductPage&code={}",
    ];
    let path = pick(&PATHS, index, 9).replace("{}", &(100_000 + mix(index) % 900).to_string());
    format!("{path}&session={:016x}", mix(index ^ 0xa5))
}

struct Pod {
    name: &'static str,
    container: &'static str,
    image: &'static str,
}

const API: Pod = Pod {
    name: "api-674b9bdb88-vm775",
    container: "platform",
    image: "platform",
};
const PROXY: Pod = Pod {
    name: "apache2-igc-78c4bbb6d9-x2w5p",
    container: "proxy",
    image: "apache-igc",
};

/// What the collector puts around a container's text: the time, the text itself, its JSON once more, the pod.
fn envelope(index: u64, pod: &Pod, stream: &str, log: &str, logs: Option<&str>) -> String {
    let time = timestamp(index);
    let log = serde_json::to_string(log).expect("a string as JSON");
    let logs = logs.map_or_else(String::new, |logs| format!(r#""logs":{logs},"#));
    let Pod { name, container, image } = pod;
    let service = &name[..name.find('-').unwrap_or(name.len())];
    format!(
        r#"{{"@timestamp":"{time}","time":"{time}","record_date":"20250606","stream":"{stream}","_p":"F","log":{log},{logs}"kubernetes":{{"pod_name":"{name}","namespace_name":"default","pod_id":"0d4ef2f5-6c0b-4a53-8a3e-3f0f2f1c9a11","labels":{{"app.kubernetes.io/name":"{service}","app.kubernetes.io/part-of":"commerce","ccv2.cx.sap.com/service-name":"{service}","ccv2.cx.sap.com/platform-aspect":"{service}","pod-template-hash":"674b9bdb88"}},"annotations":{{"kubernetes.io/psp":"default","cni.projectcalico.org/podIP":"10.244.3.17/32"}},"host":"aks-commerce-25438219-vmss00000c","pod_ip":"10.244.3.17","container_name":"{container}","docker_id":"b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184","container_image":"registry.example.com/commerce/{image}:20250601.3"}}}}"#
    )
}

/// Seconds since 1970 and nanoseconds: 2025-06-06 and about 40 lines a second from then on.
fn instant(index: u64) -> (u64, u64) {
    const MIDNIGHT: u64 = 1_749_168_000;
    (
        MIDNIGHT + index / 40 % 86_400,
        index % 40 * 25_000_000 + mix(index) % 25 * 1_000_000,
    )
}

fn timestamp(index: u64) -> String {
    let (seconds, nanos) = instant(index);
    let day = seconds % 86_400;
    format!(
        "2025-06-06T{:02}:{:02}:{:02}.{nanos:09}Z",
        day / 3600,
        day / 60 % 60,
        day % 60
    )
}

fn pick<'a>(from: &[&'a str], index: u64, salt: u64) -> &'a str {
    from[(mix(index ^ (salt << 40)) % from.len() as u64) as usize]
}

/// Spreads an index over all bits (the finaliser of SplitMix64).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
