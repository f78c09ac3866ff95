//! What is said of a service that nothing is known of. It may be the start of pods' names, so it is no error by itself.

use crate::{
    cli::to_stderr,
    config::{misspelled, nearest},
    domain::Selectors,
};

/// Says what may be wrong where nothing was found of the service that was asked for, if one was.
pub(super) fn tell_nothing_of(wanted: Option<&str>, selectors: &Selectors) {
    if let Some(hint) = wanted.and_then(|wanted| nothing_of(wanted, selectors)) {
        to_stderr(&format!("hint: {hint}"));
    }
}

/// `None` of a service that is known.
fn nothing_of(wanted: &str, selectors: &Selectors) -> Option<String> {
    if selectors.named(wanted).is_some() {
        return None;
    }
    let way_out = match meant(wanted, selectors) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the services are {}", names(selectors)),
    };
    Some(format!(
        "no service is called `{wanted}`, and no pod's name begins so; {way_out}"
    ))
}

/// What is said before anything is looked for, if the name looks like a mistake.
pub(super) fn doubt(wanted: &str, selectors: &Selectors) -> Option<String> {
    let near = misspelled(wanted, selectors)?;
    Some(format!(
        "no service is called `{wanted}`, so pods are meant whose names begin so; did you mean `{near}`?"
    ))
}

/// The service that was most probably meant.
pub(super) fn meant<'a>(wanted: &str, selectors: &'a Selectors) -> Option<&'a str> {
    let names = selectors.iter().flat_map(|selector| {
        let aliases = selector.aliases.iter().map(String::as_str);
        std::iter::once(selector.name.as_str()).chain(aliases)
    });
    nearest(wanted, names)
}

/// The names of all services.
pub(super) fn names(selectors: &Selectors) -> String {
    let names: Vec<&str> = selectors.iter().map(|selector| selector.name.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_guessed() {
        let selectors = Selectors::default();
        for (wanted, hint) in [
            ("api", None),
            ("api-service", None),
            (
                "aip",
                Some("no service is called `aip`, and no pod's name begins so; did you mean `api`?"),
            ),
            (
                "backofice",
                Some("no service is called `backofice`, and no pod's name begins so; did you mean `backoffice`?"),
            ),
            (
                "solr",
                Some(
                    "no service is called `solr`, and no pod's name begins so; the services are apache-proxy, api, backoffice, \
                     background-processing, jsapps, imageprocessing, zookeeper",
                ),
            ),
        ] {
            assert_eq!(nothing_of(wanted, &selectors).as_deref(), hint, "{wanted}");
        }
    }

    #[test]
    fn the_start_of_a_pods_name_is_doubted_by_nobody() {
        let selectors = Selectors::default();
        for (wanted, is_doubted) in [
            ("aip", true),
            ("web-ap", true),
            ("api", false),
            ("ap", false),
            ("api-7", false),
            ("apache2", false),
            ("solr", false),
        ] {
            assert_eq!(doubt(wanted, &selectors).is_some(), is_doubted, "{wanted}");
        }
    }
}
