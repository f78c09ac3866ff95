//! `--metrics-addr`: a service's figures and health over HTTP, for scrapers and as a page for people.

mod address;
mod page;
mod status;

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use clap::Args;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Bytes,
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::task::AbortOnDropHandle;

pub use address::MetricsAddress;

use self::status::Status;
use super::{Exit, Failure};
use crate::pipeline::{
    health::Health,
    metrics::{self, Overlook, Registry},
};

/// The flag that all services have.
#[derive(Args, Clone, Debug, Default)]
pub struct MetricsArgs {
    /// Serve a page for people at /, /metrics for Prometheus, /healthz and /readyz there: 127.0.0.1:9400; `:9400` is every
    /// interface, port 0 a free one
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics_addr: Option<MetricsAddress>,
}

/// Answers until it is dropped. It never holds up the end of the process.
#[derive(Debug)]
pub struct Server {
    pub address: SocketAddr,
    _task: AbortOnDropHandle<()>,
}

/// What is served.
struct Service {
    registry: Registry,
    health: Health,
    figures: Box<dyn Overlook>,
    started_at: Timestamp,
}

/// Connections at one time; further ones wait. Scrapers need one, a curious person some.
const MAX_CONNECTIONS: usize = 16;
/// For a whole connection: one that says nothing, or takes nothing, must not keep another's place.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// When the system gives no connections (such as for want of file descriptors), until they are asked for again.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

impl MetricsArgs {
    /// Serves if the flag was given; to be called before any work, as the address may not do.
    ///
    /// # Errors
    /// The address cannot be listened at.
    pub async fn serve(
        &self,
        registry: Registry,
        figures: impl Overlook,
        health: Health,
    ) -> anyhow::Result<Option<Server>> {
        let Some(MetricsAddress { host, port }) = &self.metrics_addr else {
            return Ok(None);
        };
        let bound = TcpListener::bind((host.as_str(), *port)).await;
        let listener = bound.map_err(|error| cannot_listen(host, *port, &error))?;
        let address = listener.local_addr()?;
        tracing::info!(%address, "serving /metrics, /healthz, /readyz and a page at /");
        let service = Arc::new(Service {
            registry,
            health,
            figures: Box::new(figures),
            started_at: Timestamp::now(),
        });
        Ok(Some(Server {
            address,
            _task: AbortOnDropHandle::new(tokio::spawn(accept(listener, service))),
        }))
    }
}

fn cannot_listen(host: &str, port: u16, error: &io::Error) -> Failure {
    let message = format!("cannot serve metrics at {host}:{port}: {error}");
    match error.kind() {
        io::ErrorKind::AddrInUse => Failure::new(Exit::Failed, message).with_hint(
            "another program, perhaps another clp, listens there; --metrics-addr takes another port, and 0 a free one",
        ),
        io::ErrorKind::PermissionDenied => {
            Failure::new(Exit::Failed, message).with_hint("ports below 1024 need rights; take a higher one")
        }
        _ => Failure::configuration(message)
            .with_hint("--metrics-addr takes an address of this machine, or :PORT for all of them"),
    }
}

