//! Figures that alerts, the dashboard and the scaling ask for are ones that clp tells, with labels that it gives them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use crate::support::mixed::Mixed;
use crate::support::pipeline::Pipeline;
use crate::support::process::wait_for;
use crate::support::running::Running;
use crate::support::tools::text_of;

const SOON: Duration = Duration::from_secs(60);

fn figures(service: &Running) -> String {
    let told = service.wait_for_stderr(r"serving /metrics.* address=127\.0\.0\.1:\d+", SOON);
    let (_, address) = told.rsplit_once('=').expect("an address");
    let mut stream = TcpStream::connect(address).expect("connect to the service");
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: clp\r\n\r\n").expect("ask the service");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Names of series, each with the `label="value"` that it was seen with.
fn told_by_services() -> BTreeMap<String, BTreeSet<String>> {
    let run = Pipeline::new();
    let blob = Mixed::new(50, 1);
    run.put(&blob);
    let metrics = ["--metrics-addr", "127.0.0.1:0"];
    let monitor = ["monitor", "--date", "20250606"].into_iter().chain(metrics);
    let extract = ["extract"].into_iter().chain(metrics);
    let services = [run.clp.spawn(monitor), run.worker(&metrics), run.clp.spawn(extract)];
    let whole = wait_for("the figures of a pipeline at work", SOON, || {
        let all: String = services.iter().map(figures).collect();
        let is_at_work = [
            "clp_scan_seconds_count{",
            "clp_read_bytes_total{",
            "clp_extracted_lines_total{",
        ];
        is_at_work.iter().all(|name| all.contains(name)).then_some(all)
    });
    let label = Regex::new(r#"([a-z_]+)="([^"]*)""#).unwrap();
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in whole.lines().filter(|line| !line.starts_with('#')) {
        let end = line.find(['{', ' ']).unwrap_or(line.len());
        let labels = told.entry(line[..end].to_owned()).or_default();
        for found in label.captures_iter(line) {
            labels.insert(found[0].to_owned());
            labels.insert(found[1].to_owned());
        }
    }
    told
}

/// Every query, with where it is.
fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    let alerts: serde_yaml::Value = serde_yaml::from_str(&text_of("deployments/prometheus/alerts.yaml")).unwrap();
    for group in alerts["groups"].as_sequence().unwrap() {
        for rule in group["rules"].as_sequence().unwrap() {
            let text = |key: &str| rule[key].as_str().unwrap().to_owned();
            queries.push((text("alert"), text("expr")));
        }
    }
    let dashboard: Value = serde_json::from_str(&text_of("deployments/grafana/dashboard.json")).unwrap();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let title = format!("dashboard: {}", panel["title"].as_str().unwrap());
            queries.push((title, target["expr"].as_str().unwrap().to_owned()));
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if let Some(query) = variable["query"]["query"].as_str() {
            queries.push(("a variable of the dashboard".to_owned(), query.to_owned()));
        }
    }
    let scaled: serde_yaml::Value =
        serde_yaml::from_str(&text_of("deployments/kubernetes/components/keda/worker.yaml")).unwrap();
    let query = scaled["spec"]["triggers"][0]["metadata"]["query"].as_str().unwrap();
    queries.push(("scaling".to_owned(), query.to_owned()));
    queries
}

#[test]
fn every_query_asks_for_figures_that_there_are() {
    let told = told_by_services();
    let figure = Regex::new(r"\b((?:clp|process)_[a-z_]+)(?:\{([^}]*)\})?").unwrap();
    let matcher = Regex::new(r#"([a-z_]+)="([^"$]*)""#).unwrap();
    let mut asked = BTreeSet::new();
    for (place, query) in queries() {
        for found in figure.captures_iter(&query) {
            let name = &found[1];
            let labels = told
                .get(name)
                .unwrap_or_else(|| panic!("{place} asks for {name}, which no service tells"));
            let matched = found.get(2).map_or("", |part| part.as_str());
            for wanted in matcher
                .captures_iter(matched)
                .filter(|wanted| &wanted[1] != "namespace")
            {
                assert!(
                    labels.contains(&wanted[0]),
                    "{place}: {name} never has {}, but {labels:?}",
                    &wanted[0]
                );
            }
            asked.insert(name.to_owned());
        }
    }
    // And most of what is told is asked for.
    for name in told.keys().filter(|name| name.starts_with("clp_")) {
        let family = name
            .trim_end_matches("_sum")
            .trim_end_matches("_count")
            .trim_end_matches("_bucket");
        let left_out = ["clp_raw_bytes_total", "clp_listed_blobs", "clp_scans_total"];
        let is_asked = asked.iter().any(|asked| asked.starts_with(family));
        assert!(is_asked || left_out.contains(&name.as_str()), "nobody looks at {name}");
    }
}

#[test]
fn panels_have_room_and_a_source_of_their_own_choice() {
    let dashboard: Value = serde_json::from_str(&text_of("deployments/grafana/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let number = |panel: &Value, key: &str| panel["gridPos"][key].as_u64().unwrap();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "{title}: its id is another's"
        );
        let (x, y, w, h) = (
            number(panel, "x"),
            number(panel, "y"),
            number(panel, "w"),
            number(panel, "h"),
        );
        assert!(x + w <= 24, "{title} is wider than a dashboard");
        for place in (x..x + w).flat_map(|column| (y..y + h).map(move |row| (column, row))) {
            assert!(taken.insert(place), "{title} lies over another");
        }
        if panel["type"] != "row" {
            for source in std::iter::once(panel).chain(panel["targets"].as_array().unwrap()) {
                assert_eq!(source["datasource"]["uid"], "${datasource}", "{title}");
            }
        }
    }
    assert!(panels.len() > 20, "{}", panels.len());
}
