#![doc = include_str!("../README.md")]

mod arguments;
mod keep;
pub mod load;
mod people;

pub use arguments::{Arguments, Command, Demo, Serve, UserCommand};

use record::{Options, Refusal, Store};
use std::path::Path;
use std::process::ExitCode;

/// Does what a command that needs no server says. Gives back `serve` and `demo`, which the binary starts.
pub fn run(command: Command) -> Result<ExitCode, Command> {
    let outcome = match command {
        Command::Load(load) => load::command(&load),
        Command::Backup { data, to } => keep::backup(&data, &to),
        Command::Restore { from, data } => keep::restore(&from, &data),
        Command::Verify { data } => keep::verify(&data),
        Command::User { data, command } => people::user(&data, &command),
        Command::Token { data, role, minutes } => people::token(&data, &role, minutes),
        Command::Version => {
            println!("carespine {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve(_) | Command::Demo(_) => return Err(command),
    };
    Ok(outcome.unwrap_or_else(|refusal| {
        eprintln!("{refusal}");
        ExitCode::FAILURE
    }))
}

/// Opens a store that is there already. A wrong folder is refused rather than made into an empty store.
fn open_existing(data: &Path) -> Result<Store, Refusal> {
    if !data.join("record.db").exists() {
        let text = format!("{} holds no record. Name its folder with --data.", data.display());
        return Err(Refusal::new(record::Kind::NotFound, text));
    }
    Store::open(data, Options { readers: 2, ..Options::default() })
}
