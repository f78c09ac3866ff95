//! A local directory as a container: each file below it is a blob named by its path, with `/` between the parts.
//!
//! Names that start with a dot, at any depth, are not listed: copying tools keep their unfinished files under such
//! names. A link to a file is a blob; a link to a directory below the container's own is not followed. Files may grow
//! while they are read, as blobs do.

use std::collections::{BTreeSet, BinaryHeap};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::error::{Error, Kind};
use super::{BlobProperties, GROUP_END, PAGE_SIZE, Page};

#[derive(Clone)]
pub(super) struct DirectoryContainer {
    path: Arc<Path>,
    description: Arc<str>,
}

impl DirectoryContainer {
    pub(super) fn open(path: &Path) -> Self {
        Self {
            path: path.into(),
            description: format!("directory {}", path.display()).into(),
        }
    }

    pub(super) fn describe(&self) -> &str {
        &self.description
    }

    pub(super) async fn page(&self, prefix: &str, next: Option<String>) -> Result<Page, Error> {
        let (this, prefix) = (self.clone(), prefix.to_owned());
        self.blocking(move || this.read_page(&prefix, next.as_deref(), PAGE_SIZE))
            .await
    }

    pub(super) async fn groups(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let (this, prefix) = (self.clone(), prefix.to_owned());
        self.blocking(move || {
            let mut groups = BTreeSet::new();
            this.walk(&prefix, None, &mut |name| {
                let group = group(&name, prefix.len());
                if !groups.contains(group) {
                    groups.insert(group.to_owned());
                }
            })?;
            Ok(groups.into_iter().collect())
        })
        .await
    }

    pub(super) async fn properties(&self, name: &str) -> Result<BlobProperties, Error> {
        let path = self.file(name)?;
        let (this, name) = (self.clone(), name.to_owned());
        self.blocking(move || {
            let metadata = fs::metadata(path).and_then(only_files);
            let metadata = metadata.map_err(|error| this.blob_error(&name, &error))?;
            properties(name.clone(), &metadata).map_err(|error| this.blob_error(&name, &error))
        })
        .await
    }

    pub(super) async fn read(&self, name: &str, range: Range<u64>) -> Result<Bytes, Error> {
        let path = self.file(name)?;
        let (this, name) = (self.clone(), name.to_owned());
        self.blocking(move || read_file(&path, range).map_err(|error| this.blob_error(&name, &error)))
            .await
    }

    /// Reading a directory from its beginning for each page and keeping only the page's names makes listing as long
    /// as it must be, and memory flat. Only the files of the page are asked for their size.
    fn read_page(&self, prefix: &str, after: Option<&str>, page_size: usize) -> Result<Page, Error> {
        // The greatest of the page's names is on top, and goes when a smaller one comes.
        let mut names = BinaryHeap::with_capacity(page_size + 1);
        let mut more = false;
        self.walk(prefix, after, &mut |name| {
            names.push(name);
            if names.len() > page_size {
                names.pop();
                more = true;
            }
        })?;
        let names = names.into_sorted_vec();
        let next = names.last().filter(|_| more).cloned();
        let mut blobs = Vec::with_capacity(names.len());
        for name in names {
            let found = fs::metadata(self.path.join(&name)).and_then(only_files);
            match found.and_then(|metadata| properties(name.clone(), &metadata)) {
                Ok(blob) => blobs.push(blob),
                // Deleted since, or a link to nothing.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(self.blob_error(&name, &error)),
            }
        }
        Ok(Page { blobs, next })
    }

