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

fn open(path: &Path) -> DirectoryContainer {
    DirectoryContainer::open(path, format!("directory {}", path.display()))
}

fn container(names: &[&str]) -> (tempfile::TempDir, DirectoryContainer) {
    let dir = tempfile::tempdir().unwrap();
    for name in names {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    let container = open(dir.path());
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

    let missing = open(&dir.path().join("other"));
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
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(dir.path().join(to), dir.path().join(name)).unwrap();
    link("a", "linked");
    link("nothing", "dangling");
    link("sub", "subdirectory");
    link(".", "endless");
    let page = container.page("", None).await.unwrap();
    assert_eq!(names(&page), ["a", "linked", "sub/d"]);
    assert_eq!(container.read("linked", 0..9).await.unwrap(), "a");
}
