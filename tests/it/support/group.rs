//! A consumer group as its coordinator sees it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use super::kafka::Kafka;

const LIMIT: Duration = Duration::from_secs(30);
/// `LeaveGroup` in its last version before tagged fields.
const LEAVE_GROUP: (i16, i16) = (13, 3);

impl Kafka {
    /// The names of all groups that the broker knows.
    pub fn groups(&self) -> Vec<String> {
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.brokers())
            .create()
            .expect("a client");
        let list = client.fetch_group_list(None, LIMIT).expect("list the groups");
        list.groups().iter().map(|group| group.name().to_owned()).collect()
    }

    /// Puts all members out of the group. They do not know of it until their next heartbeat.
    pub fn expel(&self, group: &str) {
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.brokers())
            .create()
            .expect("a client");
        let list = client.fetch_group_list(Some(group), LIMIT).expect("describe a group");
        let members = list.groups()[0].members();
        assert!(!members.is_empty(), "{group} has no members");
        let mut request = Vec::new();
        request.extend(LEAVE_GROUP.0.to_be_bytes());
        request.extend(LEAVE_GROUP.1.to_be_bytes());
        // The correlation id, and no client id.
        request.extend(1_i32.to_be_bytes());
        request.extend((-1_i16).to_be_bytes());
        put(&mut request, group);
        request.extend((members.len() as i32).to_be_bytes());
        for member in members {
            put(&mut request, member.id());
            // Not a static member.
            request.extend((-1_i16).to_be_bytes());
        }
        let answer = ask(self, &request);
        // Behind the correlation id and the throttle time.
        assert_eq!(answer[8..10], [0, 0], "the group's coordinator refused: {answer:?}");
    }
}

pub(super) fn put(request: &mut Vec<u8>, text: &str) {
    request.extend((text.len() as i16).to_be_bytes());
    request.extend(text.as_bytes());
}

pub(super) fn ask(kafka: &Kafka, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(kafka.address()).expect("connect to the broker");
    stream.set_read_timeout(Some(LIMIT)).expect("a read timeout");
    let framed = [&(request.len() as i32).to_be_bytes(), request].concat();
    stream.write_all(&framed).expect("ask the broker");
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("the broker's answer");
    let mut answer = vec![0; i32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).expect("the broker's answer");
    answer
}
