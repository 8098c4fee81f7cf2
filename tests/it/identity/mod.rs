//! Identity over a real port: registering, signing in, tokens and their ends, and
//! what an attacker tries instead.

mod account_page;
mod accounts;
mod authenticator;
pub mod browser;
mod clients;
mod consent;
mod databases;
pub mod desk;
mod device;
mod device_page;
mod dpop;
mod exchange;
mod first_sign_in;
mod house;
mod key_uses;
mod keys;
mod known_devices;
mod leaving;
mod logout;
mod on_postgres;
mod pages;
mod pairwise;
mod passkeys;
mod protocol;
mod session_limits;
mod sign_ins;
mod step_up;
pub mod tab;
mod tokens;
mod totp;
