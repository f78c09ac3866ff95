//! The file of a page: whole, or not there.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use tempfile::NamedTempFile;

use crate::cli::Failure;

/// Where a page goes.
pub(super) struct Page {
    path: PathBuf,
    /// A device or a pipe is written to; a file is written beside its place and then put there.
    is_special: bool,
}

impl Page {
    /// Makes sure that the page can be written. Nothing is left behind if it is not written after all.
    pub fn begin(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            let message = format!("{} is a directory; --html takes the file to write", path.display());
            return Err(Failure::usage(message).into());
        }
        // What a link leads to is written, and the link stays.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let page = Self {
            is_special: path.exists() && !path.is_file(),
            path,
        };
        if !page.is_special {
            page.beside().with_context(|| page.failure())?;
        }
        Ok(page)
    }

    pub fn write(self, html: &str) -> anyhow::Result<PathBuf> {
        self.put(html.as_bytes()).with_context(|| self.failure())?;
        Ok(fs::canonicalize(&self.path).unwrap_or(self.path))
    }

    fn put(&self, html: &[u8]) -> io::Result<()> {
        if self.is_special {
            return File::options().write(true).open(&self.path)?.write_all(html);
        }
        let mut file = self.beside()?;
        file.write_all(html)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }

    fn beside(&self) -> io::Result<NamedTempFile> {
        let directory = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        builder().tempfile_in(directory)
    }

    fn failure(&self) -> String {
        format!("cannot write {}", self.path.display())
    }
}

/// With the permissions of any new file, and not those of a secret one.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".clp-").suffix(".html");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        const LESS_THE_UMASK: u32 = 0o666;
        builder.permissions(fs::Permissions::from_mode(LESS_THE_UMASK));
    }
    builder
}
