//! The loop of the deep look: partition by partition, blob by blob.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter::Peekable,
    sync::Arc,
};

use super::{
    Found, Tally, VerifyError,
    blob_lines::{BlobLines, Extent},
    compare,
    sorting::{Lookup, Sorting},
    spool::Sorted,
};
use crate::{
    domain::{Checkpoint, event::BlobState, topic},
    kafka::{self, CommittedReader, Connection},
    pipeline::{
        ingest::Progress,
        inventory::{BlobId, States, read_states},
    },
    storage::{self, BlobProperties, Container, ReadOptions},
};

/// A blob whose lines are compared.
#[derive(Clone)]
pub struct Subject {
    pub id: BlobId,
    pub container: Container,
    pub blob: BlobProperties,
    /// As of before the topic is read.
    pub state: Option<BlobState>,
    /// Where its lines belong.
    pub raw_topic: String,
}

/// What to compare.
pub struct Deep {
    pub connection: Connection,
    pub subjects: Vec<Subject>,
    /// Partition counts of the raw topics.
    pub raw_topics: BTreeMap<String, u32>,
    /// Whether partitions are read as well into which none of the subjects belongs.
    pub everywhere: bool,
    /// Name and partition count.
    pub state_topic: (String, u32),
    /// Whether a blob that storage does not have would have been looked at.
    pub wants: Box<dyn Fn(&BlobId) -> bool + Send>,
    pub read: ReadOptions,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// One for each subject, in their order.
    pub compared: Vec<Compared>,
    /// Records of blobs that neither storage nor a state knows.
    pub strangers: BTreeMap<BlobId, Tally>,
    /// By topic: records of which can not be said whose they are.
    pub unnamed: BTreeMap<String, Tally>,
}

#[derive(Clone, Debug, Default)]
pub struct Compared {
    pub tally: Tally,
    /// Corrupt bytes that were passed over while the blob was read.
    pub skipped_bytes: u64,
    /// Why the blob's lines could not be compared.
    pub unreadable: Option<&'static str>,
}

/// Compares every line. Nothing is written anywhere but to a temporary file.
///
/// # Errors
/// If the topic, the states or storage can not be read to the end; a blob that is gone by now is no error.
pub async fn deep(job: Deep, progress: Arc<Progress>) -> Result<Findings, VerifyError> {
    kafka::blocking(move || job.run(&progress)).await
}

/// A topic and a partition of it.
type Partition = (String, u32);

impl Deep {
    fn run(&self, progress: &Arc<Progress>) -> Result<Findings, VerifyError> {
        let lookup = Lookup::of(self.subjects.iter().map(|subject| &subject.id));
        let mut by_partition = BTreeMap::<Partition, Vec<u32>>::new();
        if self.everywhere {
            let all = self.raw_topics.iter();
            let all = all.flat_map(|(topic, count)| (0..*count).map(|number| ((topic.clone(), number), Vec::new())));
            by_partition.extend(all);
        }
        for (index, subject) in (0..).zip(&self.subjects) {
            by_partition.entry(self.partition_of(subject)).or_default().push(index);
        }
        let mut findings = Findings {
            compared: vec![Compared::default(); self.subjects.len()],
            ..Findings::default()
        };
        let mut tallies = vec![Tally::default(); self.subjects.len()];
        for (partition, blobs) in &by_partition {
            self.partition(partition, blobs, &lookup, &mut tallies, &mut findings, progress)?;
        }
        for (compared, tally) in findings.compared.iter_mut().zip(tallies) {
            compared.tally = tally;
        }
        Ok(findings)
    }

    fn partition_of(&self, subject: &Subject) -> Partition {
        let partitions = self.raw_topics.get(&subject.raw_topic).copied().unwrap_or(1);
        let partition = topic::partition_of(&subject.id.name, partitions);
        (subject.raw_topic.clone(), partition)
    }

