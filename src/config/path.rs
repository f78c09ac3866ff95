//! Where a value stands in a YAML document: `kafka.brokers`, `environments[1].selectors[0]`.

use std::fmt;

use serde_yaml::{Mapping, Value};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Key(String),
    Index(usize),
}

/// The way from the root of a document to one value. A list of steps and not a text: keys may hold dots.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(Vec<Step>);

impl KeyPath {
    pub fn of<const N: usize>(keys: [&str; N]) -> Self {
        Self(keys.iter().map(|key| Step::Key((*key).to_owned())).collect())
    }

    pub fn from_steps(steps: &[Step]) -> Self {
        Self(steps.to_vec())
    }

    /// `a.b.c`, for keys that hold no dots.
    pub fn dotted(text: &str) -> Self {
        Self(text.split('.').map(|key| Step::Key(key.to_owned())).collect())
    }

    pub fn key(&self, key: impl Into<String>) -> Self {
        self.step(Step::Key(key.into()))
    }

    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    pub fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// This way, and then that one.
    pub fn join(&self, rest: &Self) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The keys on the way.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }

    pub fn starts_with(&self, start: &Self) -> bool {
        self.0.starts_with(&start.0)
    }

    /// What comes behind `start`; `None` if this is elsewhere.
    pub fn below(&self, start: &Self) -> Option<Self> {
        self.0.strip_prefix(start.0.as_slice()).map(|rest| Self(rest.to_vec()))
    }

    /// The first `count` steps, and the key that comes then.
    pub fn split_at(&self, count: usize) -> Option<(Self, &str)> {
        match self.0.get(count)? {
            Step::Key(key) => Some((Self(self.0[..count].to_vec()), key)),
            Step::Index(_) => None,
        }
    }

    pub fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    /// The last key on the way, which names the value; a list's items go by the name of the list.
    pub fn name(&self) -> &str {
        let key = self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        key.unwrap_or("")
    }

    /// The way to the nearest mapping entry: without the list indices that it ends in.
    pub fn entry(&self) -> Self {
        let end = self.0.iter().rposition(|step| matches!(step, Step::Key(_)));
        Self(self.0[..end.map_or(0, |end| end + 1)].to_vec())
    }

    pub fn find<'a>(&self, root: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(root, |value, step| match step {
            Step::Key(key) => value.as_mapping()?.get(key.as_str()),
            Step::Index(index) => value.as_sequence()?.get(*index),
        })
    }

    /// Puts `value` here, making the mappings on the way. Nothing happens where a list or a scalar is in the way.
    pub fn insert(&self, root: &mut Value, value: Value) {
        let Some((Step::Key(last), way)) = self.0.split_last() else {
            return;
        };
        let mut at = root;
        for step in way {
            let Step::Key(key) = step else { return };
            if at.is_null() {
                *at = Value::Mapping(Mapping::new());
            }
            let Some(mapping) = at.as_mapping_mut() else { return };
            at = mapping.entry(key.as_str().into()).or_insert(Value::Null);
        }
        if at.is_null() {
            *at = Value::Mapping(Mapping::new());
        }
        if let Some(mapping) = at.as_mapping_mut() {
            mapping.insert(last.as_str().into(), value);
        }
    }

    /// Takes the mapping entry at this path out, keeping the order of the others.
    pub fn remove(&self, root: &mut Value) -> Option<Value> {
        let (Step::Key(last), way) = self.0.split_last()? else {
            return None;
        };
        let mut at = root;
        for step in way {
            at = match step {
                Step::Key(key) => at.as_mapping_mut()?.get_mut(key.as_str())?,
                Step::Index(index) => at.as_sequence_mut()?.get_mut(*index)?,
            };
        }
        at.as_mapping_mut()?.shift_remove(last.as_str())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if number == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl From<&serde_path_to_error::Path> for KeyPath {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment;
        let steps = path.iter().filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        Self(steps.collect())
    }
}

impl From<&serde_ignored::Path<'_>> for KeyPath {
    fn from(path: &serde_ignored::Path<'_>) -> Self {
        use serde_ignored::Path;
        match path {
            Path::Root => Self::default(),
            Path::Seq { parent, index } => Self::from(*parent).index(*index),
            Path::Map { parent, key } => Self::from(*parent).key(key),
            Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
                Self::from(*parent)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_people_write_them() {
        let path = KeyPath::of(["environments"]).index(1).key("selectors").index(0);
        assert_eq!(path.to_string(), "environments[1].selectors[0]");
        assert_eq!(path.name(), "selectors");
        assert_eq!(path.entry().to_string(), "environments[1].selectors");
    }

    #[test]
    fn values_are_put_found_and_taken() {
        let mut root = Value::Null;
        let path = KeyPath::dotted("kafka.topics.blobs");
        path.insert(&mut root, "Blobs".into());
        assert_eq!(path.find(&root), Some(&"Blobs".into()));
        assert_eq!(path.remove(&mut root), Some("Blobs".into()));
        assert_eq!(path.find(&root), None);
        let mut scalar = Value::from(3);
        path.insert(&mut scalar, "Blobs".into());
        assert_eq!(scalar, Value::from(3), "a scalar in the way stays");
    }
}
