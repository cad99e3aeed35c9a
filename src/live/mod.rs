//! This machine: its names, adapters, hosts file and logs.
//!
//! What only Windows has is in [`system`]. A file takes the place of the machine in tests, also on other systems.

mod adapters;
mod logs;
mod machine;
mod system;

pub use adapters::{Adapter, adapters, own_addresses};
pub use logs::{LogError, live_logs};
pub use machine::{Machine, MachineError};
