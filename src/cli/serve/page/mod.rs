//! The page at `/`: one document that needs nothing but `/status.json` beside it.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// Its style and its script are files of their own only for whoever writes them.
pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| {
    include_str!("page.html")
        .replace("{style}", STYLE)
        .replace("{script}", SCRIPT)
});

/// Nothing runs or loads but what is in the page itself, named by its hash, and questions to where it came from.
pub(super) static POLICY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_makes_no_markup_of_data() {
        assert!(PAGE.contains(STYLE) && PAGE.contains(SCRIPT));
        for markup in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!SCRIPT.contains(markup), "{markup}");
        }
        for other in ["http://", "https://", "@import", "url("] {
            // The name of SVG's elements is no address that is asked.
            let page = PAGE.replace("http://www.w3.org/2000/svg", "");
            assert!(!page.contains(other), "{other}");
        }
    }

    #[test]
    fn hashes_are_as_browsers_compute_them() {
        assert_eq!(
            hash("alert('Hello, world.');"),
            "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
        );
    }
}
