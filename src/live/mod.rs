//! This machine: its names, adapters, hosts file and logs.
//!
//! The parts that exist only on Windows are in [`system`]. In tests a file replaces the machine, on every system.

mod adapters;
mod logs;
mod machine;
mod system;

pub use adapters::{Adapter, adapters, own_addresses};
pub use logs::{LogError, live_logs};
pub use machine::{Machine, MachineError};
