//! The scan on real logs (`tests/data/evtx`) and on what can happen to them.

mod damage;
mod files;
mod full_decode;
mod limits;
mod repeats;
mod support;
