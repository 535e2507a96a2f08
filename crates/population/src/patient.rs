//! The Patient, and the people around them.

use crate::addresses::Address;
use crate::elements::{concept, extension, hl7, list, period, shown};
use crate::history::History;
use crate::names::Sex;
use crate::person::{Contact, Person};
use crate::places::{organisation, test_data};
use crate::staff::Clinician;
use fhir::Tree;

const UK: &str = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-";
const UK_CODES: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-";
const HL7: &str = "http://hl7.org/fhir/StructureDefinition/";

/// Writes the Patient and a RelatedPerson for those who care for someone.
pub fn write(history: &mut History) {
    let person = history.person;
    let mut telecom = Vec::new();
    for (system, value, use_) in [
        ("phone", &person.landline, "home"),
        ("phone", &person.mobile, "mobile"),
        ("email", &person.email, "home"),
    ] {
        if let Some(value) = value {
            telecom.push(point(system, value).with("use", use_));
        }
    }
    let deceased = person.death.map(|death| death.to_string());
    let contacts: Vec<Tree> = person.contacts.iter().map(|contact| contact_tree(contact, person)).collect();
    let marital = person.marital.map(|(code, words)| hl7("v3-MaritalStatus", code).with("text", words));
    let doctor = Clinician::gp(person.practice, person.doctor).reference(history.plan);
    let patient = Tree::resource("Patient")
        .with("id", person.id.as_str())
        .with("meta", Tree::object().with("tag", list([test_data()])))
        .maybe("extension", some(extensions(person)))
        .with("identifier", identifiers(person))
        .with("active", person.death.is_none())
        .with("name", names(person))
        .maybe("telecom", some(telecom))
        .with("gender", gender(person.sex))
        .with("birthDate", person.birth.to_string())
        .maybe("deceasedDateTime", deceased)
        .maybe("address", some(addresses(person)))
        .maybe("maritalStatus", marital)
        .maybe("multipleBirthInteger", person.birth_order)
        .maybe("contact", some(contacts))
        .maybe("communication", some(communication(person)))
        .with("generalPractitioner", list([organisation(history.plan, person.practice), doctor]));
    let patient = match person.birth_minute {
        minute if history.end.day.since(person.birth) < 60 && minute > 0 => patient.with(
            "_birthDate",
            Tree::object().with(
                "extension",
                list([extension(
                    &format!("{HL7}patient-birthTime"),
                    "valueDateTime",
                    person.born().to_string(),
                )]),
            ),
        ),
        _ => patient,
    };
    history.add("Patient", &person.id.clone(), &patient);
    write_related(history);
}

/// A parent of a child, or whoever looks after someone old, has a resource of their own.
fn write_related(history: &mut History) {
    let person = history.person;
    let age = history.end.day.age(person.birth);
    let wanted = if age < 16 { person.contacts.len() } else { usize::from(age > 74) };
    for contact in person.contacts.iter().take(wanted) {
        let id = history.next_id();
        let name = Tree::object()
            .with("use", "official")
            .with("family", contact.family.as_str())
            .with("given", list([contact.given.as_str().into()]));
        let telecom =
            contact.phone.as_deref().map(|phone| list([point("phone", phone).with("use", "mobile")]));
        let address = person.address.as_ref().filter(|_| contact.same_home);
        let related = history
            .start("RelatedPerson", &id)
            .with("active", true)
            .with("patient", history.subject())
            .with("relationship", list([hl7("v3-RoleCode", contact.relation).with("text", contact.words)]))
            .with("name", list([name]))
            .maybe("telecom", telecom)
            .with("gender", gender(contact.sex))
            .maybe("address", address.map(|address| list([address.tree(None, None)])));
        history.add("RelatedPerson", &id, &related);
    }
}

fn some(items: Vec<Tree>) -> Option<Tree> {
    (!items.is_empty()).then_some(Tree::Array(items))
}

fn point(system: &str, value: &str) -> Tree {
    Tree::object().with("system", system).with("value", value)
}

/// The code of FHIR's administrative gender.
pub fn gender(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "female",
        Sex::Male => "male",
    }
}

