//! The proxy's connections: two threads each, one for requests and one for answers.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use super::head::{Api, Head};
use super::plan::{Act, Chaos, Did, Late, Plan, Rule, Step, Waiting};
use crate::support::process::listen;

/// How long the answer to a late frame may take.
const LATE_ANSWER: Duration = Duration::from_secs(10);

/// The network before one or several brokers.
#[derive(Clone, Default)]
pub struct Frames {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    plan: Plan,
    late: Vec<LateFrame>,
    did: Did,
    /// Requests that went on to a broker.
    passed: u64,
    transactional_ids: BTreeSet<String>,
    /// The clients' ends of open connections.
    clients: Vec<TcpStream>,
}

/// A request that waits to be delivered, with a connection that is kept open for it.
struct LateFrame {
    frame: Vec<u8>,
    head: Head,
    to: SocketAddr,
    connection: Option<TcpStream>,
    waiting: Waiting,
}

impl Frames {
    /// Listens on a free port and forwards to `broker`, which need not be there yet; until the tests end.
    pub fn before(&self, broker: SocketAddr) -> SocketAddr {
        let listener = listen();
        let address = listener.local_addr().expect("the proxy's address");
        let frames = self.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Without a broker the client sees its connection closed.
                if let Ok(server) = TcpStream::connect(broker) {
                    frames
                        .connect(client, server, broker)
                        .expect("two halves of a connection");
                }
            }
        });
        address
    }

    /// From now on these rules hold, counted from here, in the place of those before.
    pub fn set(&self, rules: impl IntoIterator<Item = Rule>) {
        self.state().plan.set(rules);
    }

    /// From now on faults come at random as well; `None` ends that.
    pub fn at_random(&self, chaos: Option<Chaos>) {
        self.state().plan.at_random(chaos);
    }

    /// No rules and no counts any more; waiting frames are forgotten, open connections ended. For the next test.
    pub fn reset(&self) {
        let state = std::mem::take(&mut *self.state());
        for client in &state.clients {
            let _ = client.shutdown(Shutdown::Both);
        }
    }

    /// Delivers now what still waits, whatever it waits for. Gives how many these were.
    pub fn deliver_rest(&self) -> u64 {
        let rest = std::mem::take(&mut self.state().late);
        let count = rest.len() as u64;
        self.deliver(rest);
        count
    }

    #[track_caller]
    pub fn did(&self) -> Did {
        let did = self.state().did.clone();
        assert_eq!(
            did.unreadable, 0,
            "requests that the proxy does not understand: {did:?}"
        );
        did
    }

    /// So many requests of this API came, those included to which something was done.
    pub fn requests(&self, api: Api) -> u64 {
        self.state().plan.requests(api)
    }

    /// The transactional ids of the producers that came.
    pub fn transactional_ids(&self) -> Vec<String> {
        self.state().transactional_ids.iter().cloned().collect()
    }

    /// Panics unless so many requests were held or copied, and all of them reached the broker late and were answered.
    #[track_caller]
    pub fn assert_late(&self, count: u64) {
        let did = self.did();
        assert_eq!(did.held + did.copied, count, "held and copied: {did:?}");
        assert_eq!(did.not_delivered(), 0, "what they wait for never came: {did:?}");
        assert!(did.late.iter().all(|late| late.answered), "no answer: {did:?}");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the proxy's state")
    }

    fn connect(&self, client: TcpStream, server: TcpStream, broker: SocketAddr) -> io::Result<()> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        {
            let mut state = self.state();
            state.clients.retain(|client| client.peer_addr().is_ok());
            state.clients.push(client.try_clone()?);
        }
        let link = Arc::new(Link {
            frames: self.clone(),
            client,
            server,
            broker,
            asked: Mutex::default(),
        });
        let upwards = Arc::clone(&link);
        thread::spawn(move || {
            // The end of the client's side is the end of its connection. What it asked before is still done.
            let _ = upwards.forward();
            let _ = upwards.server.shutdown(Shutdown::Write);
        });
        thread::spawn(move || {
            let _ = link.answer();
            let _ = link.client.shutdown(Shutdown::Both);
        });
        Ok(())
    }

    /// Numbers a request that goes on, and gives those that are due right before it.
    fn passing(&self, head: &Head) -> (u64, Vec<LateFrame>) {
        let state = &mut *self.state();
        if let Some(id) = &head.transactional_id
            && !state.transactional_ids.contains(id)
        {
            state.transactional_ids.insert(id.clone());
        }
        state.passed += 1;
        let number = state.passed;
        (number, state.due(head, number, false))
    }

    fn answered(&self, head: &Head, number: u64) -> Vec<LateFrame> {
        self.state().due(head, number, true)
    }

    /// Returns when the broker has answered, so that what was held up for it comes behind it.
    fn deliver(&self, frames: Vec<LateFrame>) {
        for mut late in frames {
            let answer = late.ask();
            let delivered = Late {
                api: late.head.api.expect("a producer's request"),
                version: late.head.version,
                ends_meanwhile: late.waiting.ends(),
                answered: answer.is_some(),
                error: answer.and_then(|answer| late.head.error_in(&answer)),
            };
            self.state().did.late.push(delivered);
        }
    }
}

