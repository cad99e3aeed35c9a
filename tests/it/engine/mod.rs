//! The scan of real logs (`tests/data/evtx`) and of damaged, changing and hostile ones.

mod damage;
mod files;
mod full_decode;
mod limits;
mod repeats;
mod support;
