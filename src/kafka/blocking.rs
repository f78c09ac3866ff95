//! The one door between async code and librdkafka's blocking calls.

use std::time::Duration;

use super::Error;

/// Runs a call that may block on a thread made for that, never on tokio's async threads.
///
/// # Errors
/// Those of `call`. A panic in it goes on in the caller.
pub async fn blocking<T, E>(call: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => result,
        Err(join) => match join.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Cancelled.into()),
        },
    }
}

/// Lets some time pass between two looks at a condition, on a thread that may block.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place in this room that sleeps; librdkafka has nothing to wait on for what is waited for here"
)]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
