//! Asks for an account for somebody new, or for one more role profile; a move ends another profile with it.

use access::{Change, Joiner, NewProfile, register_in};
use record::Tx;
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Asks for an account.
pub const JOIN: Command<Join> = Command {
    name: "join",
    about: "Ask for an account for somebody new",
    needs: Permission::Administer,
    run: join,
};
/// Asks for a role profile.
pub const GAIN: Command<Gain> = Command {
    name: "gain",
    about: "Ask for another role for somebody",
    needs: Permission::Administer,
    run: gain,
};

/// Somebody new. The organisation is that of whoever asks.
pub struct Join {
    name: String,
    display: String,
    profile: NewProfile,
}

/// One more profile for an account; with `ends`, instead of another.
pub struct Gain {
    account: String,
    ends: Option<String>,
    profile: NewProfile,
}

const fn text(name: &'static str, required: bool, label: &'static str, hint: &'static str) -> Field {
    Field { name, kind: FieldKind::String, required, label, hint }
}

const ROLE: Field = text("role", true, "Role", "Its name, such as nurse; all of them are on the page Roles");
const PLACE: Field = text("place", false, "Where they work", "To show beside their name");
const TEAMS: Field = text("workgroups", false, "Workgroups", "Their names, with spaces between");
const MORE: Field =
    text("activities", false, "What they may do beside", "Names of permissions, with spaces between");
const UNTIL: Field = Field {
    name: "until",
    kind: FieldKind::DateTime,
    required: false,
    label: "Until",
    hint: "For a locum, a student. It ends by itself",
};

impl Input for Join {
    const FIELDS: &'static [Field] = &[
        text("name", true, "Name to sign in with", "Small letters, digits, full stops and hyphens"),
        text("display", true, "Name to show", "As on a badge"),
        ROLE,
        PLACE,
        TEAMS,
        MORE,
        UNTIL,
    ];

    fn read(values: &Values) -> Result<Join, Refusal> {
        let (name, display) = (values.text("name").trim().to_lowercase(), values.text("display"));
        Ok(Join { name, display, profile: profile(values) })
    }
}

impl Input for Gain {
    const FIELDS: &'static [Field] = &[
        text("account", true, "Account", ""),
        text("ends", false, "Instead of the profile", "Its number. That one ends when the new one begins"),
        ROLE,
        PLACE,
        TEAMS,
        MORE,
        UNTIL,
    ];

    fn read(values: &Values) -> Result<Gain, Refusal> {
        let ends = values.get("ends").map(str::to_owned);
        Ok(Gain { account: values.text("account"), ends, profile: profile(values) })
    }
}

fn profile(values: &Values) -> NewProfile {
    let names =
        |name: &str| values.text(name).split_ascii_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let profile = NewProfile::new(values.text("role").trim()).place(&values.text("place"));
    let profile = profile.in_workgroups(names("workgroups")).with_activities(names("activities"));
    NewProfile { until: values.instant("until"), ..profile }
}

fn join(tx: &mut Tx<'_>, session: &Session, join: Join) -> Result<Outcome, Refusal> {
    let profile = join.profile.at(&session.organisation);
    let until = profile.until;
    let joiner = Joiner { name: join.name, display: join.display, profiles: vec![profile], until };
    register_in(tx, session, Change::Join(joiner))?;
    Ok(Outcome::of([], "It waits for a sponsor.", "/people"))
}

fn gain(tx: &mut Tx<'_>, session: &Session, gain: Gain) -> Result<Outcome, Refusal> {
    let (account, profile) = (gain.account, gain.profile.at(&session.organisation));
    let next = format!("/people/{account}");
    let change = match gain.ends {
        Some(ends) => Change::Move { account, ends, profile },
        None => Change::Gain { account, profile },
    };
    register_in(tx, session, change)?;
    Ok(Outcome::of([], "It waits for a sponsor.", next))
}
