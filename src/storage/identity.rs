//! Who clp is to Entra ID.

use std::path::PathBuf;

use crate::secret::Secret;

/// An identity of Entra ID, and how clp proves to be it. `Debug` shows as little of a secret as [`Secret`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// An application with a secret.
    ClientSecret {
        tenant_id: String,
        client_id: String,
        secret: Secret,
        /// Where tokens are asked for, such as `https://login.microsoftonline.com`; https only.
        authority: String,
    },
    /// A pod's service account, by the token that Kubernetes keeps in a file.
    Workload {
        tenant_id: String,
        client_id: String,
        token_file: PathBuf,
        authority: String,
    },
    /// That of the machine: the system-assigned one, or the user-assigned one with this client id.
    Managed { client_id: Option<String> },
    /// Whoever is logged in by `az login`, in this tenant if there is one.
    AzureCli { tenant_id: Option<String> },
}

/// Where the public cloud's tokens are asked for.
pub const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com";

impl Identity {
    /// For messages.
    pub fn describe(&self) -> String {
        match self {
            Self::ClientSecret { client_id, .. } => format!("application {client_id} (client secret)"),
            Self::Workload { client_id, .. } => format!("workload identity {client_id}"),
            Self::Managed { client_id: Some(id) } => format!("managed identity {id}"),
            Self::Managed { client_id: None } => "the system-assigned managed identity".to_owned(),
            Self::AzureCli { .. } => "the login of the Azure CLI".to_owned(),
        }
    }
}
