//! Wanshitong 万事通: the unified portal of public services.
//!
//! The house, from the top: `cli` → `http`, `worker`, `gateways` → `app` →
//! `store` → `domain`. Imports only go down; a test sees to it.

pub mod app;
pub mod boot;
pub mod cli;
pub mod config;
pub mod domain;
pub mod gateways;
pub mod http;
pub mod store;
pub mod worker;
