//! What OpenSearch must know before it takes the records of `Extracted.*`: an ingest pipeline and an index template.
//!
//! ```text
//! deployments/opensearch/*.json ──▶ Object::ALL ─┐
//!                                                ├─▶ compare ──▶ State: missing, same, different
//! Client::get ◀──── the server ──────────────────┘
//! ```
//!
//! clp itself sends no records there: a connector does, which is no part of clp.

mod client;
mod compare;
mod error;
mod server;

pub use client::Client;
pub use compare::State;
pub use error::Error;
pub use server::{Login, Server};

/// Something that is put into OpenSearch under a name.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// What people call it.
    pub kind: &'static str,
    pub name: &'static str,
    /// The path of the API.
    path: &'static str,
    json: &'static str,
}

impl Object {
    /// In the order in which they must come: the template names the pipeline, and without it nothing could be indexed.
    pub const ALL: [Self; 2] = [
        Self {
            kind: "ingest pipeline",
            name: "commerce-traces",
            path: "_ingest/pipeline/commerce-traces",
            json: include_str!("../../deployments/opensearch/ingest-pipeline.json"),
        },
        Self {
            kind: "index template",
            name: "commerce-traces",
            path: "_index_template/commerce-traces",
            json: include_str!("../../deployments/opensearch/index-template.json"),
        },
    ];

    #[expect(clippy::expect_used, reason = "part of the program, and read by its tests")]
    fn value(self) -> serde_json::Value {
        serde_json::from_str(self.json).expect("the JSON of an object")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_names_the_pipeline() {
        let [pipeline, template] = Object::ALL;
        assert!(pipeline.value()["processors"].is_array());
        assert_eq!(
            template.value()["template"]["settings"]["index"]["default_pipeline"],
            pipeline.name
        );
    }

    #[test]
    fn the_template_knows_every_field_of_every_record() {
        use crate::domain::record::{Application, ErrorType, Failed, Http, Integer, Proxy, Record, Source};
        let http = || Http {
            ts_ns: 1,
            method: "GET",
            path: "/".into(),
            status_code: Integer::default(),
            response_time_ms: Integer::default(),
            bytes_sent: Integer::default(),
            client_ip: "c".into(),
            pod_name: "p".into(),
        };
        let records = [
            Record::Application(Application {
                ts_ns: 1,
                level: "l".into(),
                logger: "l".into(),
                thread: "t".into(),
                msg: "m".into(),
                thrown: "t".into(),
                client_ip: "c".into(),
                pod_name: "p".into(),
            }),
            Record::Http(http()),
            Record::Proxy(Proxy {
                http: http(),
                local_server_name: "l".into(),
                remote_user: "r".into(),
                referer: "r".into(),
                user_agent: "u".into(),
                cache_status: "c".into(),
                pod_ip: "p".into(),
            }),
            Record::Error(Failed {
                raw_line: "r".into(),
                raw_line_encoding: Some("base64"),
                error: "e".to_owned(),
                error_type: ErrorType::ParseError,
                timestamp: 1,
                source: Source {
                    service: "s",
                    environment: "e",
                    subscription: "s",
                    pod_name: "p".into(),
                },
            }),
        ];
        let template = Object::ALL[1].value();
        let known = |fields: &serde_json::Value, of: &serde_json::Value| {
            for name in of.as_object().unwrap().keys() {
                assert!(fields["properties"].get(name).is_some(), "{name} is not mapped");
            }
        };
        let mappings = &template["template"]["mappings"];
        for record in records {
            let json = serde_json::to_value(&record).unwrap();
            known(mappings, &json);
            if let Some(source) = json.get("source") {
                known(&mappings["properties"]["source"], source);
            }
        }
    }
}
