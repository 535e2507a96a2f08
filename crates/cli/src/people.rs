//! Accounts and tokens.

use crate::UserCommand;
use access::{Access, NewUser};
use record::{Kind, Place, Refusal};
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

pub(crate) fn user(data: &Place, command: &UserCommand) -> Result<ExitCode, Refusal> {
    let access = Access::open(crate::open_existing(data)?)?;
    match command {
        UserCommand::Add { name, display, role, place, organisation } => {
            let password = password()?;
            let user = NewUser {
                name: name.clone(),
                display: display.clone(),
                role: role.clone(),
                place: place.clone(),
                password,
            };
            access.add_user_for(organisation, &user)?;
            println!("{name} can sign in.");
        }
        UserCommand::List => {
            for account in access.users()? {
                let state = if account.disabled { "  shut" } else { "" };
                println!("{:<20} {:<20} {}{state}", account.name, account.role.name, account.display);
            }
        }
        UserCommand::Organisation { name, code } => {
            access.set_organisation(name, code)?;
            match code.trim() {
                "" => println!("{name} acts for no organisation."),
                code => println!("{name} acts for {code}."),
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
