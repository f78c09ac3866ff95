//! Chains of gzip members, as the collector appends them to a blob: one text, compressed in pieces.
//!
//! ```text
//! ranges of the blob ──▶ MemberReader ──▶ decompressed bytes, and each member's end as an offset in the blob
//!                                     └─▶ at the end: clean, or torn (the rest of a member has not come yet)
//!                                     └─▶ corrupt: bytes that no gzip stream can hold
//! ```
//!
//! Formats: RFC 1952 (gzip), RFC 1951 (deflate).

mod locate;
mod member;

pub use locate::{Neighbours, is_member_start, next_member, next_whole_member, starts_around};
pub use member::{MAGIC, MemberReader, Read, ReadError, Tail, may_begin_member};
