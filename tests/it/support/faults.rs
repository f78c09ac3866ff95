//! A network that fails when it is told to: a TCP proxy between `clp` and a server.
//!
//! ```text
//! clp ──▶ Faults::address ──[refuse, cut, cut after N bytes, stall, delay]──▶ server
//! ```

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::process::{free_port, wait_for};

/// How soon the threads see a new order.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const CHUNK_BYTES: usize = 16 * 1024;
/// A byte budget that is never used up.
const UNLIMITED: i64 = i64::MAX;

/// Bytes from the server to clp, or from clp to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Down,
    Up,
}

pub struct Faults {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    upstream: SocketAddr,
    over: AtomicBool,
    refusing: AtomicBool,
    /// What the acceptor does now, so that an order has happened when its method returns.
    listening: AtomicBool,
    stalled: AtomicBool,
    delay_ms: AtomicU64,
    /// Raised by every cut; a connection that began under an older number is reset.
    cuts: AtomicU64,
    budget: [AtomicI64; 2],
    passed: [AtomicU64; 2],
    connections: AtomicU64,
    /// Threads of open connections; taken for each cut, to wait for their end.
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
}

impl Faults {
    /// Listens on a free port and forwards to `upstream`, which need not be there yet.
    pub fn to(upstream: SocketAddr) -> Faults {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let state = Arc::new(State {
            upstream,
            over: AtomicBool::new(false),
            refusing: AtomicBool::new(false),
            listening: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
            delay_ms: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            budget: [AtomicI64::new(UNLIMITED), AtomicI64::new(UNLIMITED)],
            passed: [AtomicU64::new(0), AtomicU64::new(0)],
            connections: AtomicU64::new(0),
            threads: Mutex::default(),
        });
        let acceptor = Arc::clone(&state);
        thread::spawn(move || acceptor.accept(address));
        let faults = Faults { address, state };
        faults.wait_until_listening(true);
        faults
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// New connections are refused, open ones reset, until [`Faults::accept`].
    pub fn refuse(&self) {
        self.state.refusing.store(true, SeqCst);
        self.wait_until_listening(false);
        self.cut();
    }

    /// Ends [`Faults::refuse`].
    pub fn accept(&self) {
        self.state.refusing.store(false, SeqCst);
        self.wait_until_listening(true);
    }

    /// Resets all open connections, once.
    pub fn cut(&self) {
        self.state.cuts.fetch_add(1, SeqCst);
        let threads = std::mem::take(&mut *self.state.threads.lock().expect("the threads"));
        for thread in threads {
            thread.join().expect("a connection's thread");
        }
    }

    /// Lets this many more bytes through in one direction, over all connections, then resets all of them, once; later
    /// connections work.
    pub fn cut_after(&self, direction: Direction, bytes: u64) {
        self.state.budget[direction as usize].store(bytes as i64, SeqCst);
    }

    /// Connections stay open and nothing passes, until [`Faults::flow`].
    pub fn stall(&self) {
        self.state.stalled.store(true, SeqCst);
    }

    /// Ends [`Faults::stall`].
    pub fn flow(&self) {
        self.state.stalled.store(false, SeqCst);
    }

    /// Holds each piece of up to 16 KiB back for so long; zero ends it.
    pub fn delay(&self, by: Duration) {
        self.state.delay_ms.store(by.as_millis() as u64, SeqCst);
    }

    /// The bytes that have passed so far.
    pub fn passed(&self, direction: Direction) -> u64 {
        self.state.passed[direction as usize].load(SeqCst)
    }

    /// The connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.state.connections.load(SeqCst)
    }

    /// The cuts so far, asked for or by [`Faults::cut_after`].
    pub fn cuts(&self) -> u64 {
        self.state.cuts.load(SeqCst)
    }

    fn wait_until_listening(&self, wanted: bool) {
        wait_for("the proxy's listener", Duration::from_secs(10), || {
            (self.state.listening.load(SeqCst) == wanted).then_some(())
        });
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.state.over.store(true, SeqCst);
        self.state.cuts.fetch_add(1, SeqCst);
    }
}

