//! A person: name, birth, numbers, where they live and how to reach them.

use super::Resource;
use super::element::{Reference, concept, has_code, period, reference};
use fhir::json::Value;
use html::{Contact, Died, NhsNumber, PersonName, When};

/// The system of NHS numbers.
pub const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// An identifier with the words for its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// `Hospital number`.
    pub label: String,
    /// The value.
    pub value: String,
}

/// A patient as pages need one.
#[derive(Clone, Debug)]
pub struct Person {
    /// Logical id.
    pub id: String,
    /// Name to call the record by.
    pub name: PersonName,
    /// What they like to be called.
    pub preferred: Option<String>,
    /// Other names, with their use.
    pub other_names: Vec<Contact>,
    /// Birth; a moment when its time is recorded.
    pub born: Option<When>,
    /// Death.
    pub died: Died,
    /// Gender in full.
    pub gender: &'static str,
    /// NHS number, when it is a valid one.
    pub nhs_number: Option<NhsNumber>,
    /// Lines of the usual address.
    pub address: Vec<String>,
    /// Phone and email.
    pub contacts: Vec<Contact>,
    /// The number that the hospital knows them by.
    pub hospital_number: Option<String>,
    /// All other identifiers.
    pub identifiers: Vec<Identifier>,
    /// Practice and doctor.
    pub doctors: Vec<Reference>,
    /// The record that goes on instead of this one, when it was replaced.
    pub replaced_by: Option<String>,
}

impl Person {
    /// Reads a Patient.
    pub fn of(resource: &Resource) -> Person {
        let value = resource.value();
        let name = person_name(value).unwrap_or_default();
        let identifiers = list(value, "identifier");
        let is_nhs = |identifier: &&Value<'_>| identifier.str("system").is_some_and(|s| s == NHS_NUMBER);
        let hospital = identifiers
            .iter()
            .find(|i| has_code(i.get("type"), "MR"))
            .or_else(|| identifiers.iter().find(|i| !is_nhs(i) && i.get("type").is_none()));
        Person {
            id: resource.id.clone(),
            preferred: preferred(value, &name),
            other_names: other_names(value),
            name,
            born: born(value),
            died: died(value),
            gender: gender(value.str("gender").as_deref()),
            nhs_number: identifiers
                .iter()
                .filter(is_nhs)
                .find_map(|i| NhsNumber::parse(&i.str("value")?).ok()),
            address: usual_address(value).map(address_lines).unwrap_or_default(),
            contacts: contacts(value),
            hospital_number: hospital.and_then(|i| i.str("value")).map(|number| number.into_owned()),
            identifiers: identifiers.iter().filter(|i| !is_nhs(i)).filter_map(|i| identifier(*i)).collect(),
            doctors: list(value, "generalPractitioner")
                .into_iter()
                .filter_map(|r| reference(Some(r)))
                .collect(),
            replaced_by: replaced_by(value),
        }
    }
}

fn list<'v>(value: Value<'v>, name: &str) -> Vec<Value<'v>> {
    value.get(name).into_iter().flat_map(Value::each).collect()
}

/// The name a person goes by in a record: the usual or official one that is in force, else the first.
pub(super) fn person_name(value: Value<'_>) -> Option<PersonName> {
    let names = list(value, "name");
    let of_use = |wanted: &str| {
        names
            .iter()
            .find(|n| n.str("use").is_some_and(|u| u == wanted) && period(n.get("period")).1.is_none())
    };
    let name = of_use("usual")
        .filter(|n| n.get("family").is_some())
        .or_else(|| of_use("official"))
        .or_else(|| names.iter().find(|n| n.get("family").is_some()))
        .or_else(|| names.first())?;
    Some(read_name(*name))
}

/// The parts of a HumanName.
pub(super) fn read_name(name: Value<'_>) -> PersonName {
    let joined = |part: &str| {
        let parts = name.get(part).into_iter().flat_map(Value::each);
        parts.filter_map(|p| p.as_str()).map(|p| p.into_owned()).collect::<Vec<_>>().join(" ")
    };
    let family = name.str("family").unwrap_or_default().into_owned();
    let given = joined("given");
    let prefix = joined("prefix");
    match (family.is_empty() && given.is_empty(), name.str("text")) {
        (true, Some(text)) => PersonName { family: text.into_owned(), ..PersonName::default() },
        _ => PersonName { family, given, title: (!prefix.is_empty()).then_some(prefix) },
    }
}

fn preferred(value: Value<'_>, name: &PersonName) -> Option<String> {
    let names = list(value, "name");
    let nickname = names.iter().find(|n| n.str("use").is_some_and(|u| u == "nickname"))?;
    let preferred = read_name(*nickname).given;
    (!preferred.is_empty() && preferred != name.given).then_some(preferred)
}

