//! Ends an app.

use access::end_app;
use record::Tx;
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Ends an app and all its tokens.
pub const END: Command<End> =
    Command { name: "end", about: "End an app", needs: Permission::Administer, run: end };

/// Which.
pub struct End {
    app: String,
}

impl Input for End {
    const FIELDS: &'static [Field] = &[Field {
        name: "app",
        kind: FieldKind::String,
        required: true,
        label: "client_id of the app",
        hint: "Its tokens end within a second",
    }];

    fn read(values: &Values) -> Result<End, Refusal> {
        Ok(End { app: values.text("app") })
    }
}

fn end(tx: &mut Tx<'_>, session: &Session, end: End) -> Result<Outcome, Refusal> {
    end_app(tx, session, &end.app)?;
    Ok(Outcome::of([], "It has ended.", "/apps"))
}
