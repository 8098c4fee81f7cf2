//! The binary: reads the command line and runs one command.

use clap::Parser as _;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match wanshitong::cli::run(wanshitong::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            complain(&sentence);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "what the person at the terminal must read")]
fn complain(sentence: &str) {
    eprintln!("wanshitong: {sentence}");
}
