//! Ctrl-C and SIGTERM: the first asks to stop, a second stops at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Cancels `token` at the first signal; at the second the process ends with 130. Until the returned handle is dropped.
pub fn cancel_on_signal(token: CancellationToken) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            tracing::warn!("signals can not be caught; stopping will be abrupt, and --resume goes on all the same");
            return std::future::pending().await;
        };
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        next().await;
        tracing::info!("stopping; again to stop at once");
        token.cancel();
        next().await;
        #[expect(
            clippy::disallowed_methods,
            reason = "asked for twice; whatever is not committed is sent again by the next run"
        )]
        std::process::exit(super::Exit::Interrupted as i32);
    }))
}
