//! What stands on the command line so far.

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::config::Environment;

/// The words up to the cursor, as a program would be given them. The last is the one that is being typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(Vec<String>);

/// A process completes one word of one line and ends; what completes a value is asked without the line.
static TYPED: OnceLock<Line> = OnceLock::new();

impl Line {
    pub(super) fn new(words: impl IntoIterator<Item = String>) -> Self {
        Self(words.into_iter().collect())
    }

    pub(super) fn keep(self) {
        // Whoever asks first is the one.
        let _ = TYPED.set(self);
    }

    pub(super) fn typed() -> Self {
        TYPED.get().cloned().unwrap_or_default()
    }

    /// The words before the one that is being typed.
    fn before(&self) -> &[String] {
        self.0.split_last().map_or(&[], |(_, before)| before)
    }

    /// Whether this is a line of the command called `name`.
    pub(super) fn is_of(&self, name: &str) -> bool {
        self.before().iter().skip(1).any(|word| word == name)
    }

    /// The values of a flag, taken apart at commas: `--env P1,P2`, `--env=P1`, `-e P1`, `-eP1`.
    pub(super) fn values(&self, long: &str, short: Option<char>) -> Vec<String> {
        let (long, short) = (format!("--{long}"), short.map(|short| format!("-{short}")));
        let mut words = self
            .before()
            .iter()
            .map(String::as_str)
            .take_while(|word| *word != "--");
        let mut values = Vec::new();
        while let Some(word) = words.next() {
            let value = match &short {
                _ if word == long => words.next(),
                _ if word.starts_with(&long) => word[long.len()..].strip_prefix('='),
                Some(short) if word == short => words.next(),
                Some(short) if !word.starts_with("--") => {
                    let attached = word.strip_prefix(short.as_str());
                    attached.map(|value| value.strip_prefix('=').unwrap_or(value))
                }
                _ => None,
            };
            values.extend(value.into_iter().flat_map(|value| value.split(',')).map(str::to_owned));
        }
        values.retain(|value| !value.is_empty());
        values
    }

    pub(super) fn value(&self, long: &str, short: Option<char>) -> Option<String> {
        self.values(long, short).pop()
    }

    /// The configuration file that the line names.
    pub(super) fn config(&self, environment: &Environment) -> Option<PathBuf> {
        let named = self.value("config", None).map(|path| expand(&path, environment));
        // The old monitor's only argument.
        let positional = || {
            let words = self.before().iter().skip_while(|word| *word != "monitor").skip(1);
            let mut files = words.filter(|word| !word.starts_with('-'));
            files.find_map(|word| Some(expand(word, environment)).filter(|path| path.is_file()))
        };
        named.or_else(positional)
    }
}

/// What the shell would make of `~/…` and `$HOME/…`, had it run the line already.
fn expand(path: &str, environment: &Environment) -> PathBuf {
    let below_home = ["~/", "$HOME/", "${HOME}/"]
        .iter()
        .find_map(|home| path.strip_prefix(home));
    match below_home.zip(environment.home()) {
        Some((rest, home)) => home.join(rest),
        None => Path::new(path).to_owned(),
    }
}

/// In which quotes a word that is not finished stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quotes {
    None,
    Single,
    Double,
}

/// Takes a line apart as bash does, but for what it would put in the place of variables. The last word, which may be empty, is
/// the one that the line ends in.
pub(super) fn split(line: &str) -> (Vec<String>, Quotes) {
    let mut words = vec![String::new()];
    let (mut quotes, mut is_word) = (Quotes::None, false);
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        let word = words.last_mut();
        let Some(word) = word else { break };
        match (quotes, char) {
            (Quotes::None, ' ' | '\t' | '\n') => {
                if is_word {
                    words.push(String::new());
                }
                is_word = false;
                continue;
            }
            (Quotes::None, '\'') => quotes = Quotes::Single,
            (Quotes::None, '"') => quotes = Quotes::Double,
            (Quotes::Single, '\'') | (Quotes::Double, '"') => quotes = Quotes::None,
            (Quotes::None, '\\') => word.extend(chars.next()),
            (Quotes::Double, '\\') if chars.peek().is_some_and(|next| "\"\\$`".contains(*next)) => {
                word.extend(chars.next());
            }
            (_, char) => word.push(char),
        }
        is_word = true;
    }
    (words, quotes)
}

