//! Writing a configuration so that it is whole, its owner's alone, and never the end of another one.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
};

use super::{Error, document::Document, permissions};

/// Writes `text` to `path`: readable by its owner only, in one step, missing directories made (0700). A file that was
/// there is kept beside it; gives where.
///
/// # Errors
/// Without `force`, a file that holds credentials (or cannot be read as a configuration, so that nobody knows) is not
/// overwritten.
pub fn write_private(path: &Path, text: &str, force: bool) -> Result<Option<PathBuf>, Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |reason| Error::Write { path, reason }
    };
    // A link stays a link: what it points to is written.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = match fs::read(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(path)(error)),
    };
    if let Some(old) = &old
        && !force
        && is_precious(path, old)
    {
        return Err(Error::Occupied { path: path.clone() });
    }
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    make_directories(directory).map_err(failed(directory))?;
    let backup = match old.filter(|old| !old.is_empty() && old.as_slice() != text.as_bytes()) {
        Some(old) => Some(keep(path, &old).map_err(failed(path))?),
        None => None,
    };
    let new = with_suffix(path, &format!(".{}.new", process::id()));
    let written = create(&new, text.as_bytes()).and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        // The half-written file is of no use to anybody; that it stays is no second error.
        let _ = fs::remove_file(&new);
        return Err(failed(path)(error));
    }
    Ok(backup)
}

fn is_precious(path: &Path, old: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(old) else {
        return true;
    };
    Document::parse(path, text).map_or(true, |document| permissions::holds_credentials(&document.value))
}

/// Copies what was at `path` to the first free name beside it.
fn keep(path: &Path, old: &[u8]) -> io::Result<PathBuf> {
    const MAX_BACKUPS: u32 = 1_000;
    for number in 1..=MAX_BACKUPS {
        let backup = with_suffix(path, &format!(".bak{number}"));
        match create(&backup, old) {
            Ok(()) => return Ok(backup),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!(
        "{MAX_BACKUPS} backups are there already, delete some"
    )))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn make_directories(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const REAL: &str = "subscriptions: {a: {environments: {b: {storage_account: {access_key: Zm9vYmFyYmF6cXV4}}}}}\n";
    const TEMPLATE: &str =
        "subscriptions: {a: {environments: {b: {storage_account: {access_key: your_access_key_here}}}}}\n";

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_are_private_and_whole() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("new/deep/config.yaml");
        assert_eq!(write_private(&path, REAL, false).unwrap(), None);
        assert_eq!(fs::read_to_string(&path).unwrap(), REAL);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left over"
        );
    }

    #[test]
    fn credentials_are_never_lost() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("config.yaml");
        for (old, refused) in [
            (REAL, true),
            (TEMPLATE, false),
            ("", false),
            ("{broken", true),
            ("a: 1", false),
        ] {
            fs::write(&path, old).unwrap();
            let result = write_private(&path, "new: 1\n", false);
            assert_eq!(matches!(result, Err(Error::Occupied { .. })), refused, "{old}");
        }
        fs::write(&path, REAL).unwrap();
        let backup = write_private(&path, TEMPLATE, true).unwrap().unwrap();
        assert_eq!(fs::read_to_string(&backup).unwrap(), REAL);
        assert_eq!(mode(&backup), 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), TEMPLATE);
    }
}
