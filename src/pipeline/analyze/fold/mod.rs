//! Texts without their variable parts, so that what says the same counts as the same.
//!
//! Both go over a text once, byte by byte, into a buffer that the caller keeps.

mod message;
mod path;
mod word;

pub use message::message;
pub use path::path;

/// `text` up to `bytes` bytes, cut between characters.
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
