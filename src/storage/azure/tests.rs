//! The Azure side against a server that fails in every way that matters.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc::Receiver;

use super::test_server::{Answer, Server};
use crate::secret::Secret;
use crate::storage::{
    BlobProperties, Container, Credential, Error, Kind, Location, ReadOptions, RetryPolicy, prefetch,
};

const KEY: &str = "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==";

fn quick() -> RetryPolicy {
    RetryPolicy {
        max_retries: 3,
        initial_delay: Duration::from_millis(1),
        ..RetryPolicy::default()
    }
}

fn open(port: u16, credential: Credential) -> Container {
    let location = Location::Azure {
        account: "acme".to_owned(),
        endpoint: Some(format!("http://127.0.0.1:{port}/acme")),
        container: "logs".to_owned(),
        credential,
    };
    Container::open(&location, quick()).unwrap()
}

async fn serve(answers: impl IntoIterator<Item = Answer>) -> (Server, Container) {
    let server = Server::start(answers).await;
    let container = open(server.port, Credential::SharedKey(Secret::new(KEY)));
    (server, container)
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}

#[tokio::test]
async fn a_read_asks_for_its_range_and_nothing_more() {
    let (server, container) = serve([Answer::part(5, b"world", 100).header("Content-Encoding", "gzip")]).await;
    assert_eq!(container.read("kubernetes/a b.gz", 5..10).await.unwrap(), "world");
    let requests = server.requests();
    let request = &requests[0];
    assert!(
        request.starts_with("GET /acme/logs/kubernetes%2Fa%20b.gz HTTP/1.1\r\n"),
        "{request}"
    );
    assert_eq!(header(request, "range"), Some("bytes=5-9"));
    assert_eq!(header(request, "if-match"), None);
    assert_eq!(header(request, "accept-encoding"), None);
    assert!(header(request, "authorization").unwrap().starts_with("SharedKey acme:"));
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn throttling_is_waited_out_as_long_as_the_server_says() {
    let busy = || Answer::refusal("503 Busy", "ServerBusy").header("Retry-After", "1");
    let (server, container) = serve([busy(), Answer::new("429 Slow Down"), Answer::part(0, b"ab", 2)]).await;
    let started = Instant::now();
    assert_eq!(container.read("a", 0..2).await.unwrap(), "ab");
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn each_retry_is_signed_anew_but_goes_on_the_same_connection() {
    let failed = Answer::refusal("500 Oops", "InternalError");
    let (server, container) = serve([failed.header("Retry-After", "2"), Answer::part(0, b"ab", 2)]).await;
    container.read("a", 0..2).await.unwrap();
    let requests = server.requests();
    assert_ne!(header(&requests[0], "x-ms-date"), header(&requests[1], "x-ms-date"));
    assert_ne!(
        header(&requests[0], "authorization"),
        header(&requests[1], "authorization")
    );
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_as_a_whole() {
    let whole = || Answer::part(0, b"0123456789", 10);
    let (server, container) = serve([whole().cut_at(4), whole().cut_at(0), whole()]).await;
    assert_eq!(container.read("a", 0..10).await.unwrap(), "0123456789");
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(
        requests
            .iter()
            .all(|request| header(request, "range") == Some("bytes=0-9"))
    );
}

#[tokio::test]
async fn what_fails_again_and_again_is_given_up() {
    let (server, container) = serve(vec![Answer::refusal("500 Oops", "InternalError"); 9]).await;
    let error = container.read("a", 0..2).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(
        error.to_string(),
        format!(
            "blob a in container logs of account acme at http://127.0.0.1:{}/acme: 500 InternalError: It is so (tried 4 times)",
            server.port
        )
    );
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn refusals_are_not_tried_again_and_show_no_key() {
    let table = [
        ("400 Bad", "InvalidQueryParameterValue", Kind::Rejected),
        ("401 Who", "NoAuthenticationInformation", Kind::Unauthorized),
        ("403 No", "AuthenticationFailed", Kind::Forbidden),
        ("404 Gone", "BlobNotFound", Kind::BlobNotFound),
        ("404 Gone", "ContainerNotFound", Kind::ContainerNotFound),
    ];
    let token = format!("sv=2022-11-02&sig={KEY}");
    for credential in [
        Credential::SharedKey(Secret::new(KEY)),
        Credential::Sas(Secret::new(token)),
    ] {
        for (status, code, expected) in table {
            let server = Server::start([Answer::refusal(status, code)]).await;
            let error = open(server.port, credential.clone()).read("a", 0..2).await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (expected, Some(code)), "{error}");
            assert_eq!(server.requests().len(), 1, "{code}");
            let shown = format!("{error} {error:?} {:?}", error.hint());
            assert!(!shown.contains(&KEY[..8]), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_host_that_refuses_connections_is_reported_soon_and_without_the_token() {
    let port = {
        let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        unused.local_addr().unwrap().port()
    };
    let container = open(port, Credential::Sas(Secret::new(format!("sig={KEY}"))));
    let error = container.page("", None).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains("onnection refused") && shown.contains("tried 3 times"),
        "{shown}"
    );
    assert!(!shown.contains(&KEY[..8]) && !shown.contains("sig="), "{shown}");
}

#[tokio::test]
async fn blobs_that_end_before_the_range_or_begin_behind_it() {
    let behind = || Answer::refusal("416 Range", "InvalidRange");
    // An empty blob has no first byte; the client then asks for all of it, which by now may be more than was asked for.
    let grown = Answer::new("200 OK").body("0123456789");
    let (server, container) = serve([
        Answer::part(3, b"34", 5),
        behind(),
        behind(),
        Answer::new("200 OK"),
        behind(),
        grown,
    ])
    .await;
    assert_eq!(container.read("a", 3..9).await.unwrap(), "34");
    assert_eq!(container.read("a", 5..9).await.unwrap(), "");
    assert_eq!(container.read("a", 0..9).await.unwrap(), "");
    assert_eq!(container.read("a", 0..9).await.unwrap(), "012345678");
    assert_eq!(container.read("a", 4..4).await.unwrap(), "");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a_changed_blob_is_asked_for_again() {
    let changed = Answer::refusal("412 Changed", "ConditionNotMet");
    let (_server, container) = serve([changed, Answer::part(0, b"ab", 2)]).await;
    assert_eq!(container.read("a", 0..2).await.unwrap(), "ab");
}

#[tokio::test]
async fn a_server_that_ignores_the_range_is_not_believed() {
    let whole = || Answer::new("200 OK").body("0123456789");
    let (_server, container) = serve(vec![whole(); 4]).await;
    assert_eq!(container.read("a", 5..7).await.unwrap_err().kind(), Kind::Unavailable);
}

#[tokio::test]
async fn properties_of_a_blob() {
    let answer = Answer::new("200 OK")
        .header("Content-Length", "18123")
        .header("Last-Modified", "Fri, 06 Jun 2025 10:00:00 GMT")
        .header("x-ms-creation-time", "Fri, 06 Jun 2025 00:00:01 GMT");
    // The answer to HEAD has no body: code or not, only its head tells.
    let gone = Answer::new("404 Gone").header("x-ms-error-code", "ContainerNotFound");
    let (server, container) = serve([answer, gone, Answer::new("404 Gone")]).await;
    let expected = BlobProperties {
        name: "a.gz".to_owned(),
        size: 18123,
        last_modified: "2025-06-06T10:00:00Z".parse().unwrap(),
        created: Some("2025-06-06T00:00:01Z".parse().unwrap()),
    };
    assert_eq!(container.properties("a.gz").await.unwrap(), expected);
    assert_eq!(
        container.properties("a.gz").await.unwrap_err().kind(),
        Kind::ContainerNotFound
    );
    assert_eq!(
        container.properties("a.gz").await.unwrap_err().kind(),
        Kind::BlobNotFound
    );
    assert!(server.requests()[0].starts_with("HEAD /acme/logs/a.gz "));
}

fn list(names: &[&str], groups: &[&str], next: &str) -> Answer {
    let mut xml = "<?xml version=\"1.0\"?><EnumerationResults><Blobs>".to_owned();
    for group in groups {
        xml += &format!("<BlobPrefix><Name>{group}</Name></BlobPrefix>");
    }
    for name in names {
        xml += &format!(
            "<Blob><Name>{name}</Name><Properties><Last-Modified>Fri, 06 Jun 2025 10:00:00 GMT</Last-Modified>\
             <Content-Length>1</Content-Length></Properties></Blob>"
        );
    }
    xml += &format!("</Blobs><NextMarker>{next}</NextMarker></EnumerationResults>");
    Answer::new("200 OK")
        .header("Content-Type", "application/xml")
        .body(xml)
}

#[tokio::test]
async fn pages_follow_each_other() {
    let answers = [
        list(&["k/a", "k/b"], &[], "2!x y"),
        Answer::new("500 Oops"),
        list(&["k/c"], &[], ""),
    ];
    let (server, container) = serve(answers).await;
    let first = container.page("k/", None).await.unwrap();
    assert_eq!(
        first.blobs.iter().map(|blob| blob.name.as_str()).collect::<Vec<_>>(),
        ["k/a", "k/b"]
    );
    let second = container.page("k/", first.next).await.unwrap();
    assert_eq!((second.blobs.len(), second.next), (1, None));
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /acme/logs?comp=list&maxresults=5000&prefix=k%2F&restype=container "));
    assert!(requests[2].contains("marker=2%21x%20y&"), "{}", requests[2]);
}

#[tokio::test]
async fn groups_of_all_pages_come_once() {
    let answers = [
        list(&["k/a"], &["k/20250605.", "k/20250606."], "2"),
        list(&[], &["k/20250606.", "k/20250607."], ""),
    ];
    let (server, container) = serve(answers).await;
    let expected = ["k/20250605.", "k/20250606.", "k/20250607.", "k/a"];
    assert_eq!(container.groups("k/").await.unwrap(), expected);
    assert!(server.requests()[0].contains("delimiter=.&"));
}

#[tokio::test]
async fn a_page_that_is_no_list_is_not_blamed_on_the_blob() {
    let (_server, container) = serve([Answer::new("200 OK").body("<html>Sign in, please</html>")]).await;
    let error = container.page("", None).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected);
    assert!(error.hint().unwrap().contains("blob endpoint"), "{error}");
}

#[tokio::test]
async fn an_unknown_container_is_told_from_an_unknown_blob() {
    let (_server, container) = serve([Answer::new("404 Gone")]).await;
    assert_eq!(
        container.page("", None).await.unwrap_err().kind(),
        Kind::ContainerNotFound
    );
}

#[tokio::test]
async fn a_stream_of_ranges_survives_failures_in_the_middle() {
    let answers = [
        Answer::part(0, b"0123", 10),
        Answer::part(4, b"4567", 10).cut_at(2),
        Answer::part(4, b"4567", 10),
        Answer::part(8, b"89", 10),
    ];
    let (_server, container) = serve(answers).await;
    let options = ReadOptions {
        range_bytes: 4,
        ranges_ahead: 1,
    };
    let all = drain(prefetch(container, "a".to_owned(), 0..10, options)).await;
    assert_eq!(all, b"0123456789");
}

/// Serves `content` by range as Azure does. Each further request finds it `growth` bytes longer, up to all of it.
async fn serve_content(content: &'static [u8], size: usize, growth: usize) -> (Server, Container) {
    let size = AtomicUsize::new(size);
    let server = Server::with(move |request| {
        let size = size.fetch_add(growth, Ordering::SeqCst).min(content.len());
        let (first, last) = header(request, "range").unwrap()[6..].split_once('-').unwrap();
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        match first < size {
            true => Answer::part(first, &content[first..size.min(last + 1)], size),
            false => Answer::refusal("416 Range", "InvalidRange"),
        }
    })
    .await;
    let container = open(server.port, Credential::Anonymous);
    (server, container)
}

const OPTIONS: ReadOptions = ReadOptions {
    range_bytes: 4,
    ranges_ahead: 3,
};

async fn drain(mut rx: Receiver<Result<Bytes, Error>>) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(part) = rx.recv().await {
        all.extend_from_slice(&part.unwrap());
    }
    all
}

#[tokio::test]
async fn a_blob_that_grows_while_it_is_read_leaves_no_gap() {
    const CONTENT: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    for size in 1..12 {
        for growth in 0..6 {
            let (_server, container) = serve_content(CONTENT, size, growth).await;
            let read = drain(prefetch(container, "a".to_owned(), 0..36, OPTIONS)).await;
            assert!(read.len() >= size, "{size} {growth}");
            assert_eq!(read, CONTENT[..read.len()], "{size} {growth}");
        }
    }
}

#[tokio::test]
async fn no_more_is_read_than_somebody_takes() {
    const CONTENT: &[u8] = &[7; 100];
    let (server, container) = serve_content(CONTENT, 100, 0).await;
    let mut rx = prefetch(container, "a".to_owned(), 0..100, OPTIONS);
    for taken in 0..5 {
        while rx.len() < OPTIONS.ranges_ahead {
            tokio::task::yield_now().await;
        }
        assert_eq!(server.requests().len(), OPTIONS.ranges_ahead + taken);
        rx.recv().await.unwrap().unwrap();
    }
    assert!(server.connections() <= OPTIONS.ranges_ahead);
}

#[tokio::test]
async fn every_request_can_be_made_from_any_task() {
    fn is_send<T: Send>(_: T) {}
    let container = open(1, Credential::Anonymous);
    is_send(container.page("", None));
    is_send(container.groups(""));
    is_send(container.properties("a"));
    is_send(container.read("a", 0..1));
}
