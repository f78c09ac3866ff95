//! When a line was written.

use super::{
    line::{Instant, Line},
    value::Value,
};

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_MILLI: i64 = 1_000_000;

/// Nanoseconds since 1970: the first readable of `instant`, `timeMillis`, `@timestamp` and `time`; of a line with none of
/// them, the time that Apache noted.
pub(super) fn ts_ns(line: &Line<'_>) -> Option<i64> {
    let logs = line.logs.as_ref();
    let of_instant = || of_instant(&logs?.instant);
    let of_millis = || integer(&logs?.time_millis)?.checked_mul(NANOS_PER_MILLI);
    of_instant()
        .or_else(of_millis)
        .or_else(|| of_text(&line.timestamp))
        .or_else(|| of_text(&line.time))
        .or_else(|| of_text(&logs?.time))
}

fn of_instant(instant: &Instant<'_>) -> Option<i64> {
    let seconds = integer(&instant.epoch_second)?.checked_mul(NANOS_PER_SECOND)?;
    // An unreadable number is 0.
    seconds.checked_add(integer(&instant.nano_of_second).unwrap_or_default())
}

fn integer(value: &Value<'_>) -> Option<i64> {
    i64::try_from(value.integer()?.get()).ok()
}

/// RFC 3339, also in the brackets that Apache puts around it.
fn of_text(value: &Value<'_>) -> Option<i64> {
    let Value::Text(text) = value else {
        return None;
    };
    let text = text.decoded();
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    i64::try_from(timestamp.as_nanosecond()).ok()
}