fn identifiers(person: &Person) -> Vec<Tree> {
    let mut identifiers = Vec::new();
    if let Some(number) = &person.nhs_number {
        let status = concept(
            &format!("{UK_CODES}NHSNumberVerificationStatusEngland"),
            "01",
            "Number present and verified",
        );
        let status = extension(&format!("{UK}NHSNumberVerificationStatus"), "valueCodeableConcept", status);
        identifiers.push(
            Tree::object()
                .with("extension", list([status]))
                .with("use", "official")
                .with("system", "https://fhir.nhs.uk/Id/nhs-number")
                .with("value", number.as_str()),
        );
    }
    identifiers.push(
        Tree::object()
            .with("use", "usual")
            .with("type", hl7("v2-0203", "MR").with("text", "Hospital number"))
            .with("system", "https://carespine.example/Id/hospital-number")
            .with("value", person.hospital_number.as_str()),
    );
    identifiers
}

fn names(person: &Person) -> Vec<Tree> {
    let name = &person.name;
    let given: Vec<Tree> = name.given.iter().map(|given| Tree::from(given.as_str())).collect();
    let prefix = (!name.title.is_empty()).then(|| list([name.title.into()]));
    let mut names = vec![
        Tree::object()
            .with("use", "official")
            .with("family", name.family.as_str())
            .with("given", given.clone())
            .maybe("prefix", prefix),
    ];
    if let Some(preferred) = &name.preferred {
        names.push(Tree::object().with("use", "nickname").with("given", list([preferred.as_str().into()])));
    }
    if let Some(former) = &name.former {
        names.push(Tree::object().with("use", "maiden").with("family", former.as_str()).with("given", given));
    }
    names
}

fn addresses(person: &Person) -> Vec<Tree> {
    let home: Option<&Address> = person.address.as_ref();
    let moved = person.earlier.as_ref().map(|(_, day)| *day);
    let mut addresses: Vec<Tree> = home.map(|home| home.tree(moved, None)).into_iter().collect();
    if let Some((earlier, until)) = &person.earlier {
        addresses.push(earlier.tree(None, Some(*until)));
    }
    addresses
}

fn extensions(person: &Person) -> Vec<Tree> {
    let mut extensions = Vec::new();
    if let Some((code, words)) = person.ethnicity {
        let category = concept(&format!("{UK_CODES}EthnicCategoryEngland"), code, words);
        extensions.push(extension(&format!("{UK}EthnicCategory"), "valueCodeableConcept", category));
    }
    if person.interpreter {
        extensions.push(extension(&format!("{HL7}patient-interpreterRequired"), "valueBoolean", true));
    }
    extensions
}

fn communication(person: &Person) -> Vec<Tree> {
    let Some((code, words)) = person.language else { return Vec::new() };
    let language = concept("urn:ietf:bcp:47", code, words);
    let english = concept("urn:ietf:bcp:47", "en", "English");
    let mut communication =
        vec![Tree::object().with("language", language).with("preferred", person.interpreter)];
    if !person.interpreter {
        communication.push(Tree::object().with("language", english).with("preferred", true));
    }
    communication
}

fn contact_tree(contact: &Contact, person: &Person) -> Tree {
    let name = Tree::object()
        .with("family", contact.family.as_str())
        .with("given", list([contact.given.as_str().into()]));
    let telecom = contact.phone.as_deref().map(|phone| list([point("phone", phone).with("use", "mobile")]));
    let address = person.address.as_ref().filter(|_| contact.same_home);
    let kin = hl7("v2-0131", "N").with("text", "Next of kin");
    Tree::object()
        .with("relationship", list([hl7("v3-RoleCode", contact.relation).with("text", contact.words), kin]))
        .with("name", name)
        .maybe("telecom", telecom)
        .maybe("address", address.map(|address| address.tree(None, None)))
        .with("gender", gender(contact.sex))
}

/// Writes the registration with the practice.
pub fn write_registration(history: &mut History) {
    let person = history.person;
    let from = match &person.earlier {
        Some((_, moved)) => moved.plus(12),
        None => person.birth.plus(20).max(history.from.plus_years(-4)),
    };
    if from.at(0, 0) > history.end {
        return;
    }
    let id = history.next_id();
    let ended = person.death.map(|death| death.day);
    let episode = history
        .start("EpisodeOfCare", &id)
        .with("status", if ended.is_some() { "finished" } else { "active" })
        .with(
            "type",
            list([crate::elements::own("episode-type", "gp-registration", "Registration with GP practice")]),
        )
        .with("patient", history.subject())
        .with("managingOrganization", organisation(history.plan, person.practice))
        .with("period", period(from, ended))
        .with("careManager", doctor(history));
    history.add("EpisodeOfCare", &id, &episode);
}

fn doctor(history: &History) -> Tree {
    let clinician = Clinician::gp(history.person.practice, history.person.doctor);
    shown("Practitioner", &clinician.id(history.plan), &clinician.name())
}
