//! A blob in storage against its state, without a look at its lines.

use jiff::{SignedDuration, Timestamp};

use crate::{
    domain::event::{BlobState, BlobStatus},
    storage::BlobProperties,
};

/// What speaks against a blob being wholly in Kafka, or on its way there. Empty: nothing.
///
/// What a blob that may still grow lacks is on its way. A blob is taken to grow no more if its state says `closed`, or if
/// nothing was written to it for longer than `quiet`.
pub fn judge(blob: &BlobProperties, state: Option<&BlobState>, now: Timestamp, quiet: SignedDuration) -> Vec<String> {
    let is_quiet = now.duration_since(blob.last_modified) > quiet;
    let Some(state) = state else {
        let never = is_quiet && blob.size > 0;
        let reason = "none of it was ever ingested, and nothing was written to it for a while";
        return never.then(|| reason.to_owned()).into_iter().collect();
    };
    let mut reasons = Vec::new();
    if let Some(error) = &state.last_error {
        reasons.push(format!("its last error: {error}"));
    }
    if state.skipped_bytes > 0 {
        reasons.push(format!("{} corrupt bytes were passed over", state.skipped_bytes));
    }
    let (size, ingested) = (blob.size, state.last_ingested_offset);
    if ingested > size {
        reasons.push(format!(
            "it has {size} bytes, but was ingested up to {ingested}: it is not the same blob"
        ));
    }
    let lag = size.saturating_sub(ingested);
    if lag > 0 && state.status == BlobStatus::Closed {
        reasons.push(format!("it is closed, and {lag} bytes of it are not ingested"));
    } else if lag > 0 && is_quiet {
        reasons.push(format!(
            "{lag} bytes of it are not ingested, and nothing was written to it for a while"
        ));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::EnvironmentId, pipeline::inventory::example_state};

    #[test]
    fn what_speaks_against_a_blob() {
        let (now, quiet) = (
            Timestamp::from_second(1_000_000).unwrap(),
            SignedDuration::from_mins(10),
        );
        let blob = |size, seconds_ago| BlobProperties {
            name: "kubernetes/a.gz".into(),
            size,
            last_modified: now - SignedDuration::from_secs(seconds_ago),
            created: None,
        };
        // Closed, 1000 bytes ingested.
        let closed = example_state(&EnvironmentId::new("cp2", "P1"), "kubernetes/a.gz");
        let open = BlobState {
            status: BlobStatus::Open,
            ..closed.clone()
        };
        let failed = BlobState {
            last_error: Some("corrupt".into()),
            ..closed.clone()
        };
        let skipped = BlobState {
            skipped_bytes: 7,
            ..closed.clone()
        };
        for (blob, state, reasons) in [
            (blob(1000, 9999), Some(&closed), vec![]),
            (blob(1000, 9999), Some(&open), vec![]),
            (
                blob(1200, 5),
                Some(&closed),
                vec!["it is closed, and 200 bytes of it are not ingested"],
            ),
            (blob(1200, 5), Some(&open), vec![]),
            (
                blob(1200, 601),
                Some(&open),
                vec!["200 bytes of it are not ingested, and nothing was written to it for a while"],
            ),
            (blob(1200, 599), None, vec![]),
            (
                blob(1200, 601),
                None,
                vec!["none of it was ever ingested, and nothing was written to it for a while"],
            ),
            (blob(0, 601), None, vec![]),
            (
                blob(900, 5),
                Some(&closed),
                vec!["it has 900 bytes, but was ingested up to 1000: it is not the same blob"],
            ),
            (blob(1000, 5), Some(&failed), vec!["its last error: corrupt"]),
            (blob(1000, 5), Some(&skipped), vec!["7 corrupt bytes were passed over"]),
        ] {
            assert_eq!(judge(&blob, state, now, quiet), reasons, "{} {state:?}", blob.size);
        }
    }
}
