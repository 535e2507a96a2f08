#![doc = include_str!("../README.md")]

mod arguments;
mod audit_trail;
mod keep;
pub mod load;
mod packages;
mod people;
mod releases;
mod subscriptions;
#[cfg(test)]
mod tests;
mod view;

pub use arguments::{
    Arguments, AuditCommand, Command, Demo, Load, PackageCommand, ReleaseKind, RunView, Serve,
    SubscriptionCommand, TerminologyCommand, UserCommand, ViewCommand,
};
pub use releases::FOLDER as RELEASES;

use record::{Kind, Options, Place, Refusal, Store};
use std::ops::ControlFlow;
use std::process::ExitCode;

/// Does what a command that needs no server and no configuration says. `serve`, `demo` and `load` go on to the binary,
/// which reads that.
pub fn run(command: Command) -> ControlFlow<ExitCode, Command> {
    let outcome = match command {
        Command::Backup { data, to } => keep::backup(&data, &to),
        Command::Restore { from, data } => keep::restore(&from, &data),
        Command::Move { from, to } => keep::move_record(&from, &to),
        Command::Verify { data } => keep::verify(&data),
        Command::User { data, command } => people::user(&data, &command),
        Command::Package { data, command } => packages::package(&data, &command),
        Command::Terminology { data, index, command } => releases::command(&data, index.as_deref(), &command),
        Command::Token { data, role, organisation, minutes } => {
            people::token(&data, &organisation, &role, minutes)
        }
        Command::View { command: ViewCommand::Run(run) } => view::run(&run),
        Command::Subscription { data, command } => subscriptions::command(&data, &command),
        Command::Audit { command } => audit_trail::command(&command),
        Command::Version => {
            println!("carespine {}", env!("CARGO_PKG_VERSION"));
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve(_) | Command::Demo(_) | Command::Load(_) => return ControlFlow::Continue(command),
    };
    ControlFlow::Break(outcome.unwrap_or_else(|refusal| {
        eprintln!("{refusal}");
        ExitCode::FAILURE
    }))
}

/// Opens a store that is there already.
fn open_existing(data: &Place) -> Result<Store, Refusal> {
    check_existing(data)?;
    Store::open(data, Options { readers: 2, ..Options::default() })
}

/// A wrong folder or database is refused rather than made into an empty store.
fn check_existing(data: &Place) -> Result<(), Refusal> {
    if record::exists(data)? {
        return Ok(());
    }
    let text = format!("{data} holds no record. Name its folder or database with --data.");
    Err(Refusal::new(Kind::NotFound, text))
}
