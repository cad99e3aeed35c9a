//! Helpers of several tests. Benches, examples and fuzz targets include `evtx`, `inventories` and `account_files` through
//! `#[path]`, so these three import nothing from other modules.

pub mod account_files;
pub mod data;
pub mod evtx;
pub mod folder;
pub mod forest;
pub mod inventories;
pub mod program;
pub mod readers;
pub mod rpc_server;
