//! Values that must not be seen.

use std::fmt;

/// A credential. Neither `Debug` nor `Display` nor serialisation shows more of it than its first four characters, and
/// nothing at all of a short one; only [`Secret::expose`] gives the value.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

/// A secret shorter than this is hidden whole: four characters of it would tell too much.
const SHOWN_FROM_LEN: usize = 16;
const SHOWN_CHARS: usize = 4;

impl Secret {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the request that needs it and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.chars().count() >= SHOWN_FROM_LEN {
            let shown: String = self.0.chars().take(SHOWN_CHARS).collect();
            write!(f, "{shown}****")
        } else {
            f.write_str("****")
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_a_secret() {
        let key = Secret::new("abcdefghijklmnopqrstuvwxyz==");
        assert_eq!(format!("{key} {key:?} {key:#?}"), "abcd**** abcd**** abcd****");
        assert_eq!(serde_json::to_string(&key).unwrap(), "\"abcd****\"");
        assert_eq!(Secret::new("hunter2-hunter2").to_string(), "****");
        assert_eq!(key.expose(), "abcdefghijklmnopqrstuvwxyz==");
    }
}
