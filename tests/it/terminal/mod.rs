//! What a person sees: on a terminal, in help, in messages.

#[cfg(unix)]
mod pty;
mod view;
