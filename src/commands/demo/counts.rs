//! How far the services are, as an observer sees it who only looks at Kafka.

use crate::{
    config,
    kafka::{Connection, Error, Partitions},
};

/// Records in Kafka by now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub raw: u64,
    /// With those of lines that are none.
    pub extracted: u64,
}

pub struct Counter {
    partitions: Partitions,
    names: config::Topics,
    partitions_each: i32,
}

impl Counter {
    pub fn open(connection: &Connection, names: &config::Topics, partitions_each: i32) -> Result<Self, Error> {
        Ok(Self {
            partitions: Partitions::open(connection)?,
            names: names.clone(),
            partitions_each,
        })
    }

    /// May block.
    pub fn count(&self) -> Result<Counts, Error> {
        let names = &self.names;
        Ok(Counts {
            raw: self.records(&[&names.raw_application, &names.raw_proxy])?,
            extracted: self.records(&[&names.extracted_application, &names.extracted_proxy, &names.errors])?,
        })
    }

    /// The embedded broker has nothing but records in its topics: its transactions leave no marks.
    fn records(&self, topics: &[&String]) -> Result<u64, Error> {
        let mut records = 0;
        for topic in topics {
            for partition in 0..self.partitions_each {
                let (_, end) = self.partitions.bounds(topic, partition)?;
                records += end.unsigned_abs();
            }
        }
        Ok(records)
    }
}
