//! Requests of one layer.

use super::{
    super::{
        Percentiles, Report,
        report::{Client, Http, Path},
        words::{bytes, grouped, millis},
    },
    Page, chart,
    table::{Column, Table},
};

impl Page {
    pub(super) fn http(&mut self, at: &str, http: &Http, report: &Report) {
        self.title(
            &format!("Requests at {at}"),
            &format!("{}, {} sent", grouped(http.requests), bytes(http.bytes_sent)),
        );
        self.text.push_str(&chart::classes(http, report, self.paint));
        if let Some(latency) = http.latency_ms {
            let [p50, p90, p99, max] = [latency.p50, latency.p90, latency.p99, latency.max].map(millis);
            self.line(&format!("  latency  p50 {p50} · p90 {p90} · p99 {p99} · max {max}"));
        }
        self.paths("Slowest paths", "by p90", &http.slowest_paths);
        self.paths("Failing paths", "most 5xx first", &http.failing_paths);
        self.clients("Busiest clients", &http.busiest_clients);
        self.clients("Failing clients", &http.failing_clients);
    }

    fn paths(&mut self, title: &str, note: &str, rows: &[Path]) {
        if rows.is_empty() {
            return;
        }
        self.title(title, note);
        let columns = ["REQUESTS", "4XX", "5XX", "P50", "P90", "P99", "MAX"].map(Column::right);
        let mut table = Table::new(columns.into_iter().chain([Column::left("PATH")]));
        for row in rows {
            let latency = |value: fn(Percentiles) -> f64| {
                row.latency_ms
                    .map_or_else(String::new, |latency| millis(value(latency)))
            };
            table.row([
                grouped(row.requests),
                grouped(row.client_errors),
                grouped(row.server_errors),
                latency(|latency| latency.p50),
                latency(|latency| latency.p90),
                latency(|latency| latency.p99),
                latency(|latency| latency.max),
                row.path.clone(),
            ]);
        }
        self.table(&table);
    }

    fn clients(&mut self, title: &str, rows: &[Client]) {
        if rows.is_empty() {
            return;
        }
        self.title(title, "");
        let columns = ["REQUESTS", "4XX", "5XX", "SENT"].map(Column::right);
        let mut table = Table::new(columns.into_iter().chain([Column::left("CLIENT")]));
        for row in rows {
            table.row([
                grouped(row.requests),
                grouped(row.client_errors),
                grouped(row.server_errors),
                bytes(row.bytes_sent),
                match row.client_ip.as_str() {
                    "" => "(none)".to_owned(),
                    client => client.to_owned(),
                },
            ]);
        }
        self.table(&table);
    }
}
