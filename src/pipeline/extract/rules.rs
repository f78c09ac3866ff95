//! What a line becomes.

use std::borrow::Cow;

use super::{
    container,
    line::{Context, Line, Logs},
    request::{Malformed, Request},
    scanner::Invalid,
    time,
    value::Value,
};
use crate::domain::record::{Application, ErrorType, Http, Integer, Proxy, Record};

/// Why a line becomes no record.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("not a JSON object: {0}")]
    NotJson(#[from] Invalid),
    #[error("no usable timestamp")]
    NoTimestamp,
    #[error(transparent)]
    Request(#[from] Malformed),
    #[error("without {}", .0.join(", "))]
    Missing(Vec<&'static str>),
}

impl Fault {
    pub fn error_type(&self, from_proxy: bool) -> ErrorType {
        match (self, from_proxy) {
            (Self::Missing(_), false) => ErrorType::ValidationError,
            (Self::Missing(_), true) => ErrorType::ProxyValidationError,
            (_, false) => ErrorType::ParseError,
            (_, true) => ErrorType::ProxyParseError,
        }
    }
}

/// The line's record; `None` for a line to pass over.
pub(super) fn record<'a>(line: &Line<'a>, from_proxy: bool, validate: bool) -> Result<Option<Record<'a>>, Fault> {
    match &line.logs {
        Some(logs) if !logs.request_first_line.is_absent() => apache(line, logs, from_proxy, validate),
        Some(logs) if !logs.context.request_line.is_absent() => tomcat(line, logs, from_proxy, validate),
        Some(logs) => application(line, logs, validate),
        None => container(line, validate),
    }
}

fn application<'a>(line: &Line<'a>, logs: &Logs<'a>, validate: bool) -> Result<Option<Record<'a>>, Fault> {
    let msg = logs.message.text();
    if !logs.message.is_absent() && is_blank(&msg) {
        return Ok(None);
    }
    let record = Application {
        ts_ns: ts_ns(line)?,
        level: logs.level.text(),
        logger: logs.logger_name.text(),
        thread: logs.thread.text(),
        msg,
        thrown: logs.thrown.text(),
        client_ip: client_ip(&logs.context),
        pod_name: line.pod.name.text(),
    };
    complete(record, validate).map(Some)
}

fn container<'a>(line: &Line<'a>, validate: bool) -> Result<Option<Record<'a>>, Fault> {
    let msg = line.log.text();
    if !line.log.is_absent() && is_blank(&msg) {
        return Ok(None);
    }
    let pod_name = line.pod.name.text();
    let record = Application {
        ts_ns: ts_ns(line)?,
        level: container::level(&msg).into(),
        logger: match &pod_name {
            Cow::Borrowed(pod) => container::logger(pod).into(),
            Cow::Owned(pod) => container::logger(pod).to_owned().into(),
        },
        thread: Cow::Borrowed(""),
        msg,
        thrown: Cow::Borrowed(""),
        client_ip: Cow::Borrowed(""),
        pod_name,
    };
    complete(record, validate).map(Some)
}

fn complete<'a>(record: Application<'a>, validate: bool) -> Result<Record<'a>, Fault> {
    let needed = [
        ("level", &record.level),
        ("logger", &record.logger),
        ("message", &record.msg),
        ("pod_name", &record.pod_name),
    ];
    require(validate, &needed)?;
    Ok(Record::Application(record))
}

fn apache<'a>(line: &Line<'a>, logs: &Logs<'a>, from_proxy: bool, validate: bool) -> Result<Option<Record<'a>>, Fault> {
    let Some(Request { method, target }) = Request::parse(logs.request_first_line.text())? else {
        return Ok(None);
    };
    let http = Http {
        ts_ns: ts_ns(line)?,
        method,
        path: target,
        status_code: integer(&logs.status),
        response_time_ms: integer(&logs.response_time),
        bytes_sent: integer(&logs.bytes),
        client_ip: logs.remote_host.text(),
        pod_name: line.pod.name.text(),
    };
    request(line, logs, http, from_proxy, validate).map(Some)
}

fn tomcat<'a>(line: &Line<'a>, logs: &Logs<'a>, from_proxy: bool, validate: bool) -> Result<Option<Record<'a>>, Fault> {
    let context = &logs.context;
    let Some(Request { method, target }) = Request::parse(context.request_line.text())? else {
        return Ok(None);
    };
    let of_proxy = context.response_time.integer().filter(|_| from_proxy);
    let http = Http {
        ts_ns: ts_ns(line)?,
        method,
        path: target,
        status_code: integer(&context.status_code),
        response_time_ms: of_proxy.unwrap_or_else(|| integer(&context.process_millis)),
        bytes_sent: integer(&context.bytes_sent),
        client_ip: client_ip(context),
        pod_name: line.pod.name.text(),
    };
    request(line, logs, http, from_proxy, validate).map(Some)
}

/// On the proxy topic a request is a proxy record, whoever logged it.
fn request<'a>(
    line: &Line<'a>,
    logs: &Logs<'a>,
    http: Http<'a>,
    from_proxy: bool,
    validate: bool,
) -> Result<Record<'a>, Fault> {
    require(validate, &[("pod_name", &http.pod_name)])?;
    if !from_proxy {
        return Ok(Record::Http(http));
    }
    Ok(Record::Proxy(Proxy {
        http,
        local_server_name: logs.local_server_name.text(),
        remote_user: logs.remote_user.text(),
        referer: logs.referer.text(),
        user_agent: logs.user_agent.text(),
        cache_status: logs.cache_status.text(),
        pod_ip: line.pod.ip.text(),
    }))
}

fn require(validate: bool, needed: &[(&'static str, &Cow<'_, str>)]) -> Result<(), Fault> {
    let is_missing = |(_, value): &&(&'static str, &Cow<'_, str>)| is_blank(value);
    if !validate || !needed.iter().any(|needed| is_missing(&needed)) {
        return Ok(());
    }
    let missing = needed.iter().filter(is_missing).map(|(name, _)| *name);
    Err(Fault::Missing(missing.collect()))
}

fn ts_ns(line: &Line<'_>) -> Result<i64, Fault> {
    time::ts_ns(line).ok_or(Fault::NoTimestamp)
}

/// An unreadable number is 0.
fn integer(value: &Value<'_>) -> Integer {
    value.integer().unwrap_or_default()
}

/// The first that is there.
fn client_ip<'a>(context: &Context<'a>) -> Cow<'a, str> {
    let known = [&context.remote_host, &context.remote_addr, &context.client_ip];
    let mut texts = known.into_iter().map(Value::text);
    texts.find(|text| !is_blank(text)).unwrap_or_default()
}

fn is_blank(text: &str) -> bool {
    text.trim_start().is_empty()
}