async fn accept(listener: TcpListener, service: Arc<Service>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let service = Arc::clone(&service);
                tokio::spawn(async move {
                    talk(stream, &service).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "no connection for metrics");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

/// One request and its answer.
async fn talk(stream: TcpStream, service: &Service) {
    let answer = service_fn(async |request: Request<_>| {
        Ok::<_, Infallible>(service.answer(request.method(), request.uri().path()))
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer);
    match tokio::time::timeout(CONNECTION_TIMEOUT, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection for metrics broke"),
        Err(_) => tracing::debug!("a connection for metrics took too long"),
    }
}

impl Service {
    fn answer(&self, method: &Method, path: &str) -> Response<Full<Bytes>> {
        let (status, content_type, body) = match path {
            "/" => (StatusCode::OK, HTML, page::PAGE.clone()),
            "/status.json" => self.status(),
            "/metrics" => (StatusCode::OK, metrics::CONTENT_TYPE, metrics::text(&self.registry)),
            "/healthz" => health(self.health.live()),
            "/readyz" => health(self.health.ready()),
            _ => (StatusCode::NOT_FOUND, TEXT, "not found\n".to_owned()),
        };
        let allowed = [Method::GET, Method::HEAD].contains(method) || status == StatusCode::NOT_FOUND;
        if !allowed {
            let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD\n".to_owned());
            refused
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        let mut response = response(status, content_type, body);
        if content_type == HTML
            && let Ok(policy) = HeaderValue::from_str(&page::POLICY)
        {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }

    fn status(&self) -> (StatusCode, &'static str, String) {
        let status = Status::new(self.started_at, &self.health, self.figures.overview());
        match serde_json::to_string(&status) {
            Ok(json) => (StatusCode::OK, JSON, json + "\n"),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
        }
    }
}

fn health(state: Result<(), String>) -> (StatusCode, &'static str, String) {
    match state {
        Ok(()) => (StatusCode::OK, TEXT, "ok\n".to_owned()),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{reason}\n")),
    }
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        // All of it is of this moment, and what it says it is.
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::pipeline::metrics::MonitorMetrics;

    fn figures() -> (Registry, MonitorMetrics) {
        let mut registry = metrics::registry();
        let figures = MonitorMetrics::register(&mut registry);
        (registry, figures)
    }

    async fn serve(health: &Health) -> Server {
        let args = MetricsArgs {
            metrics_addr: Some("127.0.0.1:0".parse().unwrap()),
        };
        let (registry, figures) = figures();
        let served = args.serve(registry, figures, health.clone()).await;
        served.unwrap().unwrap()
    }

    /// The status line, the headers and the body.
    async fn ask(address: SocketAddr, request: &str) -> (String, String, String) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{request} HTTP/1.1\r\nHost: clp\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let (status, headers) = head.split_once("\r\n").unwrap();
        (status.to_owned(), headers.to_lowercase(), body.to_owned())
    }

    #[tokio::test]
    async fn every_path_and_method() {
        let server = serve(&Health::default()).await;
        for (request, status, header, body) in [
            ("GET /", "200 OK", "content-type: text/html", "<title>clp</title>"),
            (
                "GET /",
                "200 OK",
                "content-security-policy: default-src 'none'; style-src 'sha256-",
                "</html>",
            ),
            ("GET /", "200 OK", "x-content-type-options: nosniff", ""),
            (
                "GET /status.json",
                "200 OK",
                "content-type: application/json",
                "\"service\":\"monitor\"",
            ),
            (
                "GET /status.json",
                "200 OK",
                "cache-control: no-store",
                "\"ready\":{\"ok\":false,\"reason\":\"starting\"}",
            ),
            ("GET /metrics", "200 OK", metrics::CONTENT_TYPE, "clp_build_info"),
            ("GET /metrics?name=x", "200 OK", metrics::CONTENT_TYPE, "# EOF\n"),
            ("GET /healthz", "200 OK", "content-type: text/plain", "ok\n"),
            (
                "GET /readyz",
                "503 Service Unavailable",
                "content-type: text/plain",
                "starting\n",
            ),
            ("HEAD /metrics", "200 OK", metrics::CONTENT_TYPE, ""),
            ("POST /metrics", "405 Method Not Allowed", "allow: get, head", "GET"),
            ("GET /metrics/", "404 Not Found", "", "not found"),
            ("DELETE /other", "404 Not Found", "", "not found"),
        ] {
            let (said, headers, text) = ask(server.address, request).await;
            assert_eq!(said, format!("HTTP/1.1 {status}"), "{request}");
            assert!(headers.contains(header), "{request}: {headers}");
            assert!(text.contains(body), "{request}: {text}");
            assert!(!request.starts_with("HEAD") || text.is_empty(), "{text}");
        }
    }

    #[tokio::test]
    async fn health_is_that_of_now() {
        let health = Health::default();
        let server = serve(&health).await;
        let readyz = async || {
            let (status, _, body) = ask(server.address, "GET /readyz").await;
            (status.contains("200"), body)
        };
        let part = health.part("lane 1", Duration::from_secs(60));
        part.waiting("restoring state");
        assert_eq!(readyz().await, (false, "lane 1: restoring state\n".to_owned()));
        part.ready();
        assert_eq!(readyz().await, (true, "ok\n".to_owned()));
        health.stopping();
        assert_eq!(readyz().await, (false, "stopping\n".to_owned()));
        let _stuck = health.part("lane 2", Duration::ZERO);
        let (status, _, body) = ask(server.address, "GET /healthz").await;
        assert_eq!(status, "HTTP/1.1 503 Service Unavailable");
        assert_eq!(body, "lane 2 has made no progress for 0 s\n");
    }

    #[tokio::test]
    async fn an_address_that_will_not_do_is_told_with_its_exit_code() {
        let taken = serve(&Health::default()).await;
        for (address, exit, reason) in [
            (taken.address.to_string(), Exit::Failed, "in use"),
            // Of a net that is for documentation: no machine has it.
            ("192.0.2.1:9400".to_owned(), Exit::Configuration, "192.0.2.1:9400"),
        ] {
            let args = MetricsArgs {
                metrics_addr: Some(address.parse().unwrap()),
            };
            let (registry, figures) = figures();
            let error = args.serve(registry, figures, Health::default()).await.unwrap_err();
            assert_eq!(super::super::exit::exit_of(&error), exit, "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    }

    #[tokio::test]
    async fn a_silent_connection_does_not_keep_others_from_their_answer() {
        let server = serve(&Health::default()).await;
        let _silent = TcpStream::connect(server.address).await.unwrap();
        let (status, ..) = ask(server.address, "GET /healthz").await;
        assert_eq!(status, "HTTP/1.1 200 OK");
    }

    #[tokio::test]
    async fn nothing_listens_after_the_end() {
        let server = serve(&Health::default()).await;
        let address = server.address;
        drop(server);
        // The task ends when it is next looked at.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}
