//! A local directory as a container: each file below it is a blob named by its path, with `/` between the parts.
//!
//! Names that start with a dot, at any depth, are not listed: copying tools keep their unfinished files under such
//! names. A link to a file is a blob; a link to a directory below the container's own is not followed. Files may grow
//! while they are read, as blobs do.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, BinaryHeap};
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::storage::error::{Error, Kind};
use crate::storage::{BlobProperties, GROUP_END, PAGE_SIZE, Page};

#[derive(Clone)]
pub(super) struct DirectoryContainer {
    path: Arc<Path>,
    description: Arc<str>,
}

impl DirectoryContainer {
    /// `description` names the directory in messages.
    pub(super) fn open(path: &Path, description: String) -> Self {
        Self {
            path: path.into(),
            description: description.into(),
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
        let mut names = BinaryHeap::with_capacity(page_size);
        let mut more = false;
        self.walk(prefix, after, &mut |name| {
            if names.len() < page_size {
                names.push(name);
                return;
            }
            more = true;
            if let Some(mut greatest) = names.peek_mut().filter(|greatest| name < **greatest) {
                *greatest = name;
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
