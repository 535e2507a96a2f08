//! Accounts and tokens.

use crate::UserCommand;
use access::{Access, NewProfile, NewUser, Profile};
use record::{Kind, Place, Refusal};
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

pub(crate) fn user(data: &Place, command: &UserCommand) -> Result<ExitCode, Refusal> {
    let access = Access::open(crate::open_existing(data)?)?;
    match command {
        UserCommand::Add { name, display, role, place, organisation, workgroup, activity } => {
            let password = password()?;
            let profile = NewProfile::new(role).at(organisation).place(place).in_workgroups(workgroup);
            let profile = profile.with_activities(activity);
            access.add_user(&NewUser::new(name, display, profile, &password))?;
            println!("{name} can sign in.");
        }
        UserCommand::List => {
            for account in access.users()? {
                let state = if account.is_open(access.now()) { "" } else { "  shut" };
                let profiles: Vec<String> = account.current(access.now()).map(Profile::title).collect();
                println!("{:<20} {:<30} {}{state}", account.name, account.display, profiles.join("; "));
            }
        }
        UserCommand::Password { name } => {
            access.set_password(name, &password()?)?;
            println!("{name} has a new password.");
        }
        UserCommand::Disable { name } => {
            access.set_disabled(name, true)?;
            println!("{name} is shut.");
        }
        UserCommand::Enable { name } => {
            access.set_disabled(name, false)?;
            println!("{name} can sign in again.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn password() -> Result<String, Refusal> {
    if std::io::stdin().is_terminal() {
        eprintln!("Password, then Enter (it shows as you type):");
    }
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|e| Refusal::new(Kind::Invalid, format!("The password could not be read: {e}.")))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

pub(crate) fn token(data: &Place, organisation: &str, role: &str, minutes: u32) -> Result<ExitCode, Refusal> {
    let access = Access::open(crate::open_existing(data)?)?;
    println!("{}", access.mint_token_for(organisation, role, minutes)?);
    Ok(ExitCode::SUCCESS)
}
