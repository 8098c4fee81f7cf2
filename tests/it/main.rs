//! The integration tests, one binary. What needs PostgreSQL or an S3 server is
//! ignored here and run by `tests/run`.
#![cfg(test)] // tells clippy that helpers here are test code too

mod api;
mod house;
mod identity;
mod support;
