//! Identity over a real port: registering, signing in, tokens and their ends, and
//! what an attacker tries instead.

mod accounts;
mod browser;
mod house;
mod tokens;
