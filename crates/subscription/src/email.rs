//! Telling by e-mail that something happened, and nothing else: mail passes through many hands.

use crate::send::Outcome;
use crate::settings::Smtp;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// Tells one address.
pub(crate) async fn send(smtp: &Smtp, to: &str, text: String, timeout: Duration) -> Outcome {
    let message = match message(smtp, to, text) {
        Ok(message) => message,
        Err(why) => return Outcome::Away(why),
    };
    let transport = match AsyncSmtpTransport::<Tokio1Executor>::from_url(&smtp.url) {
        Ok(builder) => builder.timeout(Some(timeout)).build(),
        Err(_) => {
            return Outcome::Away("The setting smtp.url is not right. Tell the administrator.".to_owned());
        }
    };
    match tokio::time::timeout(timeout, transport.send(message)).await {
        Ok(Ok(_)) => Outcome::Taken,
        Ok(Err(error)) if error.is_permanent() => {
            Outcome::Refused("The mail server refused the message.".to_owned())
        }
        Ok(Err(_)) => Outcome::Away("The mail server could not take the message.".to_owned()),
        Err(_) => {
            Outcome::Away(format!("The mail server did not answer within {} seconds.", timeout.as_secs()))
        }
    }
}

fn message(smtp: &Smtp, to: &str, text: String) -> Result<Message, String> {
    let from: Mailbox = smtp.from.parse().map_err(|_| "The setting smtp.from is no address.".to_owned())?;
    let to = to.parse().map_err(|_| "The endpoint is no e-mail address.".to_owned())?;
    let built =
        Message::builder().from(from).to(Mailbox::new(None, to)).subject("A notification from Carespine");
    built.body(text).map_err(|e| format!("The message cannot be made: {e}."))
}
