//! Subscriptions: how they stand, what was given up, and sending that again.

use crate::SubscriptionCommand;
use record::{Place, Refusal};
use std::process::ExitCode;

pub(crate) fn command(data: &Place, command: &SubscriptionCommand) -> Result<ExitCode, Refusal> {
    let store = crate::open_existing(data)?;
    match command {
        SubscriptionCommand::List => {
            for row in subscription::list(&store)? {
                let owner = row.owner.as_deref().unwrap_or("nobody known");
                let waiting = row.events - row.sent.min(row.events);
                println!(
                    "{}  {}  {} events, {waiting} waiting  {owner}  {}",
                    row.id, row.status, row.events, row.criteria
                );
                if let Some(error) = row.error {
                    println!("    {} failures in a row: {error}", row.failures);
                }
            }
        }
        SubscriptionCommand::Failed { subscription } => {
            for failed in subscription::failed(&store, subscription.as_deref())? {
                let again = if failed.again { "  is sent again" } else { "" };
                println!("{}  {}  {}  {}{again}", failed.subscription, failed.number, failed.at, failed.why);
            }
        }
        SubscriptionCommand::Resend { subscription, number } => {
            match subscription::resend(&store, subscription, *number)? {
                0 => println!("Nothing was given up. What waits is tried at once."),
                1 => println!("1 notification is sent again."),
                count => println!("{count} notifications are sent again."),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
