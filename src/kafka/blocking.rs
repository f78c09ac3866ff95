//! The one door between async code and librdkafka's blocking calls.

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
