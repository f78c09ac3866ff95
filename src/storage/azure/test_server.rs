//! An HTTP server for tests that gives prepared answers, one a request, and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is sent for one request.
#[derive(Clone)]
pub(super) struct Answer {
    head: String,
    body: Vec<u8>,
    /// Close the connection after so many bytes of the body.
    cut_at: Option<usize>,
}

impl Answer {
    /// `status` with its reason phrase.
    pub(super) fn new(status: &str) -> Self {
        Self {
            head: format!("HTTP/1.1 {status}\r\n"),
            body: Vec::new(),
            cut_at: None,
        }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.head += &format!("{name}: {value}\r\n");
        self
    }

    pub(super) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub(super) fn cut_at(mut self, bytes: usize) -> Self {
        self.cut_at = Some(bytes);
        self
    }

    /// A part of a blob of `size` bytes that begins at `start`.
    pub(super) fn part(start: usize, body: &[u8], size: usize) -> Self {
        let range = format!("bytes {start}-{}/{size}", start + body.len() - 1);
        Self::new("206 Partial Content")
            .header("Content-Range", &range)
            .body(body)
    }

    /// A refusal with a code of the blob service.
    pub(super) fn refusal(status: &str, code: &str) -> Self {
        let body =
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>It is so.\nTime:1</Message></Error>");
        Self::new(status).header("x-ms-error-code", code).body(body)
    }
}

pub(super) struct Server {
    pub(super) port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

type Handler = dyn Fn(&str) -> Answer + Send + Sync;

impl Server {
    /// After the last answer, every further request gets status 400.
    pub(super) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers: Mutex<VecDeque<Answer>> = Mutex::new(answers.into_iter().collect());
        Self::with(move |_| {
            let next = answers.lock().unwrap().pop_front();
            next.unwrap_or_else(|| Answer::new("400 No More Answers"))
        })
        .await
    }

    /// `answer` makes an answer of a request's head.
    pub(super) async fn with(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let answer: Arc<Handler> = Arc::new(answer);
        let (requests, connections) = (server.requests.clone(), server.connections.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, answer.clone(), requests.clone()));
            }
        });
        server
    }

    /// The heads of the requests so far: request line and headers.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, answer: Arc<Handler>, requests: Arc<Mutex<Vec<String>>>) {
    while let Some(request) = head(&mut stream).await {
        let is_head = request.starts_with("HEAD ");
        let Answer { mut head, body, cut_at } = answer(&request);
        requests.lock().unwrap().push(request);
        if !head.to_ascii_lowercase().contains("content-length") {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        if !is_head {
            let sent = &body[..cut_at.unwrap_or(body.len())];
            // A client that has read enough may be gone.
            let _ = stream.write_all(sent).await;
        }
        if cut_at.is_some() {
            return;
        }
    }
}

/// The head of the next request; storage is only asked with GET and HEAD, so nothing follows it.
async fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}
