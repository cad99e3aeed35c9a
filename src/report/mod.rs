//! The report: findings become bytes here, and files appear whole or not at all.

pub mod guard;
