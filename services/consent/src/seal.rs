//! Seals an item, an encounter or a whole record for a team.

use crate::page_of;
use record::{Found, Tx};
use service::consent::{Rule, consent};
use service::{Command, Field, FieldKind, Input, Outcome, Permission, Refusal, Session, Values};

/// Seals for a team.
pub const SEAL: Command<Seal> =
    Command { name: "seal", about: "Seal for a team", needs: Permission::Seal, run: seal };

/// What is sealed, for whom.
pub struct Seal {
    patient: String,
    about: Option<String>,
    team: String,
    level: String,
}

impl Input for Seal {
    const FIELDS: &'static [Field] = &[
        Field::PATIENT,
        Field {
            name: "about",
            kind: FieldKind::String,
            required: false,
            label: "What is sealed",
            hint: "An item of the record, as Observation/123. Left empty, the whole record",
        },
        Field {
            name: "team",
            kind: FieldKind::String,
            required: true,
            label: "Team that goes on seeing it",
            hint: "One of your own teams",
        },
        Field {
            name: "level",
            kind: FieldKind::Code(&[
                ("seal", "Sealed: others may open it for a reason, which is reviewed"),
                ("lock", "Sealed and locked: nobody else can open it or learn that it is there"),
                ("withhold", "Withheld by law: only this team sees it, and not the patient"),
                ("third-party", "Not for the patient: told in confidence by others, or seriously harmful"),
            ]),
            required: true,
            label: "How firmly",
            hint: "",
        },
    ];

    fn read(values: &Values) -> Result<Seal, Refusal> {
        let about = values.text("about");
        let about = Some(about.trim().to_owned()).filter(|about| !about.is_empty());
        let is_reference = |about: &String| {
            about.split_once('/').is_some_and(|(kind, id)| !kind.is_empty() && !id.is_empty())
        };
        if about.as_ref().is_some_and(|about| !is_reference(about)) {
            return Err(Refusal::invalid(
                "about",
                "Write what is sealed as its type and id: Observation/123.",
            ));
        }
        Ok(Seal {
            patient: values.text("patient").trim_start_matches("Patient/").to_owned(),
            about,
            team: values.text("team").trim().to_lowercase(),
            level: values.text("level"),
        })
    }
}

fn seal(tx: &mut Tx<'_>, _: &Session, seal: Seal) -> Result<Outcome, Refusal> {
    let Found::Here(_) = tx.read("Patient", &seal.patient)? else {
        return Err(Refusal::not_found(&format!("Patient/{}", seal.patient)));
    };
    if let Some((kind, id)) = seal.about.as_deref().and_then(|about| about.split_once('/')) {
        let is_theirs = match tx.read(kind, id)? {
            Found::Here(body) => body.patients.contains(&seal.patient),
            _ => false,
        };
        if !is_theirs {
            return Err(Refusal::not_found(&format!("{kind}/{id}")));
        }
    }
    let rule = match seal.level.as_str() {
        "lock" => Rule::Lock(seal.team),
        "withhold" => Rule::Withhold(seal.team),
        "third-party" => Rule::ThirdParty,
        _ => Rule::Seal(seal.team),
    };
    let written = consent(tx, &seal.patient, &rule, seal.about.as_deref())?;
    Ok(Outcome::of([written], "It is sealed for the team.", page_of(&seal.patient)))
}
