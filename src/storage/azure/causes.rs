//! What an error of the client says, shortened to what is of use and holds no secret.

use std::error::Error as StdError;

/// The service's messages go on with request ids and times after their first line; and no line is shown longer.
const MAX_MESSAGE_CHARS: usize = 200;

/// The first line of a message, as part of one of ours: without a full stop.
pub(super) fn one_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or("").trim().trim_end_matches(['.', ':']);
    line.chars().take(MAX_MESSAGE_CHARS).collect()
}

/// What lies below the HTTP client's own error, whose text holds the URL.
pub(super) fn root_causes(error: &azure_core::Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut timed_out = false;
    let mut next = error.source();
    while let Some(cause) = next {
        match cause.downcast_ref::<reqwest::Error>() {
            Some(http) => timed_out |= http.is_timeout(),
            // The layer below it, which says nothing that the others do not.
            None if cause.to_string().starts_with("client error") => {}
            None => causes.push(one_line(&cause.to_string())),
        }
        next = cause.source();
    }
    // A cause often repeats the text of the one below it.
    causes.dedup_by(|below, above| above.contains(below.as_str()));
    match (causes.is_empty(), timed_out) {
        (_, true) => "timed out".to_owned(),
        (true, false) => "no answer".to_owned(),
        (false, false) => causes.join(": "),
    }
}

/// The library wraps its own errors; the innermost one knows what happened.
pub(super) fn innermost(error: &azure_core::Error) -> &azure_core::Error {
    let below = error
        .source()
        .and_then(|source| source.downcast_ref::<azure_core::Error>());
    below.map_or(error, innermost)
}
