//! One connection to one broker: opened, encrypted, authenticated; then requests in, answers out, in the same order.

use std::{
    collections::VecDeque,
    future::Future,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI32, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use kafka_protocol::{
    error::ResponseError,
    messages::{ApiVersionsRequest, SaslAuthenticateRequest, SaslHandshakeRequest},
    protocol::StrBytes,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream, lookup_host},
    sync::{Notify, mpsc, oneshot},
    time::timeout,
};

use super::{
    sasl::Sasl,
    settings::{AddressFamily, Link},
    tls::Tls,
    wire::{self, Ask, Malformed, Versions},
};

/// A session is renewed when so much of the time is over that the broker gives it.
const RENEW_AT: f64 = 0.8;

/// The connection is no more, and what happened to the request is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Lost(pub String);

impl From<Malformed> for Lost {
    fn from(error: Malformed) -> Self {
        Self(error.to_string())
    }
}

/// Why no connection came about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unconnected {
    #[error("{0}")]
    Lost(#[from] Lost),
    /// The broker does not let us in; no other try will do.
    #[error("{mechanism} authentication failed: {reason}")]
    Refused { mechanism: &'static str, reason: String },
}

/// Requests that wait for their answers, in the order in which they were sent.
#[derive(Default)]
struct Waiting {
    calls: VecDeque<(i32, oneshot::Sender<Result<Bytes, Lost>>)>,
    /// Why there will be no answers any more.
    lost: Option<Lost>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Wakes the connection's task to see that it is lost.
    ended: Notify,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all that wait, and all that come, that there will be no answer.
    fn end(&self, lost: &Lost) {
        let calls = {
            let mut waiting = self.waiting();
            waiting.lost.get_or_insert_with(|| lost.clone());
            std::mem::take(&mut waiting.calls)
        };
        for (_, answer) in calls {
            let _ = answer.send(Err(lost.clone()));
        }
        self.ended.notify_one();
    }
}

pub struct Connection {
    shared: Arc<Shared>,
    frames: mpsc::UnboundedSender<Bytes>,
    correlation: AtomicI32,
    client_id: StrBytes,
    request_timeout: Duration,
    pub versions: Versions,
    /// When the broker wants us to authenticate again, at the latest.
    renew_at: Mutex<Option<Instant>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.end(&Lost("the connection was closed".to_owned()));
    }
}