    /// Calls `found` for each blob whose name starts with `prefix` and comes after `after`, in no order.
    fn walk(&self, prefix: &str, after: Option<&str>, found: &mut dyn FnMut(String)) -> Result<(), Error> {
        let mut directories = vec![String::new()];
        while let Some(directory) = directories.pop() {
            let entries = match fs::read_dir(self.path.join(&directory)) {
                Ok(entries) => entries,
                // A directory below may go at any time; the container's own may not.
                Err(error) if error.kind() == ErrorKind::NotFound && !directory.is_empty() => continue,
                Err(error) => return Err(self.directory_error(&directory, &error)),
            };
            for entry in entries {
                let entry = entry.map_err(|error| self.directory_error(&directory, &error))?;
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                    tracing::warn!(directory = %self.path.display(), file = ?entry.file_name(), "not listed: its name is not UTF-8");
                    continue;
                };
                if name.starts_with('.') {
                    continue;
                }
                let name = format!("{directory}{name}");
                let file_type = entry.file_type().map_err(|error| self.blob_error(&name, &error))?;
                if file_type.is_dir() {
                    let inner = format!("{name}/");
                    let wanted = inner.starts_with(prefix) || prefix.starts_with(&inner);
                    let done = after.is_some_and(|after| inner.as_str() < after && !after.starts_with(&inner));
                    if wanted && !done {
                        directories.push(inner);
                    }
                } else if name.starts_with(prefix)
                    && after.is_none_or(|after| name.as_str() > after)
                    && (file_type.is_file() || entry.path().is_file())
                {
                    found(name);
                }
            }
        }
        Ok(())
    }

    /// The path of a blob, which must not lead out of the directory.
    fn file(&self, name: &str) -> Result<PathBuf, Error> {
        let inside = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        match name.split('/').all(inside) {
            true => Ok(self.path.join(name)),
            false => Err(Error::invalid(
                self.blob(name),
                "not a blob's name: it would lie outside the directory",
            )),
        }
    }

    fn blob(&self, name: &str) -> String {
        format!("blob {name} in {}", self.description)
    }

    fn blob_error(&self, name: &str, error: &io::Error) -> Error {
        let kind = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory if !self.path.is_dir() => {
                return self.directory_error("", error);
            }
            ErrorKind::NotFound | ErrorKind::NotADirectory => Kind::BlobNotFound,
            ErrorKind::PermissionDenied => Kind::Forbidden,
            _ => Kind::Io,
        };
        Error::new(kind, self.blob(name), error.to_string())
    }

    fn directory_error(&self, below: &str, error: &io::Error) -> Error {
        let kind = match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Kind::ContainerNotFound,
            ErrorKind::PermissionDenied => Kind::Forbidden,
            _ => Kind::Io,
        };
        let path = self.path.join(below);
        Error::new(kind, format!("directory {}", path.display()), error.to_string())
    }

    /// Files block, and must not do so on tokio's own threads.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => result,
            Err(error) => Err(Error::new(Kind::Io, self.description.as_ref(), error.to_string())),
        }
    }
}

/// The beginning of a name up to and with the first [`GROUP_END`] at or after byte `from`, or the whole name.
fn group(name: &str, from: usize) -> &str {
    match name[from..].find(GROUP_END) {
        Some(end) => &name[..from + end + GROUP_END.len_utf8()],
        None => name,
    }
}

fn only_files(metadata: Metadata) -> io::Result<Metadata> {
    match metadata.is_file() {
        true => Ok(metadata),
        false => Err(io::Error::new(ErrorKind::NotFound, "not a file")),
    }
}

fn properties(name: String, metadata: &Metadata) -> io::Result<BlobProperties> {
    Ok(BlobProperties {
        name,
        size: metadata.len(),
        last_modified: Timestamp::try_from(metadata.modified()?).map_err(io::Error::other)?,
        created: metadata.created().ok().and_then(|time| Timestamp::try_from(time).ok()),
    })
}

