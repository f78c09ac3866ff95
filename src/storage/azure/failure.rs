//! What an answer of the storage service, or none, means.

use std::error::Error as StdError;
use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::headers::{ERROR_CODE, HeaderName, Headers, X_MS_RETRY_AFTER_MS};
use azure_core::http::{RawResponse, StatusCode};
use azure_core::time::{OffsetDateTime, parse_rfc7231};
use serde::Deserialize;

use super::causes::{one_line, root_causes};
use super::token_failure::TokenFailure;
use crate::storage::error::{Error, Kind, NOT_IN_TIME_FRAME};

const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

/// The error body of the blob service.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Body {
    code: Option<String>,
    message: Option<String>,
    authentication_error_detail: Option<String>,
}

/// What was asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The blob or container.
    pub thing: &'a str,
    /// What a 404 that says nothing more means.
    pub missing: Kind,
}

/// Turns the client's error into ours.
///
/// The client's own text is not used: it may hold the URL, and so a SAS token.
pub(super) fn classify(error: &azure_core::Error, asked: Asked) -> Error {
    let failed = |kind, reason| Error::new(kind, asked.thing, reason);
    match error.kind() {
        ErrorKind::HttpResponse {
            status, raw_response, ..
        } => refused(*status, raw_response.as_deref(), asked),
        ErrorKind::Connection => failed(Kind::Unreachable, format!("cannot connect: {}", root_causes(error))),
        ErrorKind::Io => failed(
            Kind::Unavailable,
            format!("the connection broke off: {}", root_causes(error)),
        ),
        ErrorKind::Credential => match source::<TokenFailure>(error) {
            Some(token) => failed(token.kind, token.reason.clone()).with_hint(token.hint),
            None => failed(Kind::Unauthorized, "there is no token".to_owned()),
        },
        ErrorKind::DataConversion => failed(Kind::Rejected, "the answer is not one of a blob service".to_owned()),
        _ => failed(Kind::Rejected, format!("the request failed: {}", root_causes(error))),
    }
}

/// The first cause of this type.
fn source<T: StdError + 'static>(error: &azure_core::Error) -> Option<&T> {
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.find_map(|cause| cause.downcast_ref())
}

fn refused(status: StatusCode, response: Option<&RawResponse>, asked: Asked) -> Error {
    let header = response.and_then(|response| response.headers().get_optional_string(&ERROR_CODE));
    let body = response.map(|response| body(response.body())).unwrap_or_default();
    let code = header.or(body.code);
    let kind = match kind(status, code.as_deref()) {
        Kind::BlobNotFound if code.is_none() => asked.missing,
        kind => kind,
    };

    let mut reason = u16::from(status).to_string();
    reason = match &code {
        Some(code) => format!("{reason} {code}"),
        None => format!("{reason} {}", status.canonical_reason()),
    };
    let outdated = body
        .authentication_error_detail
        .filter(|detail| detail.starts_with(NOT_IN_TIME_FRAME));
    if let Some(message) = outdated.or(body.message) {
        reason = format!("{reason}: {}", one_line(&message));
    }
    let retry_after = response.and_then(|response| retry_after(response.headers(), OffsetDateTime::now_utc()));
    Error::new(kind, asked.thing, reason)
        .with_code(code)
        .with_retry_after(retry_after)
}

fn kind(status: StatusCode, code: Option<&str>) -> Kind {
    match (u16::from(status), code) {
        // 409 while a container is being deleted: for a reader it is gone.
        (_, Some("ContainerNotFound" | "ContainerBeingDeleted")) => Kind::ContainerNotFound,
        (_, Some("BlobNotFound")) => Kind::BlobNotFound,
        (_, Some("ServerBusy")) => Kind::Throttled,
        // 409 as well, though what is missing is a credential.
        (_, Some("PublicAccessNotPermitted")) => Kind::Unauthorized,
        (401, _) => Kind::Unauthorized,
        (403, _) => Kind::Forbidden,
        (404, None) => Kind::BlobNotFound,
        (409 | 412, _) => Kind::Changed,
        (429, _) => Kind::Throttled,
        (408 | 500 | 502 | 503 | 504, _) => Kind::Unavailable,
        _ => Kind::Rejected,
    }
}

fn body(xml: &[u8]) -> Body {
    azure_core::xml::from_xml(xml).unwrap_or_default()
}

