//! What clp is deployed by, looked at by the programs that read it, and held against clp itself.

use std::process::Command;
use std::time::Duration;

use serde_yaml::Value;

use crate::support::clp::Clp;
use crate::support::services::kafka;
use crate::support::tools::{Tool, files, repository, text_of};
use crate::support::topics::Topics;

const BY_MAKE: &str = "`make services` installs it";
const SERVICES: [&str; 3] = ["monitor", "worker", "extract"];
const SOON: Duration = Duration::from_secs(20);

/// The documents of a YAML text.
fn documents(text: &str) -> Vec<Value> {
    use serde::Deserialize;
    serde_yaml::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).unwrap_or_else(|e| panic!("{e}\n{text}")))
        .collect()
}

fn yaml(file: &str) -> Value {
    serde_yaml::from_str(&text_of(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

fn words(list: &Value) -> Vec<String> {
    let words = list.as_sequence().unwrap_or_else(|| panic!("no list: {list:?}"));
    words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[test]
fn yaml_is_well_formed_and_tidy() {
    if let Some(yamllint) = Tool::find("yamllint", BY_MAKE) {
        yamllint
            .run(["--strict", "docker-compose.yml", "deployments"])
            .success();
    }
}

#[test]
fn compose_files_are_of_the_compose_specification() {
    if let Some(check) = Tool::find("check-jsonschema", BY_MAKE) {
        let args = ["--builtin-schema", "vendor.compose-spec", "docker-compose.yml"];
        check
            .run(args.into_iter().chain(["deployments/opensearch/docker-compose.yml"]))
            .success();
    }
}

#[test]
fn the_image_is_built_of_what_is_there_and_runs_without_rights() {
    if let Some(hadolint) = Tool::find("hadolint", BY_MAKE) {
        hadolint.run(["--failure-threshold", "style", "Dockerfile"]).success();
    }
    let dockerfile = text_of("Dockerfile").replace("\\\n", " ");
    let instructions: Vec<(&str, Vec<&str>)> = dockerfile
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .map(|(instruction, rest)| (instruction, rest.split_whitespace().collect()))
        .collect();
    let of = |wanted: &'static str| {
        instructions
            .iter()
            .filter(move |(name, _)| *name == wanted)
            .map(|(_, words)| words)
    };
    assert_eq!(of("FROM").count(), 2);
    let user = of("USER").next_back().expect("a user")[0];
    assert!(
        user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)),
        "{user}"
    );
    let health = of("HEALTHCHECK").next_back().expect("a health check").join(" ");
    assert!(health.ends_with(r#"CMD ["/usr/local/bin/clp", "health"]"#), "{health}");

    let copied: Vec<&str> = of("COPY")
        .filter(|words| !words[0].starts_with("--"))
        .flat_map(|words| &words[..words.len() - 1])
        .copied()
        .collect();
    let admitted = text_of(".dockerignore");
    for path in &copied {
        assert!(repository().join(path).exists(), "{path}");
        let top = path.split('/').next().unwrap();
        assert!(
            admitted.lines().any(|line| line == format!("!{top}")),
            "{path} is not sent to the engine"
        );
    }
    // What is compiled into the program, also from outside of src.
    for file in files("src", ".rs") {
        let directory = repository().join(&file).parent().unwrap().to_owned();
        for rest in text_of(&file).split("include_str!(\"").skip(1) {
            let included = rest.split('"').next().unwrap();
            let path = directory.join(included).canonicalize().unwrap();
            assert!(
                copied.iter().any(|copy| path.starts_with(repository().join(copy))),
                "{file} includes {included}"
            );
        }
    }
    let rust = text_of("Cargo.toml");
    let (_, version) = rust.split_once("rust-version = \"").unwrap();
    let version = version.split('"').next().unwrap();
    assert!(
        of("FROM").next().unwrap()[0].starts_with(&format!("rust:{version}")),
        "the compiler of Cargo.toml"
    );
}

/// The manifests, as `kubectl apply --kustomize` would send them.
fn manifests(directory: &str) -> Option<String> {
    let kubectl = Tool::find("kubectl", "it is part of Kubernetes")?;
    Some(kubectl.run(["kustomize", directory]).success().text())
}

#[test]
fn manifests_are_of_kubernetes_schemas() {
    const DIRECTORY: &str = "deployments/kubernetes";
    let validate = Tool::find("kubernetes-validate", BY_MAKE);
    // The example has the one way to scale; the other takes its place.
    let other = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .args(["-R", DIRECTORY])
        .arg(other.path())
        .current_dir(repository())
        .status();
    assert!(copied.unwrap().success());
    let example = other.path().join("kubernetes/overlays/example");
    let kustomization = std::fs::read_to_string(example.join("kustomization.yaml")).unwrap();
    let kustomization = kustomization.replace("components/keda", "components/hpa");
    std::fs::write(example.join("kustomization.yaml"), kustomization).unwrap();

    let variants = ["base", "overlays/example"].map(|variant| repository().join(DIRECTORY).join(variant));
    for directory in variants.into_iter().chain([example]) {
        let Some(text) = manifests(directory.to_str().unwrap()) else {
            return;
        };
        let Some(validate) = &validate else { return };
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let path = file.path().to_str().unwrap();
        let told = validate
            .run(["--strict", "--kubernetes-version", "1.32", path])
            .success();
        // It only warns of kinds that it has no schema of.
        let told = told.text() + &told.stderr;
        for line in told.lines().filter(|line| line.contains("Couldn't find schema")) {
            assert!(line.contains("ScaledObject") || line.contains("PodMonitor"), "{line}");
        }
        assert!(told.contains("passed for resource statefulset/clp-worker"), "{told}");
    }
}

/// Pods of the manifests that lie in a file of the base: their component and specification.
fn pods() -> Vec<(String, Value)> {
    let mut pods = Vec::new();
    for file in files("deployments/kubernetes/base", ".yaml") {
        for document in documents(&text_of(&file)) {
            let spec = &document["spec"];
            let template = match document["kind"].as_str() {
                Some("Deployment" | "StatefulSet" | "Job") => &spec["template"],
                Some("CronJob") => &spec["jobTemplate"]["spec"]["template"],
                _ => continue,
            };
            let component = &template["metadata"]["labels"]["app.kubernetes.io/component"];
            pods.push((component.as_str().unwrap().to_owned(), template["spec"].clone()));
        }
    }
    pods
}

#[test]
fn pods_have_limits_probes_and_no_rights() {
    let pods = pods();
    let components: Vec<&str> = pods.iter().map(|(component, _)| component.as_str()).collect();
    assert_eq!(components, ["extract", "monitor", "topics", "verify", "worker"]);
    for (component, pod) in &pods {
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{component}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{component}");
        let [container] = pod["containers"].as_sequence().unwrap().as_slice() else {
            panic!("{component}: one container")
        };
        for kind in ["requests", "limits"] {
            for resource in ["cpu", "memory"] {
                assert!(
                    !container["resources"][kind][resource].is_null(),
                    "{component}: {kind} of {resource}"
                );
            }
        }
        let context = &container["securityContext"];
        assert_eq!(context["readOnlyRootFilesystem"], true, "{component}");
        assert_eq!(context["allowPrivilegeEscalation"], false, "{component}");
        assert_eq!(words(&context["capabilities"]["drop"]), ["ALL"], "{component}");
        let is_service = SERVICES.contains(&component.as_str());
        for (probe, path) in [("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
            let found = container[probe]["httpGet"]["path"].as_str();
            assert_eq!(found, is_service.then_some(path), "{component}");
        }
        // Ten seconds are what a service promises to end in.
        let grace = pod["terminationGracePeriodSeconds"].as_u64();
        assert!(
            !is_service || grace.is_some_and(|seconds| seconds >= 15),
            "{component}: {grace:?}"
        );
    }
}

/// How clp is started: by name of the place, and its arguments.
fn command_lines() -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = pods()
        .into_iter()
        .map(|(component, pod)| (format!("kubernetes/{component}"), words(&pod["containers"][0]["args"])))
        .collect();
    for (name, service) in yaml("docker-compose.yml")["services"].as_mapping().unwrap() {
        if service.get("<<").is_some() {
            found.push((
                format!("compose/{}", name.as_str().unwrap()),
                words(&service["command"]),
            ));
        }
    }
    for file in files("deployments/systemd", ".service") {
        let unit = text_of(&file);
        let start = unit
            .lines()
            .find_map(|line| line.strip_prefix("ExecStart="))
            .expect("a command");
        let args = start.split(' ').skip(1).map(|word| word.replace("%i", "1"));
        // The configuration is a credential of the unit.
        let args: Vec<String> = args.skip(2).collect();
        found.push((file, args));
    }
    found
}

#[test]
fn every_way_to_start_clp_is_one_that_it_knows() {
    let lines = command_lines();
    assert_eq!(lines.len(), 5 + 4 + 3, "{lines:?}");
    let topics = Topics::create(kafka());
    for (place, args) in lines {
        let clp = Clp::bare().kafka(kafka(), &topics).set(
            "subscriptions.cp2.environments.P1.storage_account",
            serde_json::json!({"directory": repository().join("deployments")}),
        );
        let is_service = args.iter().any(|arg| arg == "--metrics-addr");
        let args = args.into_iter().map(|arg| match arg.rsplit_once(':') {
            Some(("" | "127.0.0.1", _)) => "127.0.0.1:0".to_owned(),
            _ => arg,
        });
        if is_service {
            let service = clp.args(args).spawn();
            service.wait_for_stderr("serving /metrics", SOON);
            service.signal("TERM");
            service.wait().success();
        } else {
            let told = clp.run(args);
            assert_eq!(told.code, Some(0), "{place}: {}", told.stderr);
        }
    }
}

#[test]
fn configurations_are_without_complaint() {
    for file in [
        "deployments/docker/config.yaml",
        "deployments/kubernetes/base/config.yaml",
        "deployments/kubernetes/overlays/example/config.yaml",
    ] {
        let clp = Clp::bare();
        // The keys are mounted beside it.
        for key in ["cp2-P1", "cp2-S1"] {
            std::fs::write(clp.home().join(key), "a2V5LW9mLWFuLWFjY291bnQ=\n").unwrap();
        }
        let home = clp.home().to_str().unwrap();
        clp.write_config(&text_of(file).replace("/run/secrets/clp-storage", home));
        let checked = clp
            .args(["config", "check", "--offline"])
            .env(
                "CLP_SUBSCRIPTIONS_DEV_ENVIRONMENTS_D1_STORAGE_ACCOUNT_ACCESS_KEY",
                "a2V5LW9mLWFuLWFjY291bnQ=",
            )
            .env("CLP_KAFKA_PROPERTIES_SASL_PASSWORD", "hunter2-hunter2");
        // The variable of the first is none of the others: they warn of that one and of nothing else.
        let told = checked.run().success();
        let warnings = told.stderr.lines().filter(|line| line.contains("WARN")).count();
        assert!(
            warnings <= usize::from(!file.contains("docker")),
            "{file}: {}",
            told.stderr
        );
    }
}

#[test]
fn units_are_understood_and_hardened() {
    let Some(systemd) = Tool::find("systemd-analyze", "it is part of systemd") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for file in files("deployments/systemd", ".service") {
        let name = file.rsplit('/').next().unwrap().replace("@.", "@1.");
        // It looks whether the program is there.
        let unit = text_of(&file).replace("/usr/local/bin/clp", env!("CARGO_BIN_EXE_clp"));
        let path = dir.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(&path, unit).unwrap();
        units.push(path);
    }
    assert_eq!(units.len(), 3);
    let verify = ["verify".to_owned(), "--man=no".to_owned()];
    let verified = systemd.run(verify.into_iter().chain(units.clone())).success();
    // Of a line that it does not understand it only warns, with the unit's name.
    assert!(!verified.stderr.contains("clp-"), "{}", verified.stderr);
    // In tenths: 0 is no access to anything, 100 all that there is.
    let security = ["security", "--offline=true", "--threshold=15"].map(str::to_owned);
    systemd.run(security.into_iter().chain(units)).success();
}

#[test]
fn alerts_are_what_their_tests_say() {
    let Some(promtool) = Tool::find("promtool", "Debian has it in the package prometheus") else {
        return;
    };
    let directory = "deployments/prometheus";
    promtool
        .run(["check", "rules", &format!("{directory}/alerts.yaml")])
        .success();
    promtool
        .run(["test", "rules", &format!("{directory}/alerts_test.yaml")])
        .success();
}

#[test]
fn every_alert_is_tested_and_says_what_it_is_about() {
    let alerts = yaml("deployments/prometheus/alerts.yaml");
    let tests = text_of("deployments/prometheus/alerts_test.yaml");
    let rules = alerts["groups"]
        .as_sequence()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_sequence().unwrap());
    let mut count = 0;
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(
            tests.contains(&format!("alertname: {name}\n        exp_alerts:\n          - ")),
            "{name} is not seen to fire"
        );
        assert!(
            ["critical", "warning"].contains(&rule["labels"]["severity"].as_str().unwrap()),
            "{name}"
        );
        for annotation in ["summary", "description"] {
            assert!(rule["annotations"][annotation].is_string(), "{name}: {annotation}");
        }
        count += 1;
    }
    assert!(count > 10, "{count}");
}
