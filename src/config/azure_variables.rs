//! The variables that Azure's own programs read: an account's credential, and who clp is to Entra ID.

use serde_yaml::Value;

use super::{
    accounts::{Account, CREDENTIAL_KEYS, ENTRA, is_placeholder},
    document::scalar_text,
    entra::{Entra, EntraMethod},
    environment::Environment,
    layers::Layers,
    path::KeyPath,
    problem::Place,
};
use crate::secret::Secret;

/// The credentials of an account, in the order in which Azure's tools prefer them.
const CREDENTIALS: [(&str, &str); 3] = [
    ("AZURE_STORAGE_CONNECTION_STRING", "connection_string"),
    ("AZURE_STORAGE_KEY", "access_key"),
    ("AZURE_STORAGE_SAS_TOKEN", "sas_token"),
];
const ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT";

const TENANT: (&str, &str) = ("AZURE_TENANT_ID", "tenant_id");
const CLIENT: (&str, &str) = ("AZURE_CLIENT_ID", "client_id");
const CLIENT_SECRET: (&str, &str) = ("AZURE_CLIENT_SECRET", "client_secret");
const TOKEN_FILE: (&str, &str) = ("AZURE_FEDERATED_TOKEN_FILE", "token_file");
const AUTHORITY: (&str, &str) = ("AZURE_AUTHORITY_HOST", "authority_host");

/// What the variables give to an account that has no credential.
enum Given {
    Secret { variable: &'static str, key: &'static str },
    Identity(EntraMethod),
}

fn given(environment: &Environment) -> Option<Given> {
    let is_set = |variable: &str| environment.get(variable).is_some();
    if let Some((variable, key)) = CREDENTIALS.into_iter().find(|(variable, _)| is_set(variable)) {
        return Some(Given::Secret { variable, key });
    }
    if !is_set(TENANT.0) || !is_set(CLIENT.0) {
        return None;
    }
    let methods = [
        (CLIENT_SECRET.0, EntraMethod::ClientSecret),
        (TOKEN_FILE.0, EntraMethod::WorkloadIdentity),
    ];
    let mut methods = methods.into_iter().filter(|(variable, _)| is_set(variable));
    methods.next().map(|(_, method)| Given::Identity(method))
}

/// The account that the variables describe; environments that the files do not know use it.
pub fn account(environment: &Environment) -> Option<Account> {
    let text = |(variable, _): (&str, &str)| environment.get(variable).map(str::to_owned);
    let mut account = Account {
        account_name: environment.get(ACCOUNT).map(str::to_owned),
        ..Account::default()
    };
    match given(environment)? {
        Given::Secret { variable, key } => {
            let secret = environment.get(variable).map(|secret| Secret::new(secret).into());
            match key {
                "connection_string" => account.connection_string = secret,
                "access_key" => account.access_key = secret,
                _ => account.sas_token = secret,
            }
        }
        // An identity opens many accounts, so the variables must say which one is meant.
        Given::Identity(method) => {
            account.account_name.as_ref()?;
            let workload = method == EntraMethod::WorkloadIdentity;
            account.entra = Some(Entra {
                method,
                tenant_id: text(TENANT),
                client_id: text(CLIENT),
                client_secret: text(CLIENT_SECRET)
                    .filter(|_| !workload)
                    .map(|secret| Secret::new(secret).into()),
                token_file: text(TOKEN_FILE).filter(|_| workload).map(Into::into),
                authority_host: text(AUTHORITY),
                ..Entra::default()
            });
        }
    }
    Some(account)
}

/// Gives them to the environments without a credential of their own, but never to an account of another name; and fills
/// what the identities of the file leave open.
pub fn apply(environment: &Environment, layers: &mut Layers) {
    for account in layers.accounts() {
        if let Some(given) = given(environment) {
            give(&given, &account, environment, layers);
        }
        complete(&account.key(ENTRA), environment, layers);
    }
}

fn give(given: &Given, account: &KeyPath, environment: &Environment, layers: &mut Layers) {
    let named = environment.get(ACCOUNT);
    let section = account.find(&layers.merged).and_then(Value::as_mapping);
    // A template that is not filled in says nothing yet.
    let is_real = |value: &Value| !value.is_null() && !scalar_text(value).is_some_and(|text| is_placeholder(&text));
    let has = |key: &str| section.is_some_and(|section| section.get(key).is_some_and(is_real));
    let name = section
        .and_then(|section| section.get("account_name"))
        .filter(|name| is_real(name))
        .and_then(Value::as_str);
    let other = named.is_some() && name.is_some() && name != named;
    // With an endpoint and nothing else a container is public; who wants an identity there says so.
    let public = matches!(given, Given::Identity(_)) && has("endpoint");
    if has("directory") || CREDENTIAL_KEYS.into_iter().any(has) || other || public {
        return;
    }
    let unnamed = name.is_none();
    for placeholder in CREDENTIAL_KEYS {
        account.key(placeholder).remove(&mut layers.merged);
    }
    if let Some(name) = named.filter(|_| unnamed) {
        let place = Place::Variable(ACCOUNT.to_owned());
        layers.set(&account.key("account_name"), name.into(), place);
    }
    match given {
        Given::Secret { variable, key } => {
            let value = environment.get(variable).unwrap_or_default();
            layers.set(
                &account.key(*key),
                value.into(),
                Place::Variable((*variable).to_owned()),
            );
        }
        Given::Identity(method) => {
            let place = Place::Variable(CLIENT.0.to_owned());
            layers.set(&account.key(ENTRA).key("method"), method.name().into(), place);
        }
    }
}

/// Fills what an identity leaves open. The managed identity and the Azure CLI know for themselves who they are.
fn complete(entra: &KeyPath, environment: &Environment, layers: &mut Layers) {
    let Some(section) = entra.find(&layers.merged).and_then(Value::as_mapping) else {
        return;
    };
    let has = |key: &str| section.get(key).is_some_and(|value| !value.is_null());
    let keys = match section.get("method").and_then(Value::as_str) {
        None | Some("client-secret") if has("client_secret_file") => [TENANT, CLIENT, AUTHORITY].as_slice(),
        None | Some("client-secret") => &[TENANT, CLIENT, CLIENT_SECRET, AUTHORITY],
        Some("workload-identity") => &[TENANT, CLIENT, TOKEN_FILE, AUTHORITY],
        Some(_) => return,
    };
    let open: Vec<_> = keys.iter().filter(|(_, key)| !has(key)).collect();
    for (variable, key) in open {
        if let Some(value) = environment.get(variable) {
            let place = Place::Variable((*variable).to_owned());
            layers.fill(&entra.key(*key), value.into(), place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn azure_variables_make_an_account() {
        let account = |variables: &[(&str, &str)]| account(&Environment::new(variables.iter().copied(), "."));
        assert_eq!(account(&[("AZURE_STORAGE_ACCOUNT", "a")]), None);
        let both = account(&[("AZURE_STORAGE_KEY", "k"), ("AZURE_STORAGE_CONNECTION_STRING", "c")]).unwrap();
        assert_eq!(both.connection_string, Some(Secret::new("c").into()));
        assert_eq!(both.access_key, None);
        let identity = [
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_CLIENT_SECRET", "s"),
        ];
        assert_eq!(account(&identity), None, "an identity names no account");
        let named = [identity.as_slice(), &[("AZURE_STORAGE_ACCOUNT", "a")]].concat();
        let entra = account(&named).unwrap().entra.unwrap();
        assert_eq!(entra.method, EntraMethod::ClientSecret);
        assert_eq!(entra.client_secret, Some(Secret::new("s").into()));
    }
}
