//! The questions about Kafka.

use super::{
    ask::Ask,
    trial::{config_of, tell},
};
use crate::{
    cli::{Kafka, to_stderr},
    commands::probe,
    config::{Brokers, Draft, Properties, PropertyValue},
};

/// `security.protocol`, and what it is for people.
const PROTOCOLS: [(&str, &str); 4] = [
    ("PLAINTEXT", "Nothing: no TLS, no password"),
    ("SSL", "TLS"),
    ("SASL_SSL", "TLS and a password"),
    ("SASL_PLAINTEXT", "A password without TLS"),
];

const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/// Asks for the brokers and how they are protected, and tries the connection.
pub(super) async fn run(ask: &mut Ask, draft: &mut Draft) -> anyhow::Result<()> {
    let there = draft.brokers();
    let question = match &there {
        Some(brokers) => format!("Kafka is at {brokers}. Change that?"),
        None => "Set up Kafka as well?".to_owned(),
    };
    if !ask.confirm(&question, there.is_none()).await? {
        return Ok(());
    }
    let mut brokers = there.unwrap_or_else(|| Brokers::default().to_string());
    loop {
        let mut tried = draft.clone();
        brokers = questions(ask, &mut tried, brokers).await?;
        loop {
            to_stderr(&format!("trying {brokers} …"));
            match ask.wait(look(&tried)).await? {
                Ok(found) => {
                    to_stderr(&format!("  works: {found}"));
                    *draft = tried;
                    return Ok(());
                }
                Err(error) => tell(&error),
            }
            let ways = [
                "Correct the answers",
                "Try again",
                "Keep it as it is",
                "Leave Kafka out",
            ];
            match ask.choose("What now?", ways.map(str::to_owned).to_vec()).await? {
                0 => break,
                1 => {}
                2 => {
                    *draft = tried;
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
    }
}

async fn questions(ask: &mut Ask, draft: &mut Draft, brokers: String) -> anyhow::Result<String> {
    let check = |text: &str| text.parse::<Brokers>().map(drop);
    let brokers = ask
        .checked("Brokers, host:port, comma separated", Some(brokers), check)
        .await?;
    draft.set_brokers(&brokers)?;
    let items = PROTOCOLS.map(|(_, text)| text.to_owned()).to_vec();
    let chosen = ask.choose("How are the brokers protected?", items).await?;
    let protocol = PROTOCOLS.get(chosen).map_or("PLAINTEXT", |(name, _)| name);
    let mut properties = Properties::default();
    let mut set = |name: &str, value: String| properties.set(name, PropertyValue::Text(value));
    if protocol != "PLAINTEXT" {
        set("security.protocol", protocol.to_owned());
    }
    if protocol.starts_with("SASL") {
        let chosen = ask.choose("Mechanism", MECHANISMS.map(str::to_owned).to_vec()).await?;
        set("sasl.mechanism", MECHANISMS.get(chosen).unwrap_or(&"PLAIN").to_string());
        set("sasl.username", ask.text("User", None).await?);
        set("sasl.password", ask.secret("Password").await?.expose().to_owned());
    }
    if protocol.ends_with("SSL") {
        let authority = ask
            .optional("File with the CA's certificate (empty: the system's CAs)", None)
            .await?;
        if let Some(authority) = authority {
            set("ssl.ca.location", std::path::absolute(authority)?.display().to_string());
        }
    }
    let replaced = |name: &str| name == "security.protocol" || name == "ssl.ca.location" || name.starts_with("sasl.");
    draft.set_properties(&properties, |name| !replaced(name))?;
    Ok(brokers)
}

async fn look(draft: &Draft) -> anyhow::Result<String> {
    let config = config_of(draft)?;
    let kafka = Kafka::of(&config.kafka, &config.kafka.brokers)?;
    let mut answer = probe::kafka(&kafka, &config.kafka.topics).await?;
    match answer.refused.take() {
        Some(error) => Err(error.into()),
        None => Ok(answer.found()),
    }
}
