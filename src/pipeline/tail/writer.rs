//! What goes to standard output.

use std::io::Write;

use super::TailError;

/// Written at once.
const BUFFER_BYTES: usize = 128 << 10;

/// Gathers lines and counts them.
pub(super) struct Writer<'w> {
    out: &'w mut dyn Write,
    buffer: Vec<u8>,
    /// `None`: no end of them.
    left: Option<u64>,
}

impl<'w> Writer<'w> {
    pub fn new(out: &'w mut dyn Write, max_lines: Option<u64>) -> Self {
        Self {
            out,
            buffer: Vec::new(),
            left: max_lines,
        }
    }

    /// Nothing more is wanted.
    pub fn is_done(&self) -> bool {
        self.left == Some(0)
    }

    /// For a line that is written in place; [`Self::count`] follows.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    pub fn count(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }

    pub fn write(&mut self, line: &[u8]) -> Result<(), TailError> {
        if self.is_done() {
            return Ok(());
        }
        self.buffer.extend_from_slice(line);
        self.count();
        self.flush_if_full()
    }

    pub fn flush_if_full(&mut self) -> Result<(), TailError> {
        match self.buffer.len() >= BUFFER_BYTES {
            true => self.drain(),
            false => Ok(()),
        }
    }

    pub fn flush(&mut self) -> Result<(), TailError> {
        self.drain()?;
        self.out.flush().map_err(TailError::Output)
    }

    fn drain(&mut self) -> Result<(), TailError> {
        self.out.write_all(&self.buffer).map_err(TailError::Output)?;
        self.buffer.clear();
        Ok(())
    }
}
