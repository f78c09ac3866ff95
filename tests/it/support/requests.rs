//! What clients ask of a broker, in its order: a TCP proxy that reads along.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::process::listen;
use super::topics::Topics;

/// A request that matters to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// In a transaction, as the states are.
    Lines,
    States,
    /// Any others, or not in a transaction.
    Records,
    /// The group's offsets, into the transaction.
    Offsets,
    /// The transaction's end.
    End,
}

/// Holds a request's key and, of records, the transactional id and the topic: librdkafka sends those of one partition in a
/// request.
const HEAD_BYTES: usize = 200;

/// So the transactional ids of workers begin.
const TRANSACTIONAL: &str = "clp-worker:";

/// The protocol's numbers of requests, as they begin.
const PRODUCE: [u8; 2] = [0, 0];
const END_TXN: [u8; 2] = [0, 26];
const TXN_OFFSET_COMMIT: [u8; 2] = [0, 28];
const SASL_HANDSHAKE: [u8; 2] = [0, 17];

pub struct Requests {
    address: SocketAddr,
    heads: Heads,
    connections: Arc<AtomicU64>,
}

/// The beginnings of all requests that were forwarded.
type Heads = Arc<Mutex<Vec<Vec<u8>>>>;

impl Requests {
    /// Listens on a free port and forwards to `upstream`, which need not be there yet; until the tests end.
    pub fn to(upstream: SocketAddr) -> Requests {
        let listener = listen();
        let address = listener.local_addr().expect("the proxy's address");
        let heads = Heads::default();
        let connections = Arc::new(AtomicU64::new(0));
        let (shared, count) = (Arc::clone(&heads), Arc::clone(&connections));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                if let Ok(server) = TcpStream::connect(upstream) {
                    connect(client, server, &shared).expect("two halves of a connection");
                }
            }
        });
        Requests {
            address,
            heads,
            connections,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that clients have made so far.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// How often a client has begun so far to say who it is: once for each connection, and whenever a session ends.
    pub fn authentications(&self) -> u64 {
        let heads = self.heads.lock().expect("the requests");
        heads.iter().filter(|head| head.starts_with(&SASL_HANDSHAKE)).count() as u64
    }

    /// What was asked for so far. A request that waits for another's answer is behind it.
    pub fn so_far(&self, topics: &Topics) -> Vec<Request> {
        let heads = self.heads.lock().expect("the requests");
        heads.iter().filter_map(|head| request(head, topics)).collect()
    }
}

fn request(head: &[u8], topics: &Topics) -> Option<Request> {
    let names = |name: &str| head.windows(name.len()).any(|part| part == name.as_bytes());
    match [head[0], head[1]] {
        PRODUCE if !names(TRANSACTIONAL) => Some(Request::Records),
        PRODUCE if names(&topics.raw_application) => Some(Request::Lines),
        PRODUCE if names(&topics.blob_state) => Some(Request::States),
        PRODUCE => Some(Request::Records),
        TXN_OFFSET_COMMIT => Some(Request::Offsets),
        END_TXN => Some(Request::End),
        _ => None,
    }
}

fn connect(client: TcpStream, server: TcpStream, heads: &Heads) -> io::Result<()> {
    let (mut answers, mut client_in) = (server.try_clone()?, client.try_clone()?);
    let heads = Arc::clone(heads);
    thread::spawn(move || {
        // The end of either side is the end of both.
        let _ = forward(client, &server, &heads);
        let _ = server.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut client_in);
        let _ = client_in.shutdown(Shutdown::Both);
    });
    Ok(())
}

/// Request by request: each has its length before it.
fn forward(mut from: TcpStream, mut to: &TcpStream, heads: &Heads) -> io::Result<()> {
    loop {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let mut request = vec![0; u32::from_be_bytes(length) as usize];
        from.read_exact(&mut request)?;
        let head = request[..HEAD_BYTES.min(request.len())].to_vec();
        heads.lock().expect("the requests").push(head);
        to.write_all(&length)?;
        to.write_all(&request)?;
    }
}
