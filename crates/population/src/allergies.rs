//! Allergies, in the states that a record must tell apart: known, known to be none, resolved, and not
//! recorded.

use crate::elements::{concept, hl7, list, own, words};
use crate::history::History;
use crate::medicines::{Order, list::ADRENALINE, order};
use crate::time::Day;
use fhir::Tree;

/// Something that people are allergic to.
#[derive(Debug)]
pub struct Allergen {
    /// Code in `https://carespine.example/CodeSystem/allergy`.
    pub code: &'static str,
    /// What it is called.
    pub words: &'static str,
    /// `medication`, `food`, `environment`.
    category: &'static str,
    /// What it does to people, with how bad that is.
    reactions: &'static [(&'static str, &'static str)],
}

/// Allergens with how common they are.
const ALLERGENS: &[(u32, Allergen)] = &[
    (
        34,
        Allergen {
            code: "penicillins",
            words: "Penicillins",
            category: "medication",
            reactions: &[
                ("Rash", "mild"),
                ("Urticaria", "moderate"),
                ("Anaphylaxis", "severe"),
                ("Rash", "moderate"),
            ],
        },
    ),
    (
        9,
        Allergen {
            code: "nsaids",
            words: "Non-steroidal anti-inflammatory drugs",
            category: "medication",
            reactions: &[("Wheeze", "moderate"), ("Angioedema", "severe"), ("Rash", "mild")],
        },
    ),
    (
        7,
        Allergen {
            code: "trimethoprim",
            words: "Trimethoprim",
            category: "medication",
            reactions: &[("Rash", "mild"), ("Rash", "moderate")],
        },
    ),
    (
        7,
        Allergen {
            code: "codeine",
            words: "Codeine",
            category: "medication",
            reactions: &[("Itching", "mild"), ("Vomiting", "moderate")],
        },
    ),
    (
        5,
        Allergen {
            code: "latex",
            words: "Latex",
            category: "environment",
            reactions: &[("Contact rash", "mild"), ("Urticaria", "moderate")],
        },
    ),
    (
        6,
        Allergen {
            code: "peanuts",
            words: "Peanuts",
            category: "food",
            reactions: &[("Anaphylaxis", "severe"), ("Lip swelling", "moderate")],
        },
    ),
    (
        4,
        Allergen {
            code: "tree-nuts",
            words: "Tree nuts",
            category: "food",
            reactions: &[("Anaphylaxis", "severe"), ("Oral itching", "mild")],
        },
    ),
    (
        4,
        Allergen {
            code: "shellfish",
            words: "Shellfish",
            category: "food",
            reactions: &[("Urticaria", "moderate"), ("Vomiting", "moderate")],
        },
    ),
    (
        4,
        Allergen {
            code: "sticking-plaster",
            words: "Adhesive dressings",
            category: "environment",
            reactions: &[("Contact rash", "mild")],
        },
    ),
    (
        3,
        Allergen {
            code: "bee-and-wasp-stings",
            words: "Bee and wasp stings",
            category: "environment",
            reactions: &[("Anaphylaxis", "severe"), ("Swelling", "moderate")],
        },
    ),
    (
        5,
        Allergen {
            code: "house-dust-mite",
            words: "House dust mite",
            category: "environment",
            reactions: &[("Rhinitis", "mild"), ("Wheeze", "moderate")],
        },
    ),
];

/// Egg, which most children outgrow.
pub const EGG: Allergen = Allergen {
    code: "egg",
    words: "Egg",
    category: "food",
    reactions: &[("Urticaria", "moderate"), ("Vomiting", "mild")],
};

/// The allergen of this code.
pub fn allergen(code: &str) -> &'static Allergen {
    let found = ALLERGENS.iter().find(|(_, allergen)| allergen.code == code);
    &found.expect("stories name allergens of the list").1
}

