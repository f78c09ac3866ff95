//! The way to token endpoints: refusals are put into the form that the library can read.
//!
//! It reads an `error_description` only where it stands in the JSON as it is, without any escape, as a line end is one;
//! and an answer of another form, such as a proxy's page, it takes for a token that is broken. In both cases nobody would
//! hear what was answered.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use serde_json::{Value, json};

use super::causes::one_line;

#[derive(Debug)]
pub(super) struct TokenClient(pub Arc<dyn HttpClient>);

#[async_trait]
impl HttpClient for TokenClient {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let response = self.0.execute_request(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers, body) = response.try_into_raw_response().await?.deconstruct();
        Ok(AsyncRawResponse::from_bytes(status, headers, readable(&body)))
    }
}

/// The description's first line and the codes, and nothing else of an answer.
fn readable(body: &[u8]) -> Vec<u8> {
    let refusal: Value = serde_json::from_slice(body).unwrap_or_default();
    let description = refusal["error_description"].as_str().unwrap_or_default();
    let plain = one_line(description).replace('\\', "/").replace('"', "'");
    let codes: Vec<i64> = refusal["error_codes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_i64)
        .collect();
    let readable = json!({
        "error_description": plain.replace(char::is_control, " "),
        "error_codes": codes,
    });
    readable.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_become_readable_whatever_they_are() {
        for (body, expected) in [
            (
                r#"{"error":"invalid_client","error_description":"AADSTS7000215: \"x\\y\"\tis wrong.\r\nTrace ID: 1","error_codes":[7000215]}"#,
                r#"{"error_codes":[7000215],"error_description":"AADSTS7000215: 'x/y' is wrong"}"#,
            ),
            ("<html>proxy</html>", r#"{"error_codes":[],"error_description":""}"#),
            ("", r#"{"error_codes":[],"error_description":""}"#),
            (
                r#"{"error_description":17}"#,
                r#"{"error_codes":[],"error_description":""}"#,
            ),
        ] {
            assert_eq!(
                String::from_utf8(readable(body.as_bytes())).unwrap(),
                expected,
                "{body}"
            );
        }
    }
}
