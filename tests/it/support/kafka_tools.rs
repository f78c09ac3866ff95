//! Kafka's own Java tools: what they say does not depend on librdkafka, on which both `clp` and the other readers stand.

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
}
