//! The section `entra` of a storage account: who clp is to Entra ID.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret_source::SecretSource;

/// One identity. Which of its keys count depends on the method; what is missing comes from Azure's own variables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entra {
    pub method: EntraMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// The token that Kubernetes puts into the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Where tokens are asked for, in sovereign clouds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority_host: Option<String>,
}

/// How clp proves who it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntraMethod {
    /// An application with a secret of its own.
    #[default]
    ClientSecret,
    /// A pod's service account that the identity trusts.
    WorkloadIdentity,
    /// That of the virtual machine or App Service.
    ManagedIdentity,
    /// Whoever is logged in by `az login`.
    AzureCli,
}

impl EntraMethod {
    /// As it is written in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecret => "client-secret",
            Self::WorkloadIdentity => "workload-identity",
            Self::ManagedIdentity => "managed-identity",
            Self::AzureCli => "azure-cli",
        }
    }

    /// The keys that mean something to it.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::ClientSecret => &[
                "tenant_id",
                "client_id",
                "client_secret",
                "client_secret_file",
                "authority_host",
            ],
            Self::WorkloadIdentity => &["tenant_id", "client_id", "token_file", "authority_host"],
            Self::ManagedIdentity => &["client_id"],
            Self::AzureCli => &["tenant_id"],
        }
    }
}

impl Entra {
    /// The keys that are there and have no effect with the method.
    pub fn idle_keys(&self) -> Vec<&'static str> {
        let given = [
            ("tenant_id", self.tenant_id.is_some()),
            ("client_id", self.client_id.is_some()),
            ("client_secret", self.client_secret.is_some()),
            ("client_secret_file", self.client_secret_file.is_some()),
            ("token_file", self.token_file.is_some()),
            ("authority_host", self.authority_host.is_some()),
        ];
        let useful = self.method.keys();
        let idle = given.into_iter().filter(|(key, given)| *given && !useful.contains(key));
        idle.map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_other_methods_are_idle() {
        let entra: Entra =
            serde_yaml::from_str("{method: azure-cli, tenant_id: t, client_id: c, token_file: f}").unwrap();
        assert_eq!(entra.idle_keys(), ["client_id", "token_file"]);
        let default: Entra = serde_yaml::from_str("{client_secret: s, tenant_id: t, client_id: c}").unwrap();
        assert_eq!(default.method, EntraMethod::ClientSecret);
        assert_eq!(default.idle_keys(), Vec::<&str>::new());
        for method in [
            EntraMethod::ClientSecret,
            EntraMethod::WorkloadIdentity,
            EntraMethod::ManagedIdentity,
            EntraMethod::AzureCli,
        ] {
            assert_eq!(serde_yaml::to_value(method).unwrap(), method.name());
        }
    }
}