impl Connection {
    /// Connects to `host:port`, and to any of the addresses that the host has.
    ///
    /// # Errors
    /// See [`Unconnected`].
    pub async fn open(address: &str, link: &Link) -> Result<Self, Unconnected> {
        let setup = async {
            let stream = connect(address, link).await?;
            let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
            let host = host.trim_start_matches('[').trim_end_matches(']');
            match &link.tls {
                None => Self::introduce(stream, link).await,
                Some(tls) => Self::introduce(encrypt(stream, host, tls).await?, link).await,
            }
        };
        match timeout(link.setup_timeout, setup).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(Unconnected::Lost(Lost(reason)))) => Err(Lost(format!("{address}: {reason}")).into()),
            Ok(Err(refused)) => Err(refused),
            Err(_) => Err(Lost(format!(
                "{address}: no connection within {} s",
                link.setup_timeout.as_secs_f64()
            ))
            .into()),
        }
    }

    async fn introduce<S>(stream: S, link: &Link) -> Result<Self, Unconnected>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (frames, to_send) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::default());
        tokio::spawn(serve(stream, to_send, Arc::clone(&shared)));
        let mut connection = Self {
            shared,
            frames,
            correlation: AtomicI32::new(0),
            client_id: wire::text(&link.client_id),
            request_timeout: link.request_timeout,
            versions: Versions::default(),
            renew_at: Mutex::new(None),
        };
        connection.versions = connection.ask_versions().await?;
        connection.authenticate(link).await?;
        Ok(connection)
    }

    async fn ask_versions(&self) -> Result<Versions, Lost> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(wire::text("clp"))
            .with_client_software_version(wire::text(env!("CARGO_PKG_VERSION")));
        const NEWEST: i16 = ApiVersionsRequest::SPOKEN.1;
        // A broker that does not know this version answers in the oldest one.
        let frame = self.exchange(&request, NEWEST)?.await?;
        let unsupported = ResponseError::UnsupportedVersion.code().to_be_bytes();
        let answer = if frame.get(4..6) == Some(&unsupported[..]) {
            let frame = self.exchange(&ApiVersionsRequest::default(), 0)?.await?;
            wire::decode::<ApiVersionsRequest>(frame, 0)?
        } else {
            wire::decode::<ApiVersionsRequest>(frame, NEWEST)?
        };
        match ResponseError::try_from_code(answer.error_code) {
            None => Ok(Versions::of(&answer)),
            Some(error) => Err(Lost(format!("the broker does not say what it understands: {error}"))),
        }
    }

    /// Tells the broker who we are, if that is asked for; also again, before it ends the session, when no other request is
    /// on its way.
    ///
    /// # Errors
    /// See [`Unconnected`].
    pub async fn authenticate(&self, link: &Link) -> Result<(), Unconnected> {
        match &link.sasl {
            Some(sasl) => self.authenticate_by(sasl).await,
            None => Ok(()),
        }
    }

    async fn authenticate_by(&self, sasl: &Sasl) -> Result<(), Unconnected> {
        let mechanism = sasl.mechanism.name();
        // Whoever looks from now on need not begin it again.
        *self.renew_at() = None;
        let refuse = |reason: String| Unconnected::Refused { mechanism, reason };
        let handshake = SaslHandshakeRequest::default().with_mechanism(wire::text(mechanism));
        let answer = self.call(&handshake, 1)?.await?;
        if answer.error_code != 0 {
            let offered: Vec<&str> = answer.mechanisms.iter().map(StrBytes::as_str).collect();
            return Err(refuse(format!("the broker offers {} only", offered.join(", "))));
        }
        let (message, mut conversation) = sasl.begin().map_err(|error| refuse(error.to_string()))?;
        let mut message = Some(message);
        let version = self.versions.newest::<SaslAuthenticateRequest>(i16::MAX);
        let version = version.ok_or_else(|| Lost("the broker knows no SaslAuthenticate".to_owned()))?;
        while let Some(bytes) = message.take() {
            let request = SaslAuthenticateRequest::default().with_auth_bytes(bytes.into());
            let answer = self.call(&request, version)?.await?;
            if answer.error_code != 0 {
                let reason = answer.error_message.as_deref().unwrap_or("no reason is given");
                return Err(refuse(reason.to_owned()));
            }
            if answer.session_lifetime_ms > 0 {
                let lifetime = Duration::from_millis(answer.session_lifetime_ms.unsigned_abs());
                *self.renew_at() = Some(Instant::now() + lifetime.mul_f64(RENEW_AT));
            }
            let next = conversation.answer(&answer.auth_bytes);
            (message, conversation) = next.map_err(|error| refuse(error.to_string()))?;
        }
        if conversation.is_done() {
            Ok(())
        } else {
            Err(refuse("the broker ended the exchange early".to_owned()))
        }
    }

    fn renew_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.renew_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to authenticate again.
    pub fn must_renew(&self) -> bool {
        self.renew_at().is_some_and(|at| Instant::now() >= at)
    }

    pub fn is_lost(&self) -> bool {
        self.shared.waiting().lost.is_some()
    }

    /// Sends a request at once, in the order of the calls; what it gives waits for the answer. If that does not come in
    /// time, the whole connection is given up: what the broker makes of the requests on it is not known then.
    ///
    /// # Errors
    /// [`Lost`], also for a request that can not be put into this version.
    pub fn call<R: Ask>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<impl Future<Output = Result<R::Answer, Lost>> + Send + use<R>, Lost> {
        let answer = self.exchange(request, version)?;
        Ok(async move { Ok(wire::decode::<R>(answer.await?, version)?) })
    }

    fn exchange<R: Ask>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<impl Future<Output = Result<Bytes, Lost>> + Send + use<R>, Lost> {
        let correlation = self.correlation.fetch_add(1, Ordering::Relaxed);
        let frame = wire::encode(request, version, correlation, &self.client_id)?;
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = self.shared.waiting();
            if let Some(lost) = &waiting.lost {
                return Err(lost.clone());
            }
            waiting.calls.push_back((correlation, answer));
        }
        // If nobody takes it any more, the answer says so.
        let _ = self.frames.send(frame);
        let (shared, patience) = (Arc::clone(&self.shared), self.request_timeout);
        Ok(async move {
            let lost = match timeout(patience, answered).await {
                Ok(Ok(answer)) => return answer,
                Ok(Err(_)) => Lost("the connection was closed".to_owned()),
                Err(_) => Lost(format!("no answer to {:?} within {} s", R::KEY, patience.as_secs_f64())),
            };
            shared.end(&lost);
            Err(lost)
        })
    }
}

