//! What can go wrong with OpenSearch, and what to try. No message holds a credential.

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address, with what is secret in it masked.
    #[error("`{url}` is no address of an OpenSearch: {reason}")]
    Address { url: String, reason: String },
    #[error("certificates of {file}: {reason}")]
    Certificates { file: String, reason: String },
    #[error("OpenSearch at {server} did not answer within {seconds} s: {reason}")]
    Unreachable {
        server: String,
        seconds: u64,
        reason: String,
    },
    #[error("OpenSearch at {server} refused {what}: {status} {reason}")]
    Refused {
        server: String,
        what: String,
        status: u16,
        reason: String,
    },
    #[error("{server} does not answer as an OpenSearch does: {reason}")]
    NoOpenSearch { server: String, reason: String },
}

impl Error {
    /// Whether what the user gave is wrong, and nothing was asked of a server.
    pub fn is_of_configuration(&self) -> bool {
        matches!(self, Self::Address { .. } | Self::Certificates { .. })
    }

    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Address { .. } => {
                "--url takes http://HOST:9200 or https://HOST:9200; the user goes to --user, the password to \
                 OPENSEARCH_PASSWORD or --password-file"
            }
            Self::Certificates { .. } => "--ca-file takes one or several certificates as PEM",
            Self::Unreachable { reason, .. } if reason.contains("certificate") => {
                "--ca-file FILE trusts the authority that signed the server's certificate"
            }
            Self::Unreachable { .. } => {
                "is --url right, and http or https as the server speaks it; --wait waits longer"
            }
            Self::Refused { status: 401, .. } => {
                "give --user, and the password in OPENSEARCH_PASSWORD or --password-file"
            }
            Self::Refused { status: 403, .. } => {
                "the user needs the cluster permissions cluster:admin/ingest/pipeline/{get,put} and \
                 indices:admin/index_template/{get,put}"
            }
            Self::Refused { .. } => return None,
            Self::NoOpenSearch { .. } => "is --url right, with the path of a proxy if there is one",
        };
        Some(hint.to_owned())
    }
}
