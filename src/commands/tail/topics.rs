//! Which topics are read, and what they hold.

use crate::{
    cli::App,
    config,
    kafka::{self, Cluster, Connection, Partitions},
    pipeline::tail::{Kind, Wanted},
};

/// The topics that are asked for; else those of extracted records if they hold any, else those of raw lines.
pub(super) async fn wanted(named: &[String], app: &App, connection: &Connection) -> anyhow::Result<Vec<Wanted>> {
    let topics = &app.config()?.kafka.topics;
    let extracted = [&topics.extracted_application, &topics.extracted_proxy].map(Clone::clone);
    let raw = [&topics.raw_application, &topics.raw_proxy].map(Clone::clone);
    let (connection, looked_at) = (connection.clone(), extracted.clone());
    let is_named = !named.is_empty();
    let holds_extracted = kafka::blocking(move || {
        // Answers within seconds, or says best why not.
        let cluster = Cluster::connect(&connection)?;
        Ok::<_, kafka::Error>(!is_named && holds_any(&connection, &cluster, &looked_at)?)
    });
    Ok(match holds_extracted.await? {
        _ if is_named => resolve(named, topics),
        true => resolve(&extracted, topics),
        false => resolve(&raw, topics),
    })
}

fn resolve(named: &[String], topics: &config::Topics) -> Vec<Wanted> {
    let all = topics.all();
    let mut wanted: Vec<Wanted> = Vec::new();
    for name in named {
        let configured = all.iter().find(|(key, topic)| key == name || topic == name);
        let kind = configured.map_or(Kind::Unknown, |(key, _)| kind(key));
        let topic = configured.map_or(name.as_str(), |(_, topic)| topic).to_owned();
        if wanted.iter().all(|known| known.topic != topic) {
            wanted.push(Wanted { topic, kind });
        }
    }
    wanted
}

/// By the topic's key in the configuration.
fn kind(key: &str) -> Kind {
    match key {
        "raw_application" => Kind::Raw { from_proxy: false },
        "raw_proxy" => Kind::Raw { from_proxy: true },
        "blobs" | "blob_state" => Kind::Event,
        _ => Kind::Extracted,
    }
}

fn holds_any(connection: &Connection, cluster: &Cluster, topics: &[String]) -> Result<bool, kafka::Error> {
    let partitions = Partitions::open(connection)?;
    for topic in topics {
        let count = cluster.topics.get(topic).map_or(0, |info| info.partitions);
        for partition in 0..count {
            let (first, end) = partitions.bounds(topic, partition as i32)?;
            if end > first {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_have_full_names_and_short_ones() {
        let topics = config::Topics::default();
        let named = ["raw_proxy", "Extraction.Errors", "Raw.ProxyLogs", "blobs", "My.Copy"];
        let wanted = resolve(&named.map(str::to_owned), &topics);
        let found: Vec<_> = wanted
            .iter()
            .map(|wanted| (wanted.topic.as_str(), wanted.kind))
            .collect();
        assert_eq!(
            found,
            [
                ("Raw.ProxyLogs", Kind::Raw { from_proxy: true }),
                ("Extraction.Errors", Kind::Extracted),
                ("Ingestion.Blobs", Kind::Event),
                ("My.Copy", Kind::Unknown),
            ]
        );
    }
}
