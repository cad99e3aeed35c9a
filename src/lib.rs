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
pub mod files;
pub mod records;
pub mod scan;
