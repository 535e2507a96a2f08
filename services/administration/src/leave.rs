//! Closes the account of someone who leaves, and ends someone's sessions.

use access::{leave_in, sign_out_in};
use record::Tx;
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Closes an account.
pub const LEAVE: Command<Who> = Command {
    name: "leave",
    about: "Close the account of somebody who leaves",
    needs: Permission::Administer,
    run: leave,
};
/// Ends all sessions of an account.
pub const SIGN_OUT: Command<Who> = Command {
    name: "sign-out",
    about: "End all sessions of somebody",
    needs: Permission::Administer,
    run: sign_out,
};

/// Whom.
pub struct Who(String);

impl Input for Who {
    const FIELDS: &'static [Field] = &[Field {
        name: "account",
        kind: FieldKind::String,
        required: true,
        label: "Account",
        hint: "Their sessions, tokens and apps end within a second",
    }];

    fn read(values: &Values) -> Result<Who, Refusal> {
        Ok(Who(values.text("account").trim().to_lowercase()))
    }
}

fn leave(tx: &mut Tx<'_>, session: &Session, who: Who) -> Result<Outcome, Refusal> {
    leave_in(tx, session, &who.0)?;
    Ok(Outcome::of([], "The account is closed.", format!("/people/{}", who.0)))
}

fn sign_out(tx: &mut Tx<'_>, session: &Session, who: Who) -> Result<Outcome, Refusal> {
    sign_out_in(tx, session, &who.0)?;
    Ok(Outcome::of([], "All their sessions have ended.", format!("/people/{}", who.0)))
}
