//! Requests of one layer.

use super::{
    super::{
        CLASSES, Percentiles, Report,
        report::{Client, Http, Path},
        words::{bytes, grouped, millis, percent},
    },
    chart::{Part, curves, each, legend, spark, stacked},
    escape::Text,
    over_time::mark,
    rows::{Rows, count, count_red},
};

/// Colours of [`CLASSES`].
const CLASS_CLASSES: [&str; CLASSES.len()] = ["c1", "c2", "c3", "c4", "c5", "c0"];

pub(super) fn section(at: &str, http: &Http, report: &Report) -> String {
    format!(
        "<section><h2>Requests at {at}<small>{}, {} sent</small></h2><div class=\"pair bare\">{}{}</div>{}{}{}<div class=\"pair bare\">{}{}</div></section>\n",
        grouped(http.requests),
        bytes(http.bytes_sent),
        classes(http, report),
        latency(http, report),
        paths("Failing paths", "most 5xx first; ids folded", &http.failing_paths),
        paths("Slowest paths", "by p90", &http.slowest_paths),
        paths("Busiest paths", "", &http.busiest_paths),
        clients("Failing clients", &http.failing_clients, http),
        clients("Busiest clients", &http.busiest_clients, http),
    )
}

fn classes(http: &Http, report: &Report) -> String {
    let indices = (0..CLASSES.len()).filter(|index| http.classes.0[*index] > 0);
    let parts: Vec<Part<'_, u64>> = indices
        .map(|index| Part {
            name: CLASSES[index],
            class: CLASS_CLASSES[index],
            values: http.over_time.classes.iter().map(|classes| classes.0[index]).collect(),
        })
        .collect();
    let sums = parts.iter().map(|part| {
        let sum = part.values.iter().sum();
        (
            part.name,
            part.class,
            format!("{} ({})", grouped(sum), percent(sum, http.requests)),
        )
    });
    format!(
        "<div><h3>Status over time<small>{}</small></h3>{}{}</div>",
        each(&report.timeline),
        legend(sums),
        stacked(&parts, &report.timeline, mark(report))
    )
}

fn latency(http: &Http, report: &Report) -> String {
    let part = |name, value: fn(&Percentiles) -> f64| Part {
        name,
        class: name,
        values: http
            .over_time
            .latency_ms
            .iter()
            .map(|latency| latency.as_ref().map(value))
            .collect(),
    };
    let parts = [
        part("p99", |latency| latency.p99),
        part("p90", |latency| latency.p90),
        part("p50", |latency| latency.p50),
    ];
    let all = http.latency_ms.map_or_else(Vec::new, |latency| {
        vec![
            ("p50", "p50", millis(latency.p50)),
            ("p90", "p90", millis(latency.p90)),
            ("p99", "p99", millis(latency.p99)),
            ("max", "other", millis(latency.max)),
        ]
    });
    format!(
        "<div><h3>Latency over time<small>as logged, in milliseconds; the axis is logarithmic</small></h3>{}{}</div>",
        legend(all),
        curves(&parts, &report.timeline, mark(report))
    )
}

fn paths(title: &str, note: &str, list: &[Path]) -> String {
    if list.is_empty() {
        return String::new();
    }
    let mut rows = Rows::new(&[
        ("w", "Path"),
        ("wide", "5xx over time"),
        ("n", "5xx"),
        ("n wide", "4xx"),
        ("n", "Requests"),
        ("n wide", "p50"),
        ("n", "p90"),
        ("n wide", "p99"),
        ("n wide", "max"),
    ]);
    for row in list {
        let latency = |value: fn(Percentiles) -> f64| {
            row.latency_ms
                .map_or_else(String::new, |latency| millis(value(latency)))
        };
        rows.row(&[
            format!("<code>{}</code>", Text(&row.path)),
            spark(&row.failures_over_time, "c5"),
            count_red(row.server_errors),
            count(row.client_errors),
            count(row.requests),
            latency(|latency| latency.p50),
            latency(|latency| latency.p90),
            latency(|latency| latency.p99),
            latency(|latency| latency.max),
        ]);
    }
    format!("<h3>{title}<small>{note}</small></h3>{}", rows.finish())
}

fn clients(title: &str, list: &[Client], http: &Http) -> String {
    if list.is_empty() {
        return String::new();
    }
    let mut rows = Rows::new(&[
        ("w", "Client"),
        ("n", "5xx"),
        ("n", "4xx"),
        ("n", "Requests"),
        ("n wide", "Share"),
        ("n wide", "Sent"),
    ]);
    for row in list {
        let client = match row.client_ip.as_str() {
            "" => "(none)",
            client => client,
        };
        rows.row(&[
            format!("<code>{}</code>", Text(client)),
            count_red(row.server_errors),
            count(row.client_errors),
            count(row.requests),
            percent(row.requests, http.requests),
            bytes(row.bytes_sent),
        ]);
    }
    format!("<div><h3>{title}</h3>{}</div>", rows.finish())
}
