//! `clp health`, as a container's health check runs it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use crate::support::clp::Clp;
use crate::support::scene::Scene;

#[test]
fn a_service_is_asked_how_it_is() {
    let scene = Scene::new();
    let monitor = scene.clp.spawn(["monitor", "--metrics-addr", "127.0.0.1:0"]);
    let told = monitor.wait_for_stderr(r"serving /metrics.* address=127\.0\.0\.1:\d+", Duration::from_secs(20));
    let (_, address) = told.rsplit_once('=').unwrap();
    let clp = Clp::bare();
    assert_eq!(clp.run(["health", address]).success().text(), "ok\n");
    // As a service is told to listen.
    let (_, port) = address.rsplit_once(':').unwrap();
    clp.run(["health", &format!(":{port}")]).success();

    monitor.signal("TERM");
    monitor.wait().success();
    let gone = clp.run(["health", address]).expect_code(1);
    assert!(
        gone.stderr.contains(&format!("no service answers at {address}")),
        "{}",
        gone.stderr
    );
    assert!(gone.stdout.is_empty());
}

#[test]
fn the_reason_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let length = stream.read(&mut request).unwrap();
        let reason = "lane 1: restoring state\n";
        let length_of_reason = reason.len();
        write!(
            stream,
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: {length_of_reason}\r\n\r\n{reason}"
        )
        .unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let not_ready = Clp::bare().run(["health", "--ready", &address]).expect_code(1);
    let expected = format!("error: {address}: lane 1: restoring state\n");
    assert_eq!(not_ready.stderr, expected);
    assert!(serving.join().unwrap().starts_with("GET /readyz HTTP/1.1\r\n"));
}
