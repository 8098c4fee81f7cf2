//! Wanshitong 万事通: the unified portal of public services.
//!
//! The house, from the top: `cli` → `http`, `worker`, `gateways` → `app` →
//! `store` → `domain`. Imports only go down; a test sees to it.

pub mod domain;
pub mod store;
