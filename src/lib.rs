//! krbtriage finds out why Windows logs Kerberos event 4, KRB_AP_ERR_MODIFIED.
//!
//! Data flows one way, and the modules stand in its order:
//!
//! ```text
//! files -> chunks -> records -> events -> incidents -> findings -> report
//!                                             ^
//!                       inventory (addresses, accounts), names
//! ```

pub mod chunks;
pub mod cli;
pub mod commands;
pub mod events;
pub mod files;
pub mod findings;
pub mod incidents;
pub mod inventory;
pub mod names;
pub mod records;
pub mod report;
pub mod scan;
pub mod similar;
pub mod state;
