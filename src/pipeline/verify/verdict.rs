//! What is said of one blob in the end.

use super::{Compared, Difference, Tally};
use crate::{
    domain::event::{BlobState, BlobStatus},
    pipeline::inventory::BlobId,
    storage::BlobProperties,
};

/// A blob's line of the answer. Counts of lines are `None` unless lines were compared, `found` excepted.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Verdict {
    pub subscription: Option<String>,
    pub environment: Option<String>,
    pub service: Option<String>,
    /// `None`: records of `topic` that are no blob's.
    pub blob: Option<String>,
    /// Where its lines were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Bytes in storage; `None` if it is not there.
    pub size: Option<u64>,
    /// Bytes: the checkpoint's member.
    pub ingested: u64,
    /// Bytes that are not ingested. A blob that still grows may have some.
    pub lag_bytes: u64,
    pub status: Option<BlobStatus>,
    pub expected: Option<u64>,
    /// Lines in the topic; without a look at them, lines that the state counts.
    pub found: Option<u64>,
    pub missing: Option<u64>,
    pub duplicated: Option<u64>,
    pub different: Option<u64>,
    pub misnumbered: Option<u64>,
    pub foreign: Option<u64>,
    pub expired: Option<u64>,
    pub skipped_bytes: u64,
    pub ok: bool,
    pub reason: Option<String>,
    /// The first ones.
    pub differences: Vec<Difference>,
}

impl Verdict {
    /// Of a blob in storage. `reasons` are those of [`judge`](super::judge).
    pub fn of_blob(
        id: &BlobId,
        service: Option<&str>,
        blob: &BlobProperties,
        state: Option<&BlobState>,
        mut reasons: Vec<String>,
        compared: Option<(&str, &Compared)>,
    ) -> Self {
        let ingested = state.map_or(0, |state| state.last_ingested_offset);
        let known_skipped = state.map_or(0, |state| state.skipped_bytes);
        let mut verdict = Self {
            subscription: Some(id.environment.subscription.clone()),
            environment: Some(id.environment.environment.clone()),
            service: state
                .map(|state| state.service_selector.as_str())
                .or(service)
                .map(str::to_owned),
            blob: Some(id.name.clone()),
            size: Some(blob.size),
            ingested,
            lag_bytes: blob.size.saturating_sub(ingested),
            status: state.map(|state| state.status),
            found: state.map(|state| state.total_lines_ingested),
            skipped_bytes: known_skipped,
            ..Self::default()
        };
        if let Some((topic, compared)) = compared {
            verdict.topic = Some(topic.to_owned());
            verdict.skipped_bytes = known_skipped.max(compared.skipped_bytes);
            if compared.skipped_bytes > known_skipped {
                reasons.push(format!("{} bytes of it are corrupt", compared.skipped_bytes));
            }
            match compared.unreadable {
                None => verdict.count(&compared.tally, &mut reasons),
                Some(reason) if reasons.is_empty() => reasons.push(reason.to_owned()),
                // What its state says of it is the same, and more.
                Some(_) => {}
            }
        }
        verdict.judged(&reasons)
    }

    /// Of a blob that neither storage nor a state knows.
    pub fn of_stranger(id: &BlobId, tally: &Tally) -> Self {
        let mut reasons = vec!["there are lines of it in Kafka, but it is not in storage, and has no state".to_owned()];
        let mut verdict = Self {
            subscription: Some(id.environment.subscription.clone()),
            environment: Some(id.environment.environment.clone()),
            blob: Some(id.name.clone()),
            ..Self::default()
        };
        verdict.count(tally, &mut reasons);
        verdict.judged(&reasons)
    }

    /// Of records in a topic that are no blob's; `None` if there are none.
    pub fn of_unnamed(topic: &str, tally: &Tally) -> Option<Self> {
        if tally.is_clean() {
            return None;
        }
        let mut reasons = vec!["records of the topic are no lines of any blob".to_owned()];
        let mut verdict = Self {
            topic: Some(topic.to_owned()),
            ..Self::default()
        };
        verdict.count(tally, &mut reasons);
        Some(verdict.judged(&reasons))
    }

    fn count(&mut self, tally: &Tally, reasons: &mut Vec<String>) {
        self.expected = Some(tally.expected);
        self.found = Some(tally.found);
        self.missing = Some(tally.missing);
        self.duplicated = Some(tally.duplicated);
        self.different = Some(tally.different);
        self.misnumbered = Some(tally.misnumbered);
        self.foreign = Some(tally.foreign);
        self.expired = Some(tally.expired);
        self.differences.clone_from(&tally.differences);
        reasons.extend(tally.sentence());
    }

    fn judged(self, reasons: &[String]) -> Self {
        Self {
            ok: reasons.is_empty(),
            reason: (!reasons.is_empty()).then(|| reasons.join("; ")),
            ..self
        }
    }
}
