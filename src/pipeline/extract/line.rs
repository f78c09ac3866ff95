//! A raw line taken apart: the values that records are made of, as they stand in it.

use super::{
    scanner::{Invalid, Scanner},
    value::Value,
};

/// The top level. Its keys match in any letter case; of a key that is there twice the last one counts.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    pub timestamp: Value<'a>,
    pub time: Value<'a>,
    pub log: Value<'a>,
    /// What the application logged; a container that writes plain text has none.
    pub logs: Option<Logs<'a>>,
    pub pod: Pod<'a>,
}

/// `kubernetes`.
#[derive(Debug, Default)]
pub(super) struct Pod<'a> {
    pub name: Value<'a>,
    pub ip: Value<'a>,
}

/// `logs`, of an application, of Tomcat or of Apache. Its keys match in any letter case, too.
#[derive(Debug, Default)]
pub(super) struct Logs<'a> {
    pub instant: Instant<'a>,
    pub time_millis: Value<'a>,
    pub level: Value<'a>,
    pub logger_name: Value<'a>,
    pub thread: Value<'a>,
    pub message: Value<'a>,
    pub thrown: Value<'a>,
    pub context: Context<'a>,
    pub request_first_line: Value<'a>,
    pub status: Value<'a>,
    pub remote_host: Value<'a>,
    pub response_time: Value<'a>,
    pub bytes: Value<'a>,
    pub local_server_name: Value<'a>,
    pub remote_user: Value<'a>,
    pub time: Value<'a>,
    pub referer: Value<'a>,
    pub user_agent: Value<'a>,
    pub cache_status: Value<'a>,
}

/// `logs.instant`.
#[derive(Debug, Default)]
pub(super) struct Instant<'a> {
    pub epoch_second: Value<'a>,
    pub nano_of_second: Value<'a>,
}

/// `logs.contextMap`.
#[derive(Debug, Default)]
pub(super) struct Context<'a> {
    pub request_line: Value<'a>,
    pub status_code: Value<'a>,
    pub bytes_sent: Value<'a>,
    pub process_millis: Value<'a>,
    pub response_time: Value<'a>,
    pub remote_host: Value<'a>,
    pub remote_addr: Value<'a>,
    pub client_ip: Value<'a>,
}

impl<'a> Line<'a> {
    /// Reads the line, which is one JSON object. If it is not, what comes before that shows is there all the same.
    pub fn read(&mut self, text: &'a str) -> Result<(), Invalid> {
        let mut scanner = Scanner::new(text);
        scanner.object(|scanner, key| {
            match folded(key, &mut [0; _]) {
                b"@timestamp" => self.timestamp = scanner.value()?,
                b"time" => self.time = scanner.value()?,
                b"log" => self.log = scanner.value()?,
                b"logs" => self.logs = Logs::read(scanner)?,
                b"kubernetes" => self.pod = Pod::read(scanner)?,
                _ => drop(scanner.value()?),
            }
            Ok(())
        })?;
        scanner.end()
    }
}

impl<'a> Pod<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Invalid> {
        let mut pod = Self::default();
        scanner.object_if_any(|scanner, key| {
            let value = scanner.value()?;
            match key {
                "pod_name" => pod.name = value,
                "pod_ip" => pod.ip = value,
                _ => {}
            }
            Ok(())
        })?;
        Ok(pod)
    }
}

impl<'a> Logs<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Option<Self>, Invalid> {
        let mut logs = Self::default();
        let is_object = scanner.object_if_any(|scanner, key| {
            let place = match folded(key, &mut [0; _]) {
                b"instant" => {
                    logs.instant = Instant::read(scanner)?;
                    return Ok(());
                }
                b"contextmap" => {
                    logs.context = Context::read(scanner)?;
                    return Ok(());
                }
                b"timemillis" => &mut logs.time_millis,
                b"level" => &mut logs.level,
                b"loggername" => &mut logs.logger_name,
                b"thread" => &mut logs.thread,
                b"message" => &mut logs.message,
                b"thrown" => &mut logs.thrown,
                b"requestfirstline" => &mut logs.request_first_line,
                b"status" => &mut logs.status,
                b"remotehost" => &mut logs.remote_host,
                b"responsetime" => &mut logs.response_time,
                b"bytes" => &mut logs.bytes,
                b"localservername" => &mut logs.local_server_name,
                b"remoteuser" => &mut logs.remote_user,
                b"time" => &mut logs.time,
                b"referer" => &mut logs.referer,
                b"useragent" => &mut logs.user_agent,
                b"cache status" => &mut logs.cache_status,
                _ => &mut Value::Absent,
            };
            *place = scanner.value()?;
            Ok(())
        })?;
        Ok(is_object.then_some(logs))
    }
}

impl<'a> Instant<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Invalid> {
        let mut instant = Self::default();
        scanner.object_if_any(|scanner, key| {
            let value = scanner.value()?;
            match key {
                "epochSecond" => instant.epoch_second = value,
                "nanoOfSecond" => instant.nano_of_second = value,
                _ => {}
            }
            Ok(())
        })?;
        Ok(instant)
    }
}

impl<'a> Context<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Invalid> {
        let mut context = Self::default();
        scanner.object_if_any(|scanner, key| {
            let place = match key {
                "requestLine" => &mut context.request_line,
                "statusCode" => &mut context.status_code,
                "bytesSent" => &mut context.bytes_sent,
                "processMillis" => &mut context.process_millis,
                "responseTime" => &mut context.response_time,
                "remoteHost" => &mut context.remote_host,
                "RemoteAddr" => &mut context.remote_addr,
                "clientIp" => &mut context.client_ip,
                _ => &mut Value::Absent,
            };
            *place = scanner.value()?;
            Ok(())
        })?;
        Ok(context)
    }
}

/// The longest key that is looked for: `requestFirstLine`.
const MAX_KEY_BYTES: usize = 16;

/// A key in lower case; nothing for one that is longer than those looked for.
fn folded<'b>(key: &str, buffer: &'b mut [u8; MAX_KEY_BYTES]) -> &'b [u8] {
    let Some(folded) = buffer.get_mut(..key.len()) else {
        return &[];
    };
    folded.copy_from_slice(key.as_bytes());
    folded.make_ascii_lowercase();
    folded
}
