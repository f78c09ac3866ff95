//! Kafka's own Java tools: what they say does not depend on librdkafka, on which both `clp` and the other readers stand.

use std::process::Stdio;

use super::kafka::{Kafka, java};

impl Kafka {
    /// The committed records as Kafka's console consumer prints them, one line each: `key<TAB>value`. Starts a JVM and
    /// ends after three seconds without a record: for one or two tests, with values that hold no line breaks.
    pub fn java_console_consumer(&self, topic: &str) -> Vec<String> {
        let mut command = java().unwrap_or_else(|e| panic!("{e}"));
        command
            .arg("org.apache.kafka.tools.consumer.ConsoleConsumer")
            .args([
                "--bootstrap-server",
                &self.brokers(),
                "--topic",
                topic,
                "--from-beginning",
            ])
            .args(["--isolation-level", "read_committed", "--timeout-ms", "3000"])
            .args(["--property", "print.key=true"]);
        let output = command.output().expect("run java");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("Processed a total of"),
            "the console consumer failed: {said}"
        );
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// Takes a right from everybody, by the arguments of Kafka's tool for access control. The broker needs an authorizer.
    pub fn deny(&self, arguments: &[&str]) {
        let mut command = java().unwrap_or_else(|e| panic!("{e}"));
        command
            .arg("org.apache.kafka.tools.AclCommand")
            .args(["--bootstrap-server", &self.brokers(), "--force"])
            .args(["--add", "--deny-principal", "User:ANONYMOUS"])
            .args(arguments);
        let output = command.output().expect("run java");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "access control: {said}");
    }

    /// Makes a user known to both kinds of SCRAM; a request takes one of them.
    pub fn add_scram_user(&self, user: &str, password: &str) {
        let adding = ["SCRAM-SHA-256", "SCRAM-SHA-512"].map(|mechanism| {
            let credentials = format!("{mechanism}=[password={password}]");
            let mut command = java().unwrap_or_else(|e| panic!("{e}"));
            command
                .arg("kafka.admin.ConfigCommand")
                .args(["--bootstrap-server", &self.brokers(), "--alter"])
                .args(["--entity-type", "users", "--entity-name", user])
                .args(["--add-config", &credentials])
                .stdout(Stdio::null())
                .stderr(Stdio::piped());
            command.spawn().expect("run java")
        });
        for added in adding {
            let output = added.wait_with_output().expect("wait for java");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "a user of SCRAM: {said}");
        }
    }
}
