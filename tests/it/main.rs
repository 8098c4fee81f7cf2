//! The integration tests, one binary. What needs PostgreSQL or an S3 server is
//! ignored here and run by `tests/run`.
#![cfg(test)] // tells clippy that helpers here are test code too

mod administration;
mod api;
mod bundles;
mod catalogue;
mod channels;
mod consistency;
mod damage;
mod deadlock;
mod defence;
mod exports;
mod guides;
mod handling;
mod hostile;
mod house;
mod idempotency;
mod identity;
mod kernel;
mod letters;
mod logs;
mod operations;
mod people;
mod process;
mod registries;
mod retention;
mod search;
mod sms;
mod storage;
mod support;
mod tokens;
mod uploads;
mod verify;
mod work;
mod worker;
