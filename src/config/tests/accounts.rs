//! Which environment is meant, and what opens its storage.

use super::*;
use crate::config::AccountAccess;
use crate::secret::Secret;

const TWO: &str = "subscriptions:
  a: {environments: {P1: {}, D1: {}}}
  b: {environments: {P1: {}, S1: {}}}
";

#[test]
fn environments_are_found_by_one_name_or_two() {
    let config = Machine::with(TWO).config();
    let found = |environment: &str, subscription| match config.find_environment(environment, subscription) {
        Ok(id) => id.to_string(),
        Err(error) => format!("{error} | {}", error.hint().unwrap_or_default()),
    };
    for (environment, subscription, wanted) in [
        ("D1", None, "a/D1"),
        ("a/P1", None, "a/P1"),
        ("P1", Some("b"), "b/P1"),
        ("a/P1", Some("a"), "a/P1"),
        (
            "P1",
            None,
            "environment `P1` is in several subscriptions\n  there are `a/P1` and `b/P1` | name the subscription too, \
             such as `a/P1`",
        ),
        (
            "P2",
            None,
            "no environment `P2` in the configuration\n  there are `a/D1`, `a/P1`, `b/P1` and `b/S1` | did you mean \
             `P1`?",
        ),
        (
            "S1",
            Some("a"),
            "no environment `a/S1` in the configuration\n  there are `a/D1`, `a/P1`, `b/P1` and `b/S1` | did you mean \
             `b/S1`?",
        ),
        (
            "P1",
            Some("c"),
            "no subscription `c` in the configuration\n  there are `a` and `b` | ",
        ),
        (
            "a/P1",
            Some("b"),
            "environment `a/P1` and subscription `b` contradict each other | leave the subscription out, `a/P1` names \
             it",
        ),
    ] {
        assert_eq!(
            found(environment, subscription),
            wanted,
            "{environment} {subscription:?}"
        );
    }
    let nothing = Machine::new().config().find_environment("P1", None).unwrap_err();
    assert!(nothing.hint().unwrap().contains("clp setup-config"), "{nothing}");
}

#[test]
fn accounts_open_with_what_they_have() {
    let machine = Machine::new();
    let secret = machine.write("secret", "c2VjcmV0c2VjcmV0\n");
    let empty = machine.write("empty", "\n");
    let wrong = machine.write("wrong", "hunter2!\n");
    let yaml =
        |account: &str| format!("subscriptions: {{s: {{environments: {{e: {{storage_account: {{{account}}}}}}}}}}}");
    let opened = |account: &str| {
        let file = machine.write("c.yaml", &yaml(account));
        let config = machine.load_file(&file).unwrap().config;
        config
            .storage_account("s", "e")
            .map(|account| (account.account_name, account.access))
    };
    let secret_file = format!("account_name: n, access_key_file: {}", secret.display());
    let connection = "DefaultEndpointsProtocol=https;AccountName=n;AccountKey=a2V5;EndpointSuffix=core.windows.net";
    let emulator = "BlobEndpoint=http://127.0.0.1:10000/x;SharedAccessSignature=sv=1";
    for (account, name, access) in [
        (
            "account_name: n, access_key: a2V5a2V5",
            "n",
            AccountAccess::AccessKey(Secret::new("a2V5a2V5")),
        ),
        (
            &*secret_file,
            "n",
            AccountAccess::AccessKey(Secret::new("c2VjcmV0c2VjcmV0")),
        ),
        (
            "account_name: n, sas_token: '?sv=1'",
            "n",
            AccountAccess::SasToken(Secret::new("?sv=1")),
        ),
        (
            &format!("connection_string: '{connection}'"),
            "n",
            AccountAccess::ConnectionString(Secret::new(connection)),
        ),
        (
            &format!("connection_string: '{emulator}'"),
            "",
            AccountAccess::ConnectionString(Secret::new(emulator)),
        ),
        ("directory: /blobs", "", AccountAccess::Anonymous),
        (
            "account_name: n, endpoint: 'http://localhost:1/n'",
            "n",
            AccountAccess::Anonymous,
        ),
    ] {
        assert_eq!(opened(account).unwrap(), (name.to_owned(), access), "{account}");
    }
    for (account, reason) in [
        ("account_name: n", "has no credential"),
        ("access_key: a2V5a2V5", "no `account_name`"),
        (
            "account_name: n, access_key: your_access_key_here",
            "`access_key` still holds a placeholder",
        ),
        (
            "account_name: n, access_key: hunter2!",
            "`access_key` is not base64, as account keys are",
        ),
        (
            &format!("account_name: n, access_key_file: {}", wrong.display()),
            &format!("`access_key_file` {} is not base64", wrong.display()),
        ),
        (
            "account_name: n, access_key_file: /nowhere/key",
            "cannot read `access_key_file` /nowhere/key",
        ),
        (
            &format!("account_name: n, sas_token_file: {}", empty.display()),
            "is empty",
        ),
        ("connection_string: what", "names neither `AccountName` nor"),
    ] {
        let error = opened(account).unwrap_err();
        assert!(error.to_string().contains(reason), "{account}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.hint().is_some(), "{account}");
    }
}

#[test]
fn services_are_added_and_scanned() {
    let yaml = "selectors: [{name: solr, pod_prefix: solr-}]\nsubscriptions: {s: {environments: {e: {}}}}";
    let config = Machine::with(yaml).config();
    let targets = config.monitored();
    assert!(targets[0].selectors.iter().any(|selector| selector.name == "solr"));
}
