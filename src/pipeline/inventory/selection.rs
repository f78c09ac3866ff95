//! Which blobs of an environment are meant.

use crate::domain::{BlobName, Date, Selector, Selectors, blob_name, event::BlobState};

/// Blobs by day and service.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The days that storage is asked for; all if there is none.
    pub days: Vec<Date>,
    /// Whether states of other days count as well.
    pub states_of_all_days: bool,
    /// Blobs of these services; what belongs to none of them is nobody's to ingest.
    pub services: Vec<Selector>,
    /// The services were asked for by name, so that states of others do not count.
    pub services_are_named: bool,
}

impl Selection {
    /// What storage is asked for, so that nothing that is wanted is left out.
    pub fn prefixes(&self) -> Vec<String> {
        let pods = match self.services.as_slice() {
            [only] => only.pod_prefix.as_str(),
            _ => "",
        };
        match self.days.is_empty() {
            true => vec![blob_name::DIRECTORY.to_owned()],
            false => {
                let prefixes = self.days.iter().map(|day| blob_name::listing_prefix(*day, pods));
                prefixes.collect()
            }
        }
    }

    /// Whether a blob that storage lists is meant.
    pub fn wants(&self, name: &str) -> bool {
        BlobName::parse(name).is_some_and(|parsed| {
            (self.days.is_empty() || self.days.contains(&parsed.date))
                && self.services.iter().any(|service| service.matches(&parsed))
        })
    }

    /// Whether a blob that Kafka knows is meant. It may have been ingested as another service than its name says.
    pub fn wants_state(&self, state: &BlobState) -> bool {
        let name = state.blob_name.as_str();
        let of_day = self.days.is_empty()
            || self.states_of_all_days
            || self
                .days
                .iter()
                .any(|day| name.starts_with(&blob_name::listing_prefix(*day, "")));
        let parsed = BlobName::parse(name);
        let of_service = !self.services_are_named
            || self.services.iter().any(|service| {
                service.name == state.service_selector || parsed.is_some_and(|parsed| service.matches(&parsed))
            });
        of_day && of_service
    }

    /// All services of `selectors`, or the one that was asked for by a name, an alias or the start of pods' names.
    pub fn services_of(selectors: &Selectors, named: Option<&str>) -> Vec<Selector> {
        match named {
            Some(name) => vec![selectors.resolve(name)],
            None => selectors.iter().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::EnvironmentId, pipeline::inventory::states};

    fn name(date: &str, pod: &str) -> String {
        format!("kubernetes/{date}.{pod}_default_platform-{}.gz", "0a".repeat(32))
    }

    fn selection(days: &[&str], service: Option<&str>) -> Selection {
        Selection {
            days: days.iter().map(|day| day.parse().unwrap()).collect(),
            states_of_all_days: false,
            services: Selection::services_of(&Selectors::default(), service),
            services_are_named: service.is_some(),
        }
    }

    #[test]
    fn blobs_of_days_and_services() {
        let day = "20250606";
        for (selection, prefix, wanted, not_wanted) in [
            (
                selection(&[], None),
                "kubernetes/",
                name(day, "api-x"),
                name(day, "solr-0"),
            ),
            (
                selection(&[day], None),
                "kubernetes/20250606.",
                name(day, "api-x"),
                name("20250607", "api-x"),
            ),
            (
                selection(&[day], Some("api-service")),
                "kubernetes/20250606.api-",
                name(day, "api-x"),
                name(day, "backoffice-0"),
            ),
            (
                selection(&[day], Some("solr")),
                "kubernetes/20250606.solr",
                name(day, "solr-0"),
                name(day, "api-x"),
            ),
        ] {
            assert_eq!(selection.prefixes(), [prefix]);
            assert!(selection.wants(&wanted), "{wanted}");
            assert!(!selection.wants(&not_wanted), "{not_wanted}");
        }
    }

    #[test]
    fn states_are_taken_by_day_and_by_the_service_that_they_name() {
        let environment = EnvironmentId::new("cp2", "P1");
        let state = |date: &str, pod: &str| states::example(&environment, &name(date, pod));
        let day = "20250606";
        assert!(selection(&[day], None).wants_state(&state(day, "solr-0")));
        assert!(!selection(&[day], None).wants_state(&state("20250607", "api-x")));
        let all_days = Selection {
            states_of_all_days: true,
            ..selection(&[day], None)
        };
        assert!(all_days.wants_state(&state("20250607", "api-x")));
        // Ingested with `--service api`, as the example is.
        assert!(selection(&[], Some("api")).wants_state(&state(day, "solr-0")));
        assert!(selection(&[], Some("solr")).wants_state(&state(day, "solr-0")));
        assert!(!selection(&[], Some("jsapps")).wants_state(&state(day, "solr-0")));
    }
}