/// Connects to the first address of a host that answers.
async fn connect(address: &str, link: &Link) -> Result<TcpStream, Unconnected> {
    let lost = |reason: String| Unconnected::Lost(Lost(reason));
    let resolved = lookup_host(address).await;
    let resolved = resolved.map_err(|error| lost(format!("failed to resolve: {}", plain(&error))))?;
    let wanted = resolved.filter(|one| match link.address_family {
        AddressFamily::Any => true,
        AddressFamily::V4 => one.is_ipv4(),
        AddressFamily::V6 => one.is_ipv6(),
    });
    let mut last = lost("no address of the wanted family".to_owned());
    for one in wanted {
        match connect_to(one, link).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = lost(format!("Connect to {one} failed: {}", plain(&error))),
        }
    }
    Err(last)
}

async fn connect_to(address: SocketAddr, link: &Link) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_keepalive(link.keepalive)?;
    socket.set_nodelay(true)?;
    socket.connect(address).await
}

async fn encrypt(stream: TcpStream, host: &str, tls: &Tls) -> Result<tokio_openssl::SslStream<TcpStream>, Unconnected> {
    let failed = |reason: String| Unconnected::Lost(Lost(format!("SSL handshake failed: {reason}")));
    let configured = tls.connector.configure();
    let ssl = configured
        .and_then(|configured| configured.verify_hostname(tls.verifies_host).into_ssl(host))
        .map_err(|error| failed(error.to_string()))?;
    let mut stream = tokio_openssl::SslStream::new(ssl, stream).map_err(|error| failed(error.to_string()))?;
    if let Err(error) = std::pin::Pin::new(&mut stream).connect().await {
        let verified = stream.ssl().verify_result();
        return Err(failed(if verified == openssl::x509::X509VerifyResult::OK {
            error.to_string()
        } else {
            format!("the broker's certificate is not believed: {}", verified.error_string())
        }));
    }
    Ok(stream)
}

/// What the system says of a failure, without the number that Rust adds.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Writes what is to be sent and hands answers out, until one of both ends.
async fn serve<S>(stream: S, mut to_send: mpsc::UnboundedReceiver<Bytes>, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (mut reading, mut writing) = tokio::io::split(stream);
    let sends = async {
        while let Some(frame) = to_send.recv().await {
            writing.write_all(&frame).await?;
            if to_send.is_empty() {
                writing.flush().await?;
            }
        }
        Ok::<_, std::io::Error>(())
    };
    let receives = async {
        loop {
            let mut prefix = [0; 4];
            reading
                .read_exact(&mut prefix)
                .await
                .map_err(|error| Lost(of_reading(&error)))?;
            let mut frame = vec![0; wire::length(prefix)?];
            reading
                .read_exact(&mut frame)
                .await
                .map_err(|error| Lost(of_reading(&error)))?;
            let frame = Bytes::from(frame);
            let Some((expected, answer)) = shared.waiting().calls.pop_front() else {
                return Err(Lost("an answer to no request".to_owned()));
            };
            if wire::correlation(&frame) != expected {
                return Err(Lost("an answer to another request".to_owned()));
            }
            let _ = answer.send(Ok(frame));
        }
    };
    let lost: Lost = tokio::select! {
        sent = sends => match sent {
            Ok(()) => Lost("the connection was closed".to_owned()),
            Err(error) => Lost(format!("sending failed: {}", plain(&error))),
        },
        received = receives => {
            let never: Result<std::convert::Infallible, Lost> = received;
            match never {
                Ok(never) => match never {},
                Err(lost) => lost,
            }
        }
        () = shared.ended.notified() => Lost("the connection was closed".to_owned()),
    };
    shared.end(&lost);
}

fn of_reading(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        "the broker closed the connection".to_owned()
    } else {
        plain(error)
    }
}
