//! Several environments: one that fails, and names that do not say which is meant.

use crate::support::blobs::Blobs;
use crate::support::clp::Clp;
use crate::support::gz::blob_name;
use crate::support::services::azurite;

#[test]
fn one_environment_with_a_wrong_key_does_not_hide_the_others() {
    let blobs = Blobs::new();
    for pod in ["api-0", "api-1"] {
        blobs.append(&blob_name("20250606", pod, "platform"), b"x");
    }
    let clp = Clp::bare().storage(blobs.container(), &azurite().endpoint());
    let endpoint = azurite().endpoint();
    const KEY: &str = "d3Jvbmcga2V5LCBhYnNvbHV0ZWx5IHdyb25n";
    let clp = clp
        .environment("cp2", "D1", blobs.container(), &endpoint)
        .environment("cp3", "S1", blobs.container(), &endpoint)
        .set("subscriptions.cp2.environments.D1.storage_account.access_key", KEY);
    let outcome = clp.run(["list-blobs", "--format", "json"]).expect_code(7);
    let environments: Vec<String> = outcome
        .json_lines()
        .iter()
        .map(|row| {
            format!(
                "{}/{}",
                row["subscription"].as_str().unwrap(),
                row["environment"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(environments, ["cp2/P1", "cp2/P1", "cp3/S1", "cp3/S1"]);
    let errors: Vec<&str> = outcome
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect();
    assert_eq!(errors.len(), 2, "{}", outcome.stderr);
    assert!(errors[0].contains(blobs.container()), "{}", errors[0]);
    assert_eq!(errors[1], "error: 1 of 3 environments failed");
    assert!(outcome.stderr.contains("4 blobs, ") && outcome.stderr.contains(" in 2 environments\n"));
    assert!(!outcome.stderr.contains(KEY));
    // Alone, it fails as what it is.
    clp.run(["list-blobs", "--env", "D1"]).expect_code(5);
}

#[test]
fn an_environment_that_is_not_meant_is_told_with_those_there_are() {
    let endpoint = azurite().endpoint();
    let clp = ["P1", "D1"].into_iter().fold(Clp::bare(), |clp, environment| {
        clp.environment("cp2", environment, "none", &endpoint)
    });
    let clp = clp.environment("cp3", "P1", "none", &endpoint);
    let told = |args: &[&str]| {
        let all = ["list-blobs"].into_iter().chain(args.iter().copied());
        clp.run(all).expect_code(3).stderr
    };
    for (args, said) in [
        (&["--env", "X9"][..], "no environment `X9` in the configuration"),
        (&["--env", "P1"], "environment `P1` is in several subscriptions"),
        (&["--env", "cp2/X9"], "no environment `cp2/X9` in the configuration"),
        (&["--env", "cp9/P1"], "no subscription `cp9` in the configuration"),
        (&["--env", "cp2/P1", "--subscription", "cp3"], "contradict each other"),
        (&["--subscription", "cp9"], "no subscription `cp9` in the configuration"),
    ] {
        let stderr = told(args);
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    }
    assert!(told(&["--env", "X9"]).contains("there are `cp2/D1`, `cp2/P1` and `cp3/P1`"));
    assert!(told(&["--env", "P1"]).contains("there are `cp2/P1` and `cp3/P1`"));
    let nothing = Clp::bare().run(["list-blobs"]).expect_code(3).stderr;
    assert!(
        nothing.contains("no environment is configured") && nothing.contains("clp setup-config"),
        "{nothing}"
    );
}
