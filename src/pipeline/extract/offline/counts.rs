//! What became of so many lines.

use std::{fmt, ops::AddAssign};

use crate::domain::record::Kind;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub lines: u64,
    pub application: u64,
    pub http: u64,
    pub proxy: u64,
    pub errors: u64,
    pub skipped: u64,
}

impl Counts {
    /// One more line, of which this was made.
    pub fn add(&mut self, kind: Option<Kind>) {
        let of_kind = match kind {
            Some(Kind::Application) => &mut self.application,
            Some(Kind::Http) => &mut self.http,
            Some(Kind::Proxy) => &mut self.proxy,
            Some(Kind::Error) => &mut self.errors,
            None => &mut self.skipped,
        };
        *of_kind += 1;
        self.lines += 1;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.lines += more.lines;
        self.application += more.application;
        self.http += more.http;
        self.proxy += more.proxy;
        self.errors += more.errors;
        self.skipped += more.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lines,
            application,
            http,
            proxy,
            errors,
            skipped,
        } = self;
        write!(
            f,
            "{lines} lines: {application} application, {http} http, {proxy} proxy, {errors} error, {skipped} skipped"
        )
    }
}
