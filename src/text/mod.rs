//! Text: from bytes to text, lines and cells, and escaped where it is written.

pub mod escape;