impl State {
    fn due(&mut self, head: &Head, number: u64, is_answered: bool) -> Vec<LateFrame> {
        let last = self.passed;
        let due = |late: &mut LateFrame| late.waiting.note(head, number, last, is_answered);
        self.late.extract_if(.., due).collect()
    }
}

impl LateFrame {
    /// On a fresh connection if the one that was kept is broken, as after a broker's restart.
    fn ask(&mut self) -> Option<Vec<u8>> {
        let kept = self.connection.take();
        kept.and_then(|connection| self.ask_on(&connection).ok())
            .or_else(|| self.ask_on(&TcpStream::connect(self.to).ok()?).ok())
    }

    fn ask_on(&self, connection: &TcpStream) -> io::Result<Vec<u8>> {
        connection.set_read_timeout(Some(LATE_ANSWER))?;
        write(connection, &self.frame)?;
        read(connection)
    }
}

/// A client's connection with its way to the broker.
struct Link {
    frames: Frames,
    client: TcpStream,
    server: TcpStream,
    broker: SocketAddr,
    /// Requests that the broker has not answered, by correlation id.
    asked: Mutex<HashMap<i32, Asked>>,
}

struct Asked {
    head: Head,
    number: u64,
    /// The client shall not be told.
    loses_answer: bool,
}

impl Link {
    /// Request by request, until either side or a rule ends it.
    fn forward(&self) -> io::Result<()> {
        loop {
            let frame = read(&self.client)?;
            let head = self.head(&frame);
            let ruling = self.frames.state().plan.rule(&head);
            if let Some(Act::Hold { until, ends_connection }) = ruling.act {
                self.keep(frame, head, until)?;
                self.frames.state().did.held += 1;
                if !ends_connection {
                    self.swallow();
                }
                return self.client.shutdown(Shutdown::Both);
            }
            if ruling.act == Some(Act::End) {
                self.frames.state().did.ended += 1;
                return self.client.shutdown(Shutdown::Both);
            }
            let (number, due) = self.frames.passing(&head);
            self.frames.deliver(due);
            if !ruling.delay.is_zero() {
                self.frames.state().did.delayed += 1;
                thread::sleep(ruling.delay);
            }
            let asked = Asked {
                head: head.clone(),
                number,
                loses_answer: ruling.act == Some(Act::LoseAnswer),
            };
            self.asked().insert(head.correlation, asked);
            if let Some(Act::Copy { until }) = ruling.act {
                self.keep(frame.clone(), head, until)?;
                self.frames.state().did.copied += 1;
            }
            write(&self.server, &frame)?;
        }
    }

    /// Answer by answer.
    fn answer(&self) -> io::Result<()> {
        let mut client_is_there = true;
        loop {
            let frame = read(&self.server)?;
            let correlation = frame.first_chunk().copied().map(i32::from_be_bytes);
            let asked = correlation.and_then(|correlation| self.asked().remove(&correlation));
            if let Some(asked) = asked {
                self.frames.deliver(self.frames.answered(&asked.head, asked.number));
                if asked.loses_answer {
                    self.frames.state().did.answers_lost += 1;
                    let _ = self.client.shutdown(Shutdown::Both);
                }
                client_is_there &= !asked.loses_answer;
            }
            // What the broker still answers counts, though nobody takes it.
            client_is_there = client_is_there && write(&self.client, &frame).is_ok();
        }
    }

    fn head(&self, frame: &[u8]) -> Head {
        Head::of(frame).unwrap_or_else(|| {
            self.frames.state().did.unreadable += 1;
            Head::of_another(frame)
        })
    }

    fn asked(&self) -> MutexGuard<'_, HashMap<i32, Asked>> {
        self.asked.lock().expect("the open requests")
    }

    fn keep(&self, frame: Vec<u8>, head: Head, until: Vec<Step>) -> io::Result<()> {
        let connection = TcpStream::connect(self.broker)?;
        let mut state = self.frames.state();
        let late = LateFrame {
            connection: Some(connection),
            to: self.broker,
            waiting: Waiting::new(until, state.passed),
            frame,
            head,
        };
        state.late.push(late);
        Ok(())
    }

    /// What comes behind a held request is lost with the connection, whenever the client ends it.
    fn swallow(&self) {
        while read(&self.client).is_ok() {}
    }
}

/// One frame without its length.
fn read(mut from: &TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    from.read_exact(&mut frame)?;
    Ok(frame)
}

fn write(mut to: &TcpStream, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).expect("a frame that Kafka takes");
    to.write_all(&[&length.to_be_bytes(), frame].concat())
}