fn read_file(path: &Path, range: Range<u64>) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    let size = only_files(file.metadata()?)?.len();
    let length = range.end.min(size).saturating_sub(range.start);
    let mut bytes = Vec::with_capacity(usize::try_from(length).map_err(io::Error::other)?);
    if length > 0 {
        file.seek(SeekFrom::Start(range.start))?;
        file.take(length).read_to_end(&mut bytes)?;
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 7] = [
        "a.txt",
        "kubernetes-old/20250606.x.gz",
        "kubernetes/20250605.api-1.gz",
        "kubernetes/20250606.api-1.gz",
        "kubernetes/20250606.api-2.gz",
        "kubernetes/deep/er/x.gz",
        "kubernetes0.gz",
    ];

    fn container(names: &[&str]) -> (tempfile::TempDir, DirectoryContainer) {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        let container = DirectoryContainer::open(dir.path());
        (dir, container)
    }

    fn names(page: &Page) -> Vec<&str> {
        page.blobs.iter().map(|blob| blob.name.as_str()).collect()
    }

    #[test]
    fn pages_of_any_size_and_prefix_hold_every_name_once_in_byte_order() {
        let (_dir, container) = container(&NAMES);
        for prefix in [
            "",
            "k",
            "kubernetes",
            "kubernetes/",
            "kubernetes/20250606.",
            "kubernetes/deep/e",
            "x",
        ] {
            let mut expected: Vec<&str> = NAMES.into_iter().filter(|name| name.starts_with(prefix)).collect();
            expected.sort();
            for page_size in 1..9 {
                let mut found = Vec::new();
                let mut next: Option<String> = None;
                loop {
                    let page = container.read_page(prefix, next.as_deref(), page_size).unwrap();
                    assert!(page.blobs.len() <= page_size);
                    found.extend(names(&page).into_iter().map(str::to_owned));
                    next = page.next;
                    if next.is_none() {
                        break;
                    }
                }
                assert_eq!(found, expected, "{prefix} by {page_size}");
            }
        }
    }

    #[tokio::test]
    async fn groups_end_at_the_first_dot_behind_the_prefix() {
        let (_dir, container) = container(&NAMES);
        let table: [(&str, &[&str]); 3] = [
            (
                "kubernetes/",
                &["kubernetes/20250605.", "kubernetes/20250606.", "kubernetes/deep/er/x."],
            ),
            (
                "kubernetes/20250606.",
                &["kubernetes/20250606.api-1.", "kubernetes/20250606.api-2."],
            ),
            ("nothing", &[]),
        ];
        for (prefix, expected) in table {
            assert_eq!(container.groups(prefix).await.unwrap(), expected, "{prefix}");
        }
        assert_eq!(group("kubernetes/plain", 11), "kubernetes/plain");
    }

    #[tokio::test]
    async fn files_are_read_by_range_and_may_grow() {
        let (dir, container) = container(&["k/a"]);
        let path = dir.path().join("k/a");
        fs::write(&path, "0123456789").unwrap();
        let table = [(0..4, "0123"), (8..12, "89"), (10..12, ""), (30..40, ""), (4..4, "")];
        for (range, expected) in table {
            assert_eq!(container.read("k/a", range).await.unwrap(), expected);
        }
        fs::write(&path, "0123456789ab").unwrap();
        assert_eq!(container.read("k/a", 8..u64::MAX).await.unwrap(), "89ab");
        let properties = container.properties("k/a").await.unwrap();
        assert_eq!((properties.name.as_str(), properties.size), ("k/a", 12));
    }

    #[tokio::test]
    async fn names_cannot_lead_out_of_the_directory() {
        let (_dir, container) = container(&["k/a"]);
        for name in [
            "",
            "/etc/passwd",
            "../x",
            "k/../../x",
            "k//a",
            "k/./a",
            "k/",
            "k\\..\\x",
            "k\0",
        ] {
            assert_eq!(
                container.read(name, 0..1).await.unwrap_err().kind(),
                Kind::Invalid,
                "{name:?}"
            );
            assert_eq!(
                container.properties(name).await.unwrap_err().kind(),
                Kind::Invalid,
                "{name:?}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_missing_is_named() {
        let (dir, container) = container(&["k/a"]);
        let error = container.read("k/b", 0..1).await.unwrap_err();
        assert_eq!(error.kind(), Kind::BlobNotFound);
        assert_eq!(error.thing(), format!("blob k/b in directory {}", dir.path().display()));
        assert_eq!(container.properties("k").await.unwrap_err().kind(), Kind::BlobNotFound);
        assert_eq!(
            container.properties("k/a/b").await.unwrap_err().kind(),
            Kind::BlobNotFound
        );

        let missing = DirectoryContainer::open(&dir.path().join("other"));
        let error = missing.page("", None).await.unwrap_err();
        assert_eq!(error.kind(), Kind::ContainerNotFound);
        assert!(error.hint().unwrap().contains("directory"));
        assert_eq!(
            missing.read("a", 0..1).await.unwrap_err().kind(),
            Kind::ContainerNotFound
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn links_to_files_are_blobs_and_hidden_or_dangling_ones_are_not() {
        let (dir, container) = container(&["a", ".b.tmp", ".hidden/c", "sub/d"]);
        let link =
            |to: &str, name: &str| std::os::unix::fs::symlink(dir.path().join(to), dir.path().join(name)).unwrap();
        link("a", "linked");
        link("nothing", "dangling");
        link("sub", "subdirectory");
        link(".", "endless");
        let page = container.page("", None).await.unwrap();
        assert_eq!(names(&page), ["a", "linked", "sub/d"]);
        assert_eq!(container.read("linked", 0..9).await.unwrap(), "a");
    }
}
