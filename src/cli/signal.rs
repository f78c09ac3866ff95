//! Ctrl-C and SIGTERM: they end the process with 130, or are told to a command that has something to bring to an end.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// How many are told of signals now.
static LISTENERS: AtomicUsize = AtomicUsize::new(0);

/// When one of them was last told.
static HEARD_AT: Mutex<Option<Instant>> = Mutex::new(None);
/// A listener may be at its end before the same signal reaches whoever ends the process otherwise.
const SAME_SIGNAL: Duration = Duration::from_secs(1);

/// To be called by a listener at a signal, before it does what it was told.
fn heard() {
    *HEARD_AT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
}

fn was_just_heard() -> bool {
    let heard_at = *HEARD_AT.lock().unwrap_or_else(PoisonError::into_inner);
    heard_at.is_some_and(|at| at.elapsed() < SAME_SIGNAL)
}

/// One who is told.
struct Listener;

impl Listener {
    fn new() -> Self {
        LISTENERS.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        LISTENERS.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Ends the process at a signal, unless somebody is told of it by [`cancel_on_signal`]. Until the returned handle is
/// dropped.
pub fn exit_on_signal() -> AbortOnDropHandle<()> {
    let signals = Signals::catch();
    AbortOnDropHandle::new(tokio::spawn(async move {
        let Some(mut signals) = signals else {
            return;
        };
        loop {
            signals.next().await;
            if LISTENERS.load(Ordering::SeqCst) == 0 && !was_just_heard() {
                exit();
            }
        }
    }))
}

/// Cancels `token` at the first signal; at the second the process ends with 130. Until the returned handle is dropped.
pub fn cancel_on_signal(token: CancellationToken) -> AbortOnDropHandle<()> {
    let (listener, signals) = (Listener::new(), Signals::catch());
    AbortOnDropHandle::new(tokio::spawn(async move {
        let _listener = listener;
        let Some(mut signals) = signals else {
            tracing::warn!("signals can not be caught; stopping will be abrupt, and --resume goes on all the same");
            return std::future::pending().await;
        };
        signals.next().await;
        heard();
        tracing::info!("stopping; again to stop at once");
        token.cancel();
        signals.next().await;
        exit();
    }))
}

/// Signals that end nothing but what waits for them: for who has a terminal to give back first.
pub struct CaughtSignals {
    signals: Option<Signals>,
    _listener: Listener,
}

/// Until the returned value is dropped.
pub fn catch_signals() -> CaughtSignals {
    CaughtSignals {
        _listener: Listener::new(),
        signals: Signals::catch(),
    }
}

impl CaughtSignals {
    /// The next signal.
    pub async fn next(&mut self) {
        match &mut self.signals {
            Some(signals) => signals.next().await,
            None => std::future::pending().await,
        }
        heard();
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// `None` where the system does not let them be caught: they end the process by themselves then.
    fn catch() -> Option<Self> {
        Some(Self {
            interrupt: signal(SignalKind::interrupt()).ok()?,
            terminate: signal(SignalKind::terminate()).ok()?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "asked for, and nothing is to be brought to an end; whatever is not committed is sent again by the next run"
)]
fn exit() -> ! {
    super::screen::leave();
    std::process::exit(super::Exit::Interrupted as i32)
}
