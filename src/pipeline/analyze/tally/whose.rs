//! Whose lines are counted.

use std::mem;

use super::{super::fold, Affected, NAME_BYTES};
use crate::{domain::Selectors, pipeline::extract::workload};

/// Where lines come from, as far as their source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// `SUBSCRIPTION/ENVIRONMENT`; empty where nothing is known of it.
    pub environment: String,
    /// The name of a service; lines of a source without one tell by their pods.
    pub service: Option<String>,
    pub is_proxy: bool,
}

/// The pod whose lines come now, and what was counted of it since it began. A blob has one pod, so that what is counted
/// goes into the tables once, and not once a line.
#[derive(Debug, Default)]
pub(in super::super) struct Whose {
    source: Source,
    pod: Option<String>,
    service: String,
    /// Environment and service, as people are told.
    label: String,
    is_proxy: bool,
    pub affected: Affected,
}

/// Stands between the parts of a name in a table.
const SEPARATOR: char = '\t';

impl Whose {
    pub fn of(source: &Source) -> Self {
        Self {
            source: source.clone(),
            ..Self::default()
        }
    }

    pub fn is_of(&self, pod: &str) -> bool {
        self.pod.as_deref() == Some(fold::cut(pod, NAME_BYTES))
    }

    /// The lines that follow are of this pod.
    pub fn turn_to(&mut self, pod: &str, selectors: &Selectors) {
        let pod = fold::cut(pod, NAME_BYTES);
        let by_pod = || selectors.iter().find(|selector| selector.starts(pod));
        (self.service, self.is_proxy) = match (&self.source.service, by_pod) {
            (Some(service), _) => (service.clone(), self.source.is_proxy),
            (None, by_pod) => match by_pod() {
                Some(selector) => (selector.name.clone(), selector.is_proxy()),
                None => (workload(pod).to_owned(), false),
            },
        };
        self.label = label(&self.source.environment, &self.service);
        self.pod = Some(pod.to_owned());
    }

    pub fn label(&self) -> &str {
        &self.label
    }

    pub fn pod(&self) -> &str {
        self.pod.as_deref().unwrap_or_default()
    }

    pub fn is_proxy(&self) -> bool {
        self.is_proxy
    }

    /// The names of service and pod in their tables, and what was counted of them; `None` if nothing was.
    pub(super) fn take(&mut self) -> Option<(String, String, Affected)> {
        let affected = mem::take(&mut self.affected);
        (affected.lines > 0).then(|| {
            let service = format!("{}{SEPARATOR}{}", self.source.environment, self.service);
            let pod = format!("{service}{SEPARATOR}{}", self.pod());
            (service, pod, affected)
        })
    }
}

/// The parts of a name in the tables: environment, service, and pod if it is one.
pub(in super::super) fn parts(name: &str) -> (&str, &str, &str) {
    let mut parts = name.splitn(3, SEPARATOR);
    let mut next = || parts.next().unwrap_or_default();
    (next(), next(), next())
}

/// Environment and service, as people are told.
pub(in super::super) fn label(environment: &str, service: &str) -> String {
    match environment {
        "" => service.to_owned(),
        _ => format!("{environment} {service}"),
    }
}
