//! The names of blobs that were seen last, kept between runs for completion.
//!
//! One file for each container of each environment of each configuration, in `$XDG_CACHE_HOME/clp/blobs` or
//! `~/.cache/clp/blobs`, readable by its owner alone:
//!
//! ```text
//! clp-blob-names 1 <when storage was last asked, seconds since 1970>
//! <last write, seconds since 1970><tab><name>     the newest first
//! ```
//!
//! It is a convenience and nothing more: what can not be read counts as nothing, and what can not be written is left.

mod names;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use twox_hash::XxHash3_128;

use crate::{
    config::{Environment, Loaded},
    domain::EnvironmentId,
    storage::BlobProperties,
};
pub use names::{BlobNames, MAX_NAMES};

const MAX_FILE_BYTES: u64 = 8 << 20;
/// Containers that are kept; of more, those that were not asked for longest go.
const MAX_FILES: usize = 64;
/// If it is set to anything, names are neither kept nor looked up.
const OFF: &str = "CLP_NO_CACHE";

/// Where the names of one container are kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamesFile(PathBuf);

impl NamesFile {
    /// Of an environment's container; the name of the file tells of none of them. `None` where nothing is to be kept.
    pub fn of(loaded: &Loaded, environment: &Environment, id: &EnvironmentId, container: Option<&str>) -> Option<Self> {
        if environment.get(OFF).is_some() {
            return None;
        }
        let config = &loaded.config;
        let account = config.account(id);
        let configured = || account.and_then(|account| account.container_name.as_deref());
        let container = container.or_else(configured).unwrap_or(&config.storage.container_name);
        let mut hasher = XxHash3_128::new();
        let mut add = |part: &[u8]| {
            hasher.write(part);
            // Lest the end of one part could be the beginning of the next.
            hasher.write(&[0]);
        };
        for file in &loaded.files {
            add(file
                .canonicalize()
                .unwrap_or_else(|_| file.clone())
                .as_os_str()
                .as_encoded_bytes());
        }
        add(id.to_string().as_bytes());
        add(container.as_bytes());
        if let Some(account) = account {
            let texts = [&account.account_name, &account.endpoint];
            texts
                .into_iter()
                .for_each(|text| add(text.as_deref().unwrap_or_default().as_bytes()));
            let directory = account.directory.as_deref().unwrap_or(Path::new(""));
            add(directory.as_os_str().as_encoded_bytes());
        }
        let name = format!("{:032x}", hasher.finish_128());
        Some(Self(directory(environment)?.join(name)))
    }

    /// Nothing where there is nothing, or nothing of this form.
    pub fn read(&self) -> BlobNames {
        let read = || {
            let mut text = String::new();
            fs::File::open(&self.0)?
                .take(MAX_FILE_BYTES)
                .read_to_string(&mut text)?;
            Ok::<_, io::Error>(text)
        };
        read().ok().and_then(|text| BlobNames::parse(&text)).unwrap_or_default()
    }

    /// Adds to what is kept. Whoever reads meanwhile finds the old file or the new one.
    pub fn add(&self, names: BlobNames) {
        if let Err(error) = self.write(names) {
            tracing::debug!("{}: {error}", self.0.display());
        }
    }

    fn write(&self, names: BlobNames) -> io::Result<()> {
        let directory = self.0.parent().ok_or(io::ErrorKind::NotFound)?;
        let mut all = self.read();
        all.merge(names);
        make_private(directory)?;
        // Readable by its owner alone, as all of tempfile's.
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(all.text().as_bytes())?;
        file.persist(&self.0)?;
        drop_oldest(directory)
    }
}

fn directory(environment: &Environment) -> Option<PathBuf> {
    let named = environment.get("XDG_CACHE_HOME").map(PathBuf::from);
    // A path that is not absolute is to be ignored, says the specification.
    let named = named.filter(|path| path.is_absolute());
    let cache = named.or_else(|| Some(environment.home()?.join(".cache")))?;
    Some(cache.join("clp/blobs"))
}

fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn drop_oldest(directory: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let superfluous = files.len().saturating_sub(MAX_FILES);
    files
        .iter()
        .take(superfluous)
        .try_for_each(|(_, file)| fs::remove_file(file))
}

/// What the lists of this run have told so far.
#[derive(Clone, Debug, Default)]
pub struct SeenNames(Arc<Mutex<BTreeMap<NamesFile, BlobNames>>>);

impl SeenNames {
    pub fn add(&self, file: &NamesFile, blobs: &[BlobProperties]) {
        // Whoever panicked with it left it whole.
        let mut seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.entry(file.clone()).or_default().add(blobs);
    }

    /// Keeps it for completion.
    pub fn keep(&self) {
        let mut seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (file, names) in std::mem::take(&mut *seen) {
            file.add(names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        names::tests::{blob, names},
        *,
    };

    #[test]
    fn what_is_written_is_read_and_added_to() {
        let home = tempfile::tempdir().unwrap();
        let environment = Environment::new([("HOME", home.path().to_str().unwrap())], ".");
        let loaded = Loaded::default();
        let id = EnvironmentId::new("cp2", "P1");
        let file = NamesFile::of(&loaded, &environment, &id, None).unwrap();
        assert_eq!(file.read(), BlobNames::default());
        let seen = SeenNames::default();
        seen.add(&file, &[blob("kubernetes/a", 1), blob("kubernetes/ü", 3)]);
        seen.keep();
        assert!(file.read().age_seconds() < 60);
        let mut more = BlobNames::default();
        more.add(&[blob("kubernetes/c", 2), blob("kubernetes/a", 4)]);
        file.add(more);
        assert_eq!(names(&file.read()), ["kubernetes/a", "kubernetes/ü", "kubernetes/c"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&file.0), mode(file.0.parent().unwrap())), (0o600, 0o700));
        }
        let other = EnvironmentId::new("cp2", "P2");
        let container = Some("commerce-logging");
        assert_ne!(NamesFile::of(&loaded, &environment, &other, None), Some(file.clone()));
        assert_ne!(NamesFile::of(&loaded, &environment, &id, container), Some(file.clone()));
        let off = Environment::new([("HOME", "/h"), ("CLP_NO_CACHE", "1")], ".");
        assert_eq!(NamesFile::of(&loaded, &off, &id, None), None);
    }

    #[test]
    fn files_of_containers_that_nobody_asks_for_go() {
        let root = tempfile::tempdir().unwrap();
        for n in 0..MAX_FILES + 3 {
            let path = root.path().join(n.to_string());
            fs::write(&path, "").unwrap();
            let then = std::time::UNIX_EPOCH + std::time::Duration::from_secs(n as u64);
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(then)
                .unwrap();
        }
        drop_oldest(root.path()).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), MAX_FILES);
        assert!(!root.path().join("2").exists() && root.path().join("3").exists());
    }
}
