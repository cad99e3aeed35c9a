//! The scan on real logs (`../shared/data/evtx`, passed over with a message where they are not there) and
//! on what can happen to them.

mod damage;
mod files;
mod full_decode;
mod repeats;
mod support;