    fn partition(
        &self,
        partition: &Partition,
        blobs: &[u32],
        lookup: &Lookup,
        tallies: &mut [Tally],
        findings: &mut Findings,
        progress: &Arc<Progress>,
    ) -> Result<(), VerifyError> {
        let (topic, number) = (partition.0.as_str(), partition.1 as i32);
        if !blobs.is_empty() {
            tracing::info!(topic, partition = number, blobs = blobs.len(), "comparing");
        }
        // New for each partition: a connection that has been at work for long may not notice that a leader has changed.
        let reader = CommittedReader::connect(&self.connection, topic, number)?;
        let belongs = |blob: u32| self.partition_of(&self.subjects[blob as usize]) == *partition;
        let unnamed = findings.unnamed.entry(topic.to_owned()).or_default();
        let mut sorting = Sorting::new(number, lookup, &belongs, &*self.wants, tallies, unnamed);
        reader.read(topic, number, |record| sorting.take(&record))?;
        // Asked for behind the reading: what retention takes meanwhile counts as well.
        let trimmed = reader.first_offset(topic, number)? > 0;
        let (spool, strangers) = sorting.finish();
        let known = blobs.iter().map(|blob| &self.subjects[*blob as usize].id);
        let states = self.states_of(&known.chain(strangers.keys()).collect())?;
        // What has a state was in storage once, or came into it after it was listed.
        let unknown = strangers.into_iter().filter(|(id, _)| !states.contains_key(id));
        findings.strangers.extend(unknown);
        let mut lines = spool.sorted()?.peekable();
        for blob in blobs {
            let (subject, tally) = (&self.subjects[*blob as usize], &mut tallies[*blob as usize]);
            let behind = states.get(&subject.id);
            let found = lines_of(*blob, &mut lines);
            let compared = self.blob(subject, behind, found, trimmed, tally, progress)?;
            findings.compared[*blob as usize] = compared;
        }
        Ok(())
    }

    /// The states as they are now.
    fn states_of(&self, wanted: &BTreeSet<&BlobId>) -> Result<States, kafka::Error> {
        let (topic, partitions) = &self.state_topic;
        let numbers: BTreeSet<u32> = wanted
            .iter()
            .map(|id| topic::partition_of(&id.name, *partitions))
            .collect();
        read_states(&self.connection, topic, numbers, |environment, state| {
            let id = BlobId {
                environment: environment.clone(),
                name: state.blob_name.clone(),
            };
            wanted.contains(&id)
        })
    }

    fn blob(
        &self,
        subject: &Subject,
        behind: Option<&BlobState>,
        mut found: impl Iterator<Item = Result<Found, VerifyError>>,
        trimmed: bool,
        tally: &mut Tally,
        progress: &Arc<Progress>,
    ) -> Result<Compared, VerifyError> {
        let before = checkpoint(subject.state.as_ref());
        let name = &subject.blob.name;
        if before.member > subject.blob.size {
            return uncompared("it is not the blob that was ingested", found, tally);
        }
        let extent = Extent::between(before, checkpoint(behind));
        let cut_at = behind.and_then(|state| state.unterminated_at);
        let open_up_to = |end| storage::open_at(&subject.container, name, end, self.read);
        let mut lines = BlobLines::new(extent, cut_at, open_up_to, Arc::clone(progress));
        let expected = lines.by_ref();
        let expected = expected.map(|line| line.map_err(|error| VerifyError::of_lines(error, name)));
        match compare(expected, &mut found, trimmed, tally) {
            Err(VerifyError::Storage(error)) if error.kind() == storage::Kind::BlobNotFound => {
                uncompared("it has gone from storage meanwhile", found, tally)
            }
            result => result.map(|()| Compared {
                skipped_bytes: lines.skipped_bytes(),
                ..Compared::default()
            }),
        }
    }
}

/// A blob that can not be compared: its lines are counted.
fn uncompared(
    reason: &'static str,
    found: impl Iterator<Item = Result<Found, VerifyError>>,
    tally: &mut Tally,
) -> Result<Compared, VerifyError> {
    for line in found {
        line?;
        tally.found += 1;
    }
    Ok(Compared {
        unreadable: Some(reason),
        ..Compared::default()
    })
}

fn checkpoint(state: Option<&BlobState>) -> Checkpoint {
    state.map(BlobState::checkpoint).unwrap_or_default()
}

/// The lines of one blob; those of the next one are left.
fn lines_of(blob: u32, lines: &mut Peekable<Sorted>) -> impl Iterator<Item = Result<Found, VerifyError>> {
    std::iter::from_fn(move || {
        let next = lines.next_if(|line| line.as_ref().map_or(true, |entry| entry.blob == blob))?;
        Some(next.map(|entry| entry.found).map_err(VerifyError::from))
    })
}