/// Decides what the person is allergic to, and writes it.
pub fn write(history: &mut History) {
    let age = history.age(history.end.day);
    let chance = history.random.unit();
    // Allergies are recorded in about a quarter of grown-ups and a tenth of children. For one in four nobody
    // asked.
    let known = if age < 16 { 0.10 } else { 0.27 };
    match chance {
        _ if chance < known => {
            let count = if history.random.chance(0.2) { 2 } else { 1 };
            for _ in 0..count {
                write_one(history);
            }
        }
        _ if chance < known + 0.48 => write_none(history),
        _ => {}
    }
    // A child who has outgrown an allergy has it resolved, and may have nothing else.
    if (4..=17).contains(&age) && history.random.chance(0.04) {
        let onset = history.person.birth.plus(400);
        let resolved = history.person.birth.plus(1_300);
        record(history, &EGG, onset, Some(resolved), EGG.reactions[0]);
    }
}

fn write_one(history: &mut History) {
    let allergen = history.random.weighted(ALLERGENS);
    if history.allergens.iter().any(|other| other.code == allergen.code) {
        return;
    }
    let age = history.age(history.end.day).max(1);
    let years = history.random.between(0, (age - 1).min(45));
    let day =
        history.end.day.plus_years(-years).plus(-history.random.between(1, 300)).max(history.person.birth);
    let reaction = *history.random.pick(allergen.reactions);
    // Some are tested later and found not to be allergic.
    let resolved = (years > 6 && history.random.chance(0.08)).then(|| day.plus_years(5));
    record(history, allergen, day, resolved, reaction);
}

/// Writes an allergy, and keeps it in mind for prescriptions while it is not resolved.
pub fn record(
    history: &mut History,
    allergen: &'static Allergen,
    day: Day,
    resolved: Option<Day>,
    reaction: (&str, &str),
) {
    if day > history.end.day {
        return;
    }
    if resolved.is_none() {
        history.allergens.push(allergen);
    }
    let id = history.next_id();
    let (manifestation, severity) = reaction;
    let event = Tree::object()
        .with("manifestation", list([words(manifestation)]))
        .with("severity", severity)
        .with("onset", day.to_string());
    let criticality = if severity == "severe" { "high" } else { "low" };
    let verified = if severity == "mild" { "unconfirmed" } else { "confirmed" };
    let note = resolved.map(|day| {
        Tree::object().with("text", format!("Resolved {}: tolerated without a reaction.", day.long()))
    });
    let resource = history
        .start("AllergyIntolerance", &id)
        .with(
            "clinicalStatus",
            hl7("allergyintolerance-clinical", if resolved.is_some() { "resolved" } else { "active" }),
        )
        .with("verificationStatus", hl7("allergyintolerance-verification", verified))
        .with("type", "allergy")
        .with("category", list([allergen.category.into()]))
        .with("criticality", criticality)
        .with("code", own("allergy", allergen.code, allergen.words))
        .with("patient", history.subject())
        .with("onsetDateTime", day.to_string())
        .with("recordedDate", day.to_string())
        .maybe("lastOccurrence", (resolved.is_none()).then(|| day.to_string()))
        .maybe("note", note.map(|note| list([note])))
        .with("reaction", list([event]));
    history.add("AllergyIntolerance", &id, &resource);
    if resolved.is_none() && severity == "severe" && allergen.category != "medication" {
        pens(history, day);
    }
}

/// Writes the prescription of pens of adrenaline, for those who may meet the allergen anywhere.
fn pens(history: &mut History, from: Day) {
    let pens = Order {
        medicine: &ADRENALINE,
        from,
        until: None,
        stopped: None,
        repeat: true,
        category: "community",
        visit: None,
        reason: None,
    };
    order(history, &pens);
}

/// Writes that someone asked and there are no allergies. This is the one SNOMED CT code in the population: it
/// is named by the rule that a record is held to for this statement.
pub fn write_none(history: &mut History) {
    let id = history.next_id();
    let back = history.random.between(20, 3_000);
    let day = history.end.day.plus(-back).max(history.person.birth);
    let resource = history
        .start("AllergyIntolerance", &id)
        .with("clinicalStatus", hl7("allergyintolerance-clinical", "active"))
        .with("verificationStatus", hl7("allergyintolerance-verification", "confirmed"))
        .with("code", concept("http://snomed.info/sct", "716186003", "No known allergy"))
        .with("patient", history.subject())
        .with("recordedDate", day.to_string());
    history.add("AllergyIntolerance", &id, &resource);
}