fn other_names(value: Value<'_>) -> Vec<Contact> {
    let names = list(value, "name").into_iter().filter(|n| n.get("family").is_some());
    let former = names.filter(|n| {
        n.str("use").is_some_and(|u| matches!(u.as_ref(), "old" | "maiden" | "temp" | "anonymous"))
            || period(n.get("period")).1.is_some()
    });
    former
        .map(|n| {
            let label = match n.str("use").as_deref() {
                Some("maiden") => "Name before marriage",
                Some("temp") => "Temporary name",
                _ => "Former name",
            };
            Contact { label: label.into(), value: read_name(n).to_string() }
        })
        .collect()
}

fn born(value: Value<'_>) -> Option<When> {
    let time =
        value.at(&["_birthDate", "extension"]).into_iter().flat_map(Value::items).find_map(|extension| {
            let url = extension.str("url")?;
            url.ends_with("patient-birthTime").then(|| extension.str("valueDateTime")).flatten()
        });
    time.as_deref().or(value.str("birthDate").as_deref()).and_then(When::parse)
}

fn died(value: Value<'_>) -> Died {
    match (value.str("deceasedDateTime"), value.get("deceasedBoolean").and_then(Value::as_bool)) {
        (Some(text), _) => When::parse(&text).map_or(Died::DateNotKnown, Died::On),
        (None, Some(true)) => Died::DateNotKnown,
        _ => Died::No,
    }
}

/// Administrative gender in full.
pub(super) fn gender(code: Option<&str>) -> &'static str {
    match code {
        Some("male") => "Male",
        Some("female") => "Female",
        Some("other") => "Other",
        _ => "Not known",
    }
}

fn usual_address(value: Value<'_>) -> Option<Value<'_>> {
    let addresses = list(value, "address");
    let current =
        |a: &&Value<'_>| a.str("use").is_none_or(|u| u != "old") && period(a.get("period")).1.is_none();
    addresses
        .iter()
        .filter(current)
        .find(|a| a.str("use").is_some_and(|u| u == "home"))
        .or_else(|| addresses.iter().find(current))
        .copied()
}

/// Lines of an address with the postcode last.
pub(super) fn address_lines(address: Value<'_>) -> Vec<String> {
    let mut lines: Vec<String> =
        list(address, "line").iter().filter_map(|l| l.as_str()).map(|l| l.into_owned()).collect();
    for name in ["city", "district", "state", "postalCode"] {
        if let Some(part) = address.str(name)
            && !lines.iter().any(|line| *line == part)
        {
            lines.push(part.into_owned());
        }
    }
    if let (true, Some(text)) = (lines.is_empty(), address.str("text")) {
        lines = text.split(['\n', ',']).map(|line| line.trim().to_owned()).collect();
    }
    lines
}

/// Phone numbers and email addresses in force, each with its label.
pub(super) fn contacts(value: Value<'_>) -> Vec<Contact> {
    let points = list(value, "telecom").into_iter();
    points
        .filter(|p| p.str("use").is_none_or(|u| u != "old") && period(p.get("period")).1.is_none())
        .filter_map(|point| {
            let label = match (point.str("system").as_deref(), point.str("use").as_deref()) {
                (Some("email"), _) => "Email",
                (Some("sms"), _) => "Text messages",
                (Some("fax"), _) => "Fax",
                (_, Some("mobile")) => "Mobile",
                (_, Some("work")) => "Work",
                (_, Some("home")) => "Home",
                _ => "Phone",
            };
            Some(Contact { label: label.into(), value: point.str("value")?.into_owned() })
        })
        .collect()
}

fn identifier(value: Value<'_>) -> Option<Identifier> {
    let system = value.str("system").unwrap_or_default().into_owned();
    let label = concept(value.get("type")).unwrap_or_else(|| match system.rsplit(['/', ':']).next() {
        Some(last) if !last.is_empty() => super::words(last),
        _ => "Other number".to_owned(),
    });
    Some(Identifier { label, value: value.str("value")?.into_owned() })
}

fn replaced_by(value: Value<'_>) -> Option<String> {
    let links = list(value, "link");
    let link = links.iter().find(|l| l.str("type").is_some_and(|t| t == "replaced-by"))?;
    reference(link.get("other")).map(|other| other.id).filter(|id| !id.is_empty())
}

/// Someone near the patient.
#[derive(Clone, Debug)]
pub struct Related {
    /// Name.
    pub name: PersonName,
    /// `Daughter`, `Next of kin`.
    pub relations: Vec<String>,
    /// Phone and email.
    pub contacts: Vec<Contact>,
}

impl Related {
    /// Reads `Patient.contact`, or a RelatedPerson, which is made of the same elements.
    pub fn of_contact(value: Value<'_>) -> Related {
        Related {
            name: person_name(value).unwrap_or_default(),
            relations: list(value, "relationship").into_iter().filter_map(|r| concept(Some(r))).collect(),
            contacts: contacts(value),
        }
    }
}