/// The pause that the server asks for: seconds, or a date, or milliseconds in Azure's own header.
fn retry_after(headers: &Headers, now: OffsetDateTime) -> Option<Duration> {
    if let Some(millis) = headers.get_optional_str(&X_MS_RETRY_AFTER_MS) {
        return millis.trim().parse().ok().map(Duration::from_millis);
    }
    let value = headers.get_optional_str(&RETRY_AFTER)?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = parse_rfc7231(value).ok()?;
    Some(Duration::try_from(date - now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> azure_core::Error {
        let mut all = Headers::new();
        for (name, value) in headers {
            all.insert(*name, *value);
        }
        let status = StatusCode::from(status);
        let raw = RawResponse::from_bytes(status, all, body.as_bytes());
        let kind = ErrorKind::HttpResponse {
            status,
            error_code: None,
            raw_response: Some(Box::new(raw)),
        };
        azure_core::Error::with_message(kind, "https://h/?sig=hunter2")
    }

    #[test]
    fn answers_are_told_apart() {
        let table = [
            (400, Some("InvalidQueryParameterValue"), Kind::Rejected),
            (401, Some("NoAuthenticationInformation"), Kind::Unauthorized),
            (401, None, Kind::Unauthorized),
            (403, Some("AuthenticationFailed"), Kind::Forbidden),
            (404, Some("BlobNotFound"), Kind::BlobNotFound),
            (404, Some("ContainerNotFound"), Kind::ContainerNotFound),
            (404, Some("ResourceNotFound"), Kind::Rejected),
            (404, None, Kind::BlobNotFound),
            (408, None, Kind::Unavailable),
            (409, Some("PublicAccessNotPermitted"), Kind::Unauthorized),
            (409, Some("ContainerBeingDeleted"), Kind::ContainerNotFound),
            (409, Some("LeaseLost"), Kind::Changed),
            (412, Some("ConditionNotMet"), Kind::Changed),
            (429, None, Kind::Throttled),
            (500, Some("InternalError"), Kind::Unavailable),
            (501, None, Kind::Rejected),
            (502, None, Kind::Unavailable),
            (503, Some("ServerBusy"), Kind::Throttled),
            (503, None, Kind::Unavailable),
            (504, None, Kind::Unavailable),
        ];
        for (status, code, expected) in table {
            assert_eq!(kind(StatusCode::from(status), code), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn reasons_are_short_and_hold_no_url() {
        let body = "<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code><Message>Server failed to \
                    authenticate the request.\nRequestId:1\nTime:2</Message></Error>";
        let late = "<Error><Code>AuthenticationFailed</Code><Message>No.</Message><AuthenticationErrorDetail>Signature \
                    not valid in the specified time frame: Expiry [1] - Current [2]</AuthenticationErrorDetail></Error>";
        let table = [
            (
                response(403, &[], body),
                "b: 403 AuthenticationFailed: Server failed to authenticate the request",
            ),
            (
                response(403, &[], late),
                "b: 403 AuthenticationFailed: Signature not valid in the specified time frame: Expiry [1] - Current [2]",
            ),
            (
                response(404, &[("x-ms-error-code", "BlobNotFound")], ""),
                "b: 404 BlobNotFound",
            ),
            (response(502, &[], "<html>nginx</html>"), "b: 502 Bad Gateway"),
        ];
        for (error, expected) in table {
            let asked = Asked {
                thing: "b",
                missing: Kind::BlobNotFound,
            };
            assert_eq!(classify(&error, asked).to_string(), expected);
        }
    }

    #[test]
    fn the_pause_the_server_wants_is_read() {
        let now = parse_rfc7231("Fri, 06 Jun 2025 10:00:00 GMT").unwrap();
        let table = [
            ("retry-after", "3", Some(3000)),
            ("retry-after", "Fri, 06 Jun 2025 10:00:05 GMT", Some(5000)),
            ("retry-after", "Fri, 06 Jun 2025 09:00:00 GMT", Some(0)),
            ("retry-after", "soon", None),
            ("x-ms-retry-after-ms", "40", Some(40)),
            ("x-other", "3", None),
        ];
        for (name, value, expected) in table {
            let mut headers = Headers::new();
            headers.insert(name, value);
            assert_eq!(
                retry_after(&headers, now),
                expected.map(Duration::from_millis),
                "{name}: {value}"
            );
        }
    }
}
