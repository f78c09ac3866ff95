//! A real Kafka that asks for TLS and SASL, and what its clients need for it.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::certificates::{BROKER, Certificates, ELSEWHERE};
use super::clp::Clp;
use super::faults::Faults;
use super::kafka::{Kafka, Listener};
use super::process::free_port;
use super::requests::Requests;

pub const USER: &str = "clp";
/// Nothing that clp says may have it in it.
pub const PASSWORD: &str = "hunter2-hunter2-hunter2";
/// Where sessions end, they do after this.
pub const SESSION_MS: u64 = 2_000;

/// Listeners of the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Asks for the client's certificate. Its clients are told the name `localhost`, all others an address.
    Ssl,
    /// SSL with the certificate of a broker of another name; needs no client's certificate.
    Elsewhere,
    SaslPlaintext,
    SaslSsl,
    /// As [`Way::SaslPlaintext`], where clients have to say again and again who they are; see [`Secured::requests`].
    ShortSessions,
    /// As [`Way::SaslSsl`], with short sessions too; see [`Secured::passed`].
    ShortSessionsSsl,
    /// Asks for nothing.
    Plain,
}

/// One broker for all tests of security, with the listeners of [`Way`].
pub struct Secured {
    pub kafka: Kafka,
    /// What is asked by way of [`Way::ShortSessions`].
    pub requests: Requests,
    /// Before [`Way::ShortSessionsSsl`], for it counts connections.
    pub passed: Faults,
    certificates: Certificates,
    listeners: Vec<(Way, String)>,
}

impl Secured {
    /// The one of this binary; started by the first test that asks.
    pub fn shared() -> &'static Secured {
        static SHARED: OnceLock<Secured> = OnceLock::new();
        SHARED.get_or_init(Secured::start)
    }

    fn start() -> Secured {
        let certificates = Certificates::make();
        let (short_port, short_ssl_port) = (free_port(), free_port());
        let requests = Requests::to(([127, 0, 0, 1], short_port).into());
        let passed = Faults::to(([127, 0, 0, 1], short_ssl_port).into());
        let short = format!("connections.max.reauth.ms={SESSION_MS}");
        let listeners = [
            (Way::Ssl, "SSL", with_client(tls(&certificates, BROKER), &certificates)),
            (Way::Elsewhere, "SSL", tls(&certificates, ELSEWHERE)),
            (Way::SaslPlaintext, "SASL_PLAINTEXT", sasl()),
            (Way::SaslSsl, "SASL_SSL", [tls(&certificates, BROKER), sasl()].concat()),
            (
                Way::ShortSessions,
                "SASL_PLAINTEXT",
                [sasl(), vec![short.clone()]].concat(),
            ),
            (
                Way::ShortSessionsSsl,
                "SASL_SSL",
                [tls(&certificates, BROKER), sasl(), vec![short]].concat(),
            ),
        ]
        .map(|(way, protocol, properties)| {
            let port = match way {
                Way::ShortSessions => short_port,
                Way::ShortSessionsSsl => short_ssl_port,
                _ => free_port(),
            };
            let advertised = match way {
                Way::ShortSessions => requests.address().to_string(),
                Way::ShortSessionsSsl => passed.address().to_string(),
                Way::Ssl => format!("localhost:{port}"),
                _ => format!("127.0.0.1:{port}"),
            };
            let name = format!("{way:?}").to_uppercase();
            (
                way,
                Listener {
                    name,
                    protocol,
                    port,
                    advertised,
                    properties,
                },
            )
        });
        let (ways, listeners): (Vec<_>, Vec<_>) = listeners
            .into_iter()
            .map(|(way, listener)| ((way, listener.advertised.clone()), listener))
            .unzip();
        let kafka = Kafka::private_with_listeners(listeners, "");
        kafka.add_scram_user(USER, PASSWORD);
        Secured {
            kafka,
            requests,
            passed,
            certificates,
            listeners: ways,
        }
    }

    /// `host:port`, for `bootstrap.servers`.
    pub fn brokers(&self, way: Way) -> String {
        let listener = self.listeners.iter().find(|(each, _)| *each == way);
        listener.map_or_else(|| self.kafka.brokers(), |(_, brokers)| brokers.clone())
    }

    /// Lets it go this way, with these properties. The certificates' files are in its home, where all commands run.
    pub fn configured(&self, clp: Clp, way: Way, properties: Value) -> Clp {
        self.certificates.write_to(clp.home());
        clp.set("kafka.brokers", self.brokers(way))
            .set("kafka.properties", properties)
    }

    /// A certificate or a key, as a property holds it.
    pub fn pem(&self, file: &str) -> &str {
        self.certificates.text(file)
    }
}

/// What a client says of itself.
pub fn user(protocol: &str, mechanism: &str) -> Value {
    json!({
        "security.protocol": protocol, "sasl.mechanism": mechanism, "sasl.username": USER, "sasl.password": PASSWORD,
    })
}

/// What a client says of itself, and whose brokers it believes.
pub fn user_over_tls(mechanism: &str) -> Value {
    with(user("SASL_SSL", mechanism), json!({"ssl.ca.location": "ca.pem"}))
}

/// The properties with others, or with others in their place.
pub fn with(mut properties: Value, more: Value) -> Value {
    let all = properties.as_object_mut().expect("properties");
    all.extend(more.as_object().expect("properties").clone());
    properties
}

fn tls(certificates: &Certificates, name: &str) -> Vec<String> {
    let chain = certificates.text(&format!("{name}.pem"));
    vec![
        "ssl.keystore.type=PEM".to_owned(),
        format!(
            "ssl.keystore.key={}",
            in_a_line(certificates.text(&format!("{name}.key")))
        ),
        format!("ssl.keystore.certificate.chain={}", in_a_line(chain)),
    ]
}

fn with_client(mut properties: Vec<String>, certificates: &Certificates) -> Vec<String> {
    properties.extend([
        "ssl.client.auth=required".to_owned(),
        "ssl.truststore.type=PEM".to_owned(),
        format!("ssl.truststore.certificates={}", in_a_line(certificates.text("ca.pem"))),
    ]);
    properties
}

/// As a Java properties file holds several lines.
fn in_a_line(pem: &str) -> String {
    pem.replace('\n', "\\n")
}

fn sasl() -> Vec<String> {
    const MODULES: &str = "org.apache.kafka.common.security";
    let scram = |mechanism: &str| format!("{mechanism}.sasl.jaas.config={MODULES}.scram.ScramLoginModule required;");
    vec![
        "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512".to_owned(),
        format!("plain.sasl.jaas.config={MODULES}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";"),
        scram("scram-sha-256"),
        scram("scram-sha-512"),
    ]
}
