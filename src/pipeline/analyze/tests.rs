//! Reports of lines that are made up here, and what they must say.

use std::{io::Write, sync::Arc};

use super::*;
use crate::{domain::Selectors, pipeline::ingest::Progress};

const MIDNIGHT: i64 = 1_749_168_000;

pub(super) fn report(lines: &[String], top: usize) -> Report {
    report_of(lines, top, Window::default(), 2)
}

fn report_of(lines: &[String], top: usize, window: Window, threads: usize) -> Report {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
    let job = Job {
        inputs: vec![Input {
            name: "day.log".to_owned(),
            source: Source::default(),
            from: From::File(file.path().to_owned()),
        }],
        selectors: Arc::new(Selectors::default()),
        validate: true,
        window,
        threads,
    };
    let outcome = run(&job, &Progress::default());
    let about = About {
        what: "day.log".to_owned(),
        of: "files",
        sources: 1,
        stored_bytes: Some(file.as_file().metadata().unwrap().len()),
        ..About::default()
    };
    Report::new(&outcome, about, window, top)
}

/// A message of an application at a second of the day.
fn message(second: i64, pod: &str, level: &str, logger: &str, message: &str, thrown: &str) -> String {
    let thrown = match thrown {
        "" => String::new(),
        thrown => format!(r#","thrown":{}"#, serde_json::to_string(thrown).unwrap()),
    };
    format!(
        r#"{{"logs":{{"instant":{{"epochSecond":{}}},"level":"{level}","loggerName":"{logger}","thread":"t","message":{}{thrown}}},"kubernetes":{{"pod_name":"{pod}"}}}}"#,
        MIDNIGHT + second,
        serde_json::to_string(message).unwrap()
    )
}

fn request(second: i64, pod: &str, line: &str, status: u16, millis: u32, client: &str) -> String {
    format!(
        r#"{{"logs":{{"timeMillis":{},"contextMap":{{"requestLine":"{line} HTTP/1.1","statusCode":"{status}","bytesSent":"2000","processMillis":"{millis}","remoteHost":"{client}"}}}},"kubernetes":{{"pod_name":"{pod}"}}}}"#,
        (MIDNIGHT + second) * 1000
    )
}

const PODS: [&str; 2] = ["api-674b9bdb88-vm775", "api-674b9bdb88-x2w5p"];
const THROWN: &str = "de.hybris.platform.servicelayer.exceptions.ModelSavingException: order could not be saved\n\tat a.B.c(B.java:1)\nCaused by: java.net.SocketTimeoutException: Read timed out\n\t... 3 more";

/// A day in which one pod could not save orders from 14:00 to 14:40.
pub(super) fn day() -> Report {
    let mut lines = Vec::new();
    for second in (0..86_400).step_by(20) {
        let pod = PODS[(second / 20 % 2) as usize];
        let cart = format!("Cart {} recalculated in {} ms", second * 7, second % 90);
        lines.push(message(second, pod, "INFO", "com.example.cart.CartService", &cart, ""));
        let line = format!("GET /occ/v2/shop/products/{}?lang=de", 1000 + second);
        let client = format!("10.0.{}.7", second / 20 % 20);
        lines.push(request(second, pod, &line, 200, 40 + (second % 60) as u32, &client));
        if second % 3600 == 0 {
            lines.push(message(
                second,
                pod,
                "WARN",
                "com.example.PriceService",
                "No price row for 'P-1'",
                "",
            ));
        }
        if second % 14_400 == 0 {
            lines.push(message(
                second,
                PODS[1],
                "ERROR",
                "com.example.Mail",
                "Mail to a@example.com failed",
                "",
            ));
        }
    }
    for second in (50_400..52_800).step_by(3) {
        let order = format!("Order ORD{:08} could not be saved", second * 3);
        lines.push(message(
            second,
            PODS[0],
            "ERROR",
            "com.example.order.OrderService",
            &order,
            THROWN,
        ));
        let line = format!("POST /occ/v2/shop/users/current/orders/{second}");
        lines.push(request(second, PODS[0], &line, 503, 30_000, "10.0.9.9"));
    }
    lines.push("no log line".to_owned());
    report(&lines, 5)
}

pub(super) fn calm() -> Report {
    let line = |second| {
        message(
            second,
            "backoffice-0",
            "INFO",
            "com.example.Job",
            &format!("Job {second} done"),
            "",
        )
    };
    report(&(0..600).map(line).collect::<Vec<_>>(), 5)
}

#[test]
fn lines_of_another_form_are_no_proof_that_nothing_failed() {
    let other = || "2025-06-06 12:00:00 ERROR x".to_owned();
    let line = || message(0, PODS[0], "INFO", "a", "b", "");
    let many = |count| std::iter::repeat_with(line).take(count);
    for (lines, severity, headline) in [
        (
            vec![other(), other()],
            Severity::Minor,
            "No line of 2 could be extracted: raw lines are JSON objects, as the collector writes them",
        ),
        (
            many(3).chain([other()]).collect(),
            Severity::Minor,
            "Nothing failed: no error in 3 lines; 1 could not be extracted",
        ),
        (
            many(20).chain([other()]).collect(),
            Severity::Calm,
            "Nothing failed: no error in 20 lines; 1 could not be extracted",
        ),
    ] {
        let verdict = report(&lines, 5).verdict;
        assert_eq!((verdict.severity, verdict.headline.as_str()), (severity, headline));
    }
}

#[test]
fn the_verdict_says_what_broke_when_and_for_whom() {
    let report = day();
    let verdict = &report.verdict;
    assert_eq!(verdict.severity, Severity::Grave);
    assert_eq!(
        verdict.headline,
        "1\u{a0}600 failures 14:00–14:40 UTC, above all ModelSavingException in api"
    );
    assert_eq!(
        verdict.what,
        [
            "ModelSavingException, caused by SocketTimeoutException: 800 times — order could not be saved",
            "POST /occ/v2/shop/users/current/orders/{id}: 800 requests with 5xx, 100 % of all its 800",
        ]
    );
    assert!(
        verdict.when[0].starts_with("14:00–14:40 UTC: 1\u{a0}600 failures, up to 200 in 5 min, where none is usual")
    );
    assert_eq!(
        verdict.whom[0],
        "api: 100 % of the failures, 100 % of them in pod api-674b9bdb88-vm775"
    );
    assert!(
        verdict
            .whom
            .contains(&"client 10.0.9.9: 100 % of the requests that failed".to_owned())
    );
    let spike = verdict.spike.as_ref().unwrap();
    assert_eq!(spike.from.to_string(), "2025-06-06T14:00:00Z");
    assert_eq!(
        (spike.to.to_string().as_str(), spike.goes_on),
        ("2025-06-06T14:40:00Z", false)
    );
}

#[test]
fn everything_is_counted() {
    let report = day();
    assert_eq!(report.lines.all, 2 * 4320 + 24 + 6 + 1600 + 1);
    assert_eq!((report.lines.unreadable, report.lines.http), (1, 4320 + 800));
    assert_eq!(report.levels.0, [0, 806, 24, 4320, 0, 0, 0]);
    assert_eq!(report.timeline.bucket_seconds, 300);
    assert_eq!(report.timeline.len(), 288);
    let exception = &report.exceptions[0];
    assert_eq!(
        (exception.count, exception.root_cause.as_deref()),
        (800, Some("java.net.SocketTimeoutException"))
    );
    assert_eq!(exception.first_seen.unwrap().to_string(), "2025-06-06T14:00:00Z");
    assert_eq!(exception.last_seen.unwrap().to_string(), "2025-06-06T14:39:57Z");
    assert_eq!(exception.over_time.iter().sum::<u64>(), 800);
    let pattern = &report.problem_patterns[0];
    assert_eq!(
        (pattern.pattern.as_str(), pattern.count),
        ("Order ORD{n} could not be saved", 800)
    );
    assert_eq!(report.other_patterns[0].pattern, "Cart {n} recalculated in {n} ms");
    let http = report.application.as_ref().unwrap();
    assert!(report.proxy.is_none());
    assert_eq!(
        http.slowest_paths[0].path,
        "POST /occ/v2/shop/users/current/orders/{id}"
    );
    assert_eq!(http.busiest_paths[0].path, "GET /occ/v2/shop/products/{id}");
    assert_eq!((http.requests, http.bytes_sent), (5120, 5120 * 2000));
    assert_eq!(http.failing_clients[0].client_ip, "10.0.9.9");
    assert_eq!(http.latency_ms.unwrap().max, 30_000.0);
    assert_eq!(report.unreadable[0].error_type, "parse_error");
    assert!(report.cut.is_empty());
}

#[test]
fn only_the_window_counts_and_threads_do_not_matter() {
    let lines: Vec<String> = (0..3000)
        .map(|second| {
            message(
                second,
                PODS[(second % 2) as usize],
                "ERROR",
                "l",
                &format!("m {second}"),
                "",
            )
        })
        .chain(["no time".to_owned(), "{}".to_owned()])
        .collect();
    let at = |second: i64| Some((MIDNIGHT + second) * 1_000_000_000);
    let window = Window {
        since_ns: at(1000),
        until_ns: at(1999),
    };
    let told = |threads| {
        let mut report = serde_json::to_value(report_of(&lines, 10, window, threads)).unwrap();
        report["about"]["stored_bytes"].take();
        report
    };
    let report = told(1);
    assert_eq!(report["lines"]["all"], 1002);
    assert_eq!(report["lines"]["outside"], 2000);
    assert_eq!(report["lines"]["unreadable"], 2);
    assert_eq!(report["levels"]["ERROR"], 1000);
    assert_eq!(report, told(4));
}

#[test]
fn lines_of_any_pod_have_a_service() {
    let lines = [
        message(0, "solr-slave-0", "ERROR", "l", "m", ""),
        message(1, "apache2-igc-674b9bdb88-x1", "ERROR", "l", "m", ""),
        request(2, "apache2-igc-674b9bdb88-x1", "GET /", 200, 1, "c"),
        request(3, "api-674b9bdb88-x1", "GET /", 200, 1, "c"),
    ];
    let report = report(&lines, 10);
    let mut services: Vec<&str> = report.services.iter().map(|row| row.service.as_str()).collect();
    services.sort_unstable();
    assert_eq!(services, ["apache-proxy", "api", "solr-slave"]);
    assert_eq!(report.proxy.map(|http| http.requests), Some(1));
    assert_eq!(report.application.map(|http| http.requests), Some(1));
}
