//! A command: something that can be done, declared once and reached through every door.

use crate::field::{Field, faults};
use crate::{Permission, Values};
use access::Session;
use fhir::Tree;
use fhir::json::Value;
use record::{Kind, Refusal, Tx, Written};

/// A command: its rules are pure functions beside it, its writes go through `tx` only.
pub struct Command<I: 'static> {
    /// A verb: small letters and hyphens. The web has it at `/service/name`, FHIR as `$service-name`.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// Who may do it.
    pub needs: Permission,
    /// Does it for whoever asks, inside a transaction. A refusal undoes everything.
    pub run: fn(&mut Tx<'_>, &Session, I) -> Result<Outcome, Refusal>,
}

/// The input of a command, read from named values.
pub trait Input: Sized + Send {
    /// Its fields.
    const FIELDS: &'static [Field];

    /// Reads it. The values have been checked against the fields; what is left to refuse here is what
    /// concerns several fields together.
    fn read(values: &Values) -> Result<Self, Refusal>;
}

/// A command with its input read and checked, ready to run in a transaction.
pub type Ready = Box<dyn FnOnce(&mut Tx<'_>, &Session) -> Result<Outcome, Refusal> + Send>;

/// A command of whatever input, for lists and doors.
pub trait AnyCommand: Sync {
    /// The name.
    fn name(&self) -> &'static str;
    /// What it does.
    fn about(&self) -> &'static str;
    /// Who may do it.
    fn needs(&self) -> Permission;
    /// The fields of its input.
    fn fields(&self) -> &'static [Field];
    /// Reads and checks the input: every refusal at once.
    fn ready(&self, values: &Values) -> Result<Ready, Refusal>;
}

impl<I: Input> AnyCommand for Command<I> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn needs(&self) -> Permission {
        self.needs
    }

    fn fields(&self) -> &'static [Field] {
        I::FIELDS
    }

    fn ready(&self, values: &Values) -> Result<Ready, Refusal> {
        let faults = faults(I::FIELDS, values);
        if !faults.is_empty() {
            return Err(Refusal::many(Kind::Invalid, faults));
        }
        let input = I::read(values)?;
        let run = self.run;
        Ok(Box::new(move |tx, session| run(tx, session, input)))
    }
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it wrote, the thing it is about first.
    pub changed: Vec<Changed>,
    /// What was done, in a sentence for the person who did it.
    pub message: String,
    /// The page that shows the result.
    pub next: String,
}

/// A resource that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its type.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// The version that is current now.
    pub version: u64,
}

impl Outcome {
    /// An outcome of what the record wrote.
    pub fn of(
        written: impl IntoIterator<Item = Written>,
        message: impl Into<String>,
        next: impl Into<String>,
    ) -> Outcome {
        let changed = |written: Written| Changed {
            kind: written.kind.to_owned(),
            id: written.id,
            version: written.version,
        };
        Outcome {
            changed: written.into_iter().map(changed).collect(),
            message: message.into(),
            next: next.into(),
        }
    }

    /// As a FHIR Parameters resource.
    pub fn parameters(&self) -> Tree {
        let reference = |changed: &Changed| {
            let reference = format!("{}/{}/_history/{}", changed.kind, changed.id, changed.version);
            Tree::object()
                .with("name", "changed")
                .with("valueReference", Tree::object().with("reference", reference))
        };
        let mut parameters: Vec<Tree> = self.changed.iter().map(reference).collect();
        for (name, kind, value) in
            [("message", "valueString", &self.message), ("next", "valueUri", &self.next)]
        {
            if !value.is_empty() {
                parameters.push(Tree::object().with("name", name).with(kind, value.as_str()));
            }
        }
        Tree::resource("Parameters").with("parameter", parameters)
    }

    /// The opposite of [`Outcome::parameters`]; nothing when it is something else.
    pub(crate) fn from_parameters(resource: Value<'_>) -> Option<Outcome> {
        let mut outcome = Outcome { changed: Vec::new(), message: String::new(), next: String::new() };
        for parameter in resource.get("parameter")?.items() {
            match parameter.str("name")?.as_ref() {
                "message" => outcome.message = parameter.str("valueString")?.into_owned(),
                "next" => outcome.next = parameter.str("valueUri")?.into_owned(),
                _ => {
                    let reference = parameter.get("valueReference")?.str("reference")?.into_owned();
                    let mut parts = reference.split('/');
                    let (kind, id) = (parts.next()?.to_owned(), parts.next()?.to_owned());
                    outcome.changed.push(Changed { kind, id, version: parts.nth(1)?.parse().ok()? });
                }
            }
        }
        Some(outcome)
    }
}
