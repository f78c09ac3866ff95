//! Asks OpenSearch for what it has, and puts what it lacks.

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use reqwest::{Certificate, Method, StatusCode, header::CONTENT_TYPE};
use serde_json::Value;

use super::{Error, Login, Object, Server, State, compare::differences};

/// For one request, with its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two tries at a server that does not answer.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// Of an answer; a template is a few thousand.
const MAX_ANSWER_BYTES: usize = 4 << 20;
const MAX_REASON_CHARS: usize = 300;

pub struct Client {
    http: reqwest::Client,
    server: Server,
    login: Option<Login>,
    /// How long a server may take to be there.
    wait: Duration,
}

struct Answer {
    status: StatusCode,
    body: Vec<u8>,
}

impl Client {
    /// Trusts the system's certificates, and those of `authorities` as well: a file with PEM, by its name.
    ///
    /// # Errors
    /// [`Error::Certificates`] if they are none.
    pub fn new(
        server: Server,
        login: Option<Login>,
        authorities: Option<(&str, &[u8])>,
        wait: Duration,
    ) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            // The password is for this server, and for none that it names.
            .redirect(reqwest::redirect::Policy::none());
        if let Some((file, pem)) = authorities {
            let refused = |reason: String| Error::Certificates {
                file: file.to_owned(),
                reason,
            };
            let certificates = Certificate::from_pem_bundle(pem).map_err(|error| refused(reason_of(&error)))?;
            if certificates.is_empty() {
                return Err(refused("there are none in it".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder.build().map_err(|error| Error::Unreachable {
            server: server.to_string(),
            seconds: 0,
            reason: format!("no TLS: {}", reason_of(&error)),
        })?;
        Ok(Self {
            http,
            server,
            login,
            wait,
        })
    }

    /// How an object is there.
    ///
    /// # Errors
    /// No answer, a refusal, or a server that is no OpenSearch.
    pub async fn state(&self, object: Object) -> Result<State, Error> {
        let answer = self.ask(Method::GET, object, None).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(State::Missing);
        }
        let found = self.json(self.accepted(answer, &format!("to show the {}", object.kind))?)?;
        // {NAME: {…}} of a pipeline, {"index_templates": [{"index_template": {…}}]} of a template.
        let found = found
            .get(object.name)
            .or_else(|| found.pointer("/index_templates/0/index_template"))
            .ok_or_else(|| self.no_opensearch(format!("no {} in its answer", object.kind)))?;
        let differences = differences(&object.value(), found);
        Ok(match differences.is_empty() {
            true => State::Same,
            false => State::Different(differences),
        })
    }

    /// Puts an object there, in the place of another of its name.
    ///
    /// # Errors
    /// As [`Client::state`].
    pub async fn put(&self, object: Object) -> Result<(), Error> {
        let answer = self.ask(Method::PUT, object, Some(object.json)).await?;
        let said = self.json(self.accepted(answer, &format!("the {} {}", object.kind, object.name))?)?;
        match said["acknowledged"] {
            Value::Bool(true) => Ok(()),
            _ => Err(self.no_opensearch(format!("the {} was not acknowledged", object.kind))),
        }
    }

    /// The answer, whatever its status. A server that is just starting is asked again.
    async fn ask(&self, method: Method, object: Object, body: Option<&'static str>) -> Result<Answer, Error> {
        let begin = Instant::now();
        loop {
            let reason = match self.ask_once(method.clone(), object, body).await {
                Ok(answer) if answer.status != StatusCode::SERVICE_UNAVAILABLE => return Ok(answer),
                Ok(answer) => format!("503 {}", reason_in(&answer.body)),
                Err(error) => reason_of(&error),
            };
            // Waiting does not change whom one trusts.
            if begin.elapsed() + TRY_AGAIN_AFTER > self.wait || reason.contains("certificate") {
                return Err(Error::Unreachable {
                    server: self.server.to_string(),
                    seconds: self.wait.max(begin.elapsed()).as_secs(),
                    reason,
                });
            }
            tracing::debug!(server = %self.server, reason, "OpenSearch does not answer yet");
            tokio::time::sleep(TRY_AGAIN_AFTER).await;
        }
    }

    async fn ask_once(
        &self,
        method: Method,
        object: Object,
        body: Option<&'static str>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method, self.server.at(object.path));
        if let Some(login) = &self.login {
            request = request.basic_auth(&login.user, Some(login.password.expose()));
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let mut response = request.send().await?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER_BYTES {
                break;
            }
        }
        Ok(Answer { status, body })
    }

    /// The answer's body if its status is one of success.
    fn accepted(&self, answer: Answer, what: &str) -> Result<Vec<u8>, Error> {
        match answer.status.is_success() {
            true => Ok(answer.body),
            false => Err(Error::Refused {
                server: self.server.to_string(),
                what: what.to_owned(),
                status: answer.status.as_u16(),
                reason: reason_in(&answer.body),
            }),
        }
    }

    fn json(&self, body: Vec<u8>) -> Result<Value, Error> {
        serde_json::from_slice(&body).map_err(|_| self.no_opensearch("its answer is no JSON".to_owned()))
    }

    fn no_opensearch(&self, reason: String) -> Error {
        Error::NoOpenSearch {
            server: self.server.to_string(),
            reason,
        }
    }
}

/// What the server says went wrong: `error.reason` of its JSON, or the text, on one line.
fn reason_in(body: &[u8]) -> String {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let reason = json.as_ref().and_then(|json| json.pointer("/error/reason"));
    let text = match reason.and_then(Value::as_str) {
        Some(reason) => reason.to_owned(),
        None => String::from_utf8_lossy(body).into_owned(),
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(MAX_REASON_CHARS).collect()
}

/// The innermost cause: those around it say what we say ourselves, and the outermost holds the URL.
fn reason_of(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut reason = None;
    let mut next = error.source();
    while let Some(cause) = next {
        reason = Some(cause.to_string());
        next = cause.source();
    }
    reason.unwrap_or_else(|| "no answer".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_those_of_the_server() {
        let nested = br#"{"error":{"root_cause":[],"type":"x","reason":"index template [a]\n has two"},"status":400}"#;
        assert_eq!(reason_in(nested), "index template [a] has two");
        assert_eq!(reason_in(b"Unauthorized\n"), "Unauthorized");
        assert_eq!(reason_in(br#"{"error":"plain"}"#), r#"{"error":"plain"}"#);
        assert_eq!(reason_in(b""), "");
        assert_eq!(reason_in(&[b'x'; 1000]).len(), MAX_REASON_CHARS);
    }

    #[test]
    fn certificates_that_are_none_are_told_with_their_file() {
        let server: Server = "https://localhost:9200".parse().unwrap();
        for pem in [
            &b""[..],
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            let client = Client::new(server.clone(), None, Some(("ca.pem", pem)), Duration::ZERO);
            let error = client.err().unwrap();
            assert!(
                error.is_of_configuration() && error.to_string().contains("ca.pem"),
                "{error}"
            );
        }
    }
}