impl State {
    fn accept(self: Arc<State>, address: SocketAddr) {
        while !self.over.load(SeqCst) {
            if self.refusing.load(SeqCst) {
                thread::sleep(LOOK_EVERY);
                continue;
            }
            let listener = TcpListener::bind(address).expect("listen as a proxy");
            listener.set_nonblocking(true).expect("a listener that can be asked");
            self.listening.store(true, SeqCst);
            while !self.refusing.load(SeqCst) && !self.over.load(SeqCst) {
                match listener.accept() {
                    Ok((client, _)) => self.connect(client),
                    Err(_) => thread::sleep(LOOK_EVERY),
                }
            }
            drop(listener);
            self.listening.store(false, SeqCst);
        }
    }

    fn connect(self: &Arc<State>, client: TcpStream) {
        self.connections.fetch_add(1, SeqCst);
        // Without an upstream the client sees its connection closed, as behind a load balancer.
        let Ok(server) = TcpStream::connect(self.upstream) else {
            return;
        };
        let cuts = self.cuts.load(SeqCst);
        let (client, server) = (Arc::new(client), Arc::new(server));
        let mut threads = self.threads.lock().expect("the threads");
        threads.retain(|thread| !thread.is_finished());
        for (direction, from, to) in [(Direction::Up, &client, &server), (Direction::Down, &server, &client)] {
            let (state, from, to) = (Arc::clone(self), Arc::clone(from), Arc::clone(to));
            threads.push(thread::spawn(move || state.forward(direction, &from, &to, cuts)));
        }
    }

    /// Forwards until the end of `from`, or until a cut: then the sockets are set to be reset by their close, which comes
    /// when both directions' threads have let go of them.
    fn forward(&self, direction: Direction, from: &TcpStream, to: &TcpStream, cuts: u64) {
        let cut = || self.cuts.load(SeqCst) != cuts;
        from.set_nonblocking(false)
            .and_then(|()| from.set_read_timeout(Some(LOOK_EVERY)))
            .expect("a read timeout");
        to.set_write_timeout(Some(Duration::from_secs(1)))
            .expect("a write timeout");
        let mut chunk = [0; CHUNK_BYTES];
        while !cut() {
            if self.stalled.load(SeqCst) {
                thread::sleep(LOOK_EVERY);
                continue;
            }
            let count = match (&*from).read(&mut chunk) {
                Ok(0) => {
                    let _ = to.shutdown(Shutdown::Write);
                    return;
                }
                Ok(count) => count,
                Err(e)
                    if matches!(
                        e.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) =>
                {
                    continue;
                }
                Err(_) => {
                    let _ = to.shutdown(Shutdown::Both);
                    return;
                }
            };
            let delay = Duration::from_millis(self.delay_ms.load(SeqCst));
            if !delay.is_zero() {
                thread::sleep(delay);
            }
            // A stall or a cut may have come while this waited for bytes or was held back.
            while self.stalled.load(SeqCst) && !cut() {
                thread::sleep(LOOK_EVERY);
            }
            if cut() {
                break;
            }
            let allowed = self.take(direction, count);
            if write_all(to, &chunk[..allowed], cut).is_err() {
                let _ = from.shutdown(Shutdown::Both);
                return;
            }
            self.passed[direction as usize].fetch_add(allowed as u64, SeqCst);
            if allowed < count {
                self.cuts.fetch_add(1, SeqCst);
            }
        }
        for socket in [from, to] {
            let _ = socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO));
        }
    }

    /// How many of `count` bytes may pass. Less than all ends the budget, so that the next connections are whole again.
    fn take(&self, direction: Direction, count: usize) -> usize {
        let budget = &self.budget[direction as usize];
        let left = budget.load(SeqCst);
        if left == UNLIMITED {
            return count;
        }
        let left = budget.fetch_sub(count as i64, SeqCst);
        if left >= count as i64 {
            return count;
        }
        budget.store(UNLIMITED, SeqCst);
        left.max(0) as usize
    }
}

/// As `Write::write_all`, but over a receiver that takes nothing for a while, and only until a cut.
fn write_all(to: &TcpStream, mut bytes: &[u8], cut: impl Fn() -> bool) -> std::io::Result<()> {
    let mut to = to;
    while !bytes.is_empty() && !cut() {
        match to.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(e)
                if matches!(
                    e.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