/// A word as the shell reads it, in the quotes that are open already.
pub(super) fn quoted(word: &str, quotes: Quotes) -> String {
    let special = |char: char| match quotes {
        Quotes::None => !char.is_alphanumeric() && !"/.,:=@%+_-".contains(char),
        // Nothing can be quoted in there.
        Quotes::Single => false,
        Quotes::Double => "\"\\$`".contains(char),
    };
    let mut quoted = String::with_capacity(word.len());
    for char in word.chars() {
        if special(char) {
            quoted.push('\\');
        }
        quoted.push(char);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::new(split(text).0)
    }

    #[test]
    fn lines_are_taken_apart_as_bash_does() {
        for (text, words, quotes) in [
            ("", &[""][..], Quotes::None),
            ("clp", &["clp"], Quotes::None),
            ("clp  tail ", &["clp", "tail", ""], Quotes::None),
            ("clp --env=cp2/P", &["clp", "--env=cp2/P"], Quotes::None),
            (r"clp my\ env", &["clp", "my env"], Quotes::None),
            (r#"clp "my e"#, &["clp", "my e"], Quotes::Double),
            (r#"clp "a\"b\n" "#, &["clp", "a\"b\\n", ""], Quotes::None),
            ("clp 'it", &["clp", "it"], Quotes::Single),
            (r"clp 'a\' b", &["clp", "a\\", "b"], Quotes::None),
            ("clp '' x", &["clp", "", "x"], Quotes::None),
            ("clp a:b=c", &["clp", "a:b=c"], Quotes::None),
        ] {
            assert_eq!(
                split(text),
                (words.iter().map(|word| (*word).to_owned()).collect(), quotes),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_quoted_is_read_as_it_was() {
        for word in [
            "P1",
            "cp2/P1",
            "my env",
            "a:b",
            "it's",
            "$HOME",
            "\"",
            "a*b",
            "kubernetes/20250606.api-x_y.gz",
            "ü",
        ] {
            assert_eq!(split(&quoted(word, Quotes::None)).0, [word]);
            let inside = format!("\"{}", quoted(word, Quotes::Double));
            assert_eq!(split(&inside), (vec![word.to_owned()], Quotes::Double));
        }
    }

    #[test]
    fn values_of_flags() {
        for (text, values) in [
            ("clp tail --env P1 ", &["P1"][..]),
            (
                "clp tail --env=P1,P2 -e P3 -eP4 -e=P5 ",
                &["P1", "P2", "P3", "P4", "P5"],
            ),
            ("clp tail --env P1 --env ", &["P1"]),
            ("clp tail --env P1", &[]),
            ("clp tail --environments P1 --exclude P2 ", &[]),
            ("clp tail -- --env P1 ", &[]),
            ("", &[]),
        ] {
            assert_eq!(line(text).values("env", Some('e')), values, "{text}");
        }
    }

    #[test]
    fn the_configuration_that_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("m.yaml");
        std::fs::write(&file, "").unwrap();
        let environment = Environment::new([("HOME", home.path().to_str().unwrap())], ".");
        let file_text = file.to_str().unwrap();
        for (text, wanted) in [
            ("clp --config ~/c.yaml tail ", Some(home.path().join("c.yaml"))),
            ("clp tail --config=$HOME/c.yaml -e ", Some(home.path().join("c.yaml"))),
            ("clp tail --config ", None),
            ("clp monitor ~/m.yaml --env ", Some(file.clone())),
            ("clp monitor --once --env ", None),
            (&format!("clp tail {file_text} --env "), None),
        ] {
            assert_eq!(line(text).config(&environment), wanted, "{text}");
        }
    }
}
