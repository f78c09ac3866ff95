//! What is wrong, or odd, in a configuration, and where it stands.

use std::{fmt, path::PathBuf};

/// Where a value came from. Places in one file are in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    File(PathBuf),
    Line(PathBuf, usize),
    /// Line and column, both from 1.
    Column(PathBuf, usize, usize),
    /// The name of an environment variable.
    Variable(String),
    /// A flag as it is typed.
    Flag(String),
    /// Nothing was given: the default.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Line(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Column(path, line, column) => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
            Self::Default => f.write_str("configuration"),
        }
    }
}

/// One thing to tell: an error or a warning, whoever holds it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    pub message: String,
    pub hint: Option<String>,
}

impl Problem {
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            hint: None,
        }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Everything that is wrong, in the order in which it was found; never empty where it is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// The first way out that one of them knows.
    pub fn hint(&self) -> Option<String> {
        self.0.iter().find_map(|problem| problem.hint.clone())
    }
}

impl From<Vec<Problem>> for Problems {
    fn from(problems: Vec<Problem>) -> Self {
        Self(problems)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.0.as_slice() {
            return problem.fmt(f);
        }
        write!(f, "the configuration has {} errors", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// The one of `known` that was most probably meant by `word`, if any is near enough.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = |text: &str| text.to_lowercase().replace(['-', '.'], "_");
    let word = folded(word);
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&word, &folded(known)), known))
        .filter(|(distance, known)| *distance < word.len() && *distance <= word.len().max(known.len()).div_ceil(4))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// `a`, `b` and `c` — or `nothing` of none.
pub fn listed<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| format!("`{item}`")).collect();
    match (items.pop(), items.is_empty()) {
        (None, _) => "nothing".to_owned(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} and {last}", items.join(", ")),
    }
}

/// The same as a clause.
pub fn there_is<T: fmt::Display>(items: &[T]) -> String {
    let verb = if items.len() > 1 { "are" } else { "is" };
    format!("there {verb} {}", listed(items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["brokers", "topics", "producer", "producer_config"];
        for (word, meant) in [
            ("brokrs", Some("brokers")),
            ("Brokers", Some("brokers")),
            ("topcis", Some("topics")),
            ("producer-config", Some("producer_config")),
            ("x", None),
            ("", None),
            ("storage", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }

    #[test]
    fn several_problems_are_told_together() {
        let at = |line| Place::Line("f.yaml".into(), line);
        let one = Problem::new(at(1), "bad");
        let two = Problem::new(at(2), "worse").hint("mend it");
        assert_eq!(Problems::from(vec![one.clone()]).to_string(), "f.yaml:1: bad");
        let both = Problems::from(vec![one, two]);
        assert_eq!(
            both.to_string(),
            "the configuration has 2 errors\n  f.yaml:1: bad\n  f.yaml:2: worse"
        );
        assert_eq!(both.hint().as_deref(), Some("mend it"));
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(listed::<&str>([]), "nothing");
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
