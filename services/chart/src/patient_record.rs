//! One patient's record, opened for a page: the person, the banner, the navigation, what the page asked for.

use crate::open_glass;
use crate::shown::{self, Place};
use crate::views::{AllergyEntry, EncounterEntry, Names, Person, Resource, alert, allergies_state};
use fhir::search::{Handling, Query};
use fhir::{Instant, Tree};
use html::{Allergies, AsAt, Banner, Contact, Frame, Location, Markup, Nav, Sidenav, frame};
use maud::html;
use record::{Found, Kind, Reader, Refusal};
use service::{Answer, Permission, Request};
use std::collections::HashSet;

/// What the banner is made of, beside the Patient.
const BANNER_TYPES: [&str; 2] = ["AllergyIntolerance", "Flag"];

/// A record, open.
pub struct PatientRecord<'r> {
    /// What was asked.
    pub request: &'r Request<'r>,
    /// The record through the session's scope, at the moment asked for.
    pub reader: Reader,
    /// The person.
    pub person: Person,
    /// Their Patient resource.
    pub patient: Resource,
    /// The moment that is shown: now, or the one asked for.
    pub moment: i64,
    /// Addresses that keep the moment.
    pub place: Place,
    resources: Vec<Resource>,
    /// True when what the page is about could not be read.
    failed: bool,
}

impl<'r> PatientRecord<'r> {
    /// Opens the record of the patient in the path and reads all that it has of some types, those of which a
    /// patient has few. Puts the look on the audit trail. Someone who is not there and someone who may not be
    /// seen get the same answer.
    pub fn open(request: &'r Request<'r>, types: &[&'static str]) -> Result<PatientRecord<'r>, Refusal> {
        let at = request.at()?;
        let reader = request.reader()?;
        let id = request.param("id");
        let patient = match reader.read("Patient", id)? {
            Found::Here(body) => Resource::of(body),
            Found::Gone(_) | Found::Absent => None,
        };
        if request.session.is_barred_from(id) {
            let patients = vec![Tree::from(id)];
            request.audit("barred", Tree::object().with("patients", patients).with("page", request.path));
        }
        let patient = patient.ok_or_else(|| not_there(at))?;
        let clinical = request.session.may(Permission::ReadRecord);
        let mut wanted = types.to_vec();
        if clinical {
            wanted.extend(BANNER_TYPES.iter().filter(|kind| !types.contains(kind)));
        }
        let read = if wanted.is_empty() { Ok(Vec::new()) } else { reader.compartment(id, &wanted) };
        let (resources, failed) = match read {
            Ok(bodies) => (bodies.into_iter().filter_map(Resource::of).collect(), false),
            Err(refusal) if refusal.kind == Kind::Fault => (Vec::new(), true),
            Err(refusal) => return Err(refusal),
        };
        let record = PatientRecord {
            person: Person::of(&patient),
            place: Place::new(id, request.query("at")),
            moment: at.unwrap_or(request.now()).0,
            request,
            reader,
            patient,
            resources,
            failed,
        };
        record.note_look()?;
        Ok(record)
    }

    fn note_look(&self) -> Result<(), Refusal> {
        let detail = Tree::object()
            .with("patients", vec![Tree::from(self.person.id.as_str())])
            .with("page", self.request.path)
            .with("txn", Tree::Number(self.reader.txn().to_string()));
        self.request.audit("read", detail);
        self.request.looked_at(&self.person.id)
    }

    /// Keeps what was read, each resource once.
    pub(crate) fn keep(&mut self, resources: Vec<Resource>) {
        let known: HashSet<(&str, &str)> = self.resources.iter().map(|r| (r.kind, r.id.as_str())).collect();
        let new = |r: &Resource| !known.contains(&(r.kind, r.id.as_str()));
        let new: Vec<Resource> = resources.into_iter().filter(new).collect();
        self.resources.extend(new);
    }

    /// Notes that something could not be read, so that the page says so.
    pub(crate) fn has_failed(&mut self) {
        self.failed = true;
    }

    /// The resources of a type that were read.
    pub fn of<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'s Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// All that was read.
    pub fn all(&self) -> &[Resource] {
        &self.resources
    }

    /// Names of what is referred to.
    pub fn names(&self) -> Names<'_> {
        Names::new(&self.reader)
    }

    /// True when the session may see clinical content.
    pub fn clinical(&self) -> bool {
        self.request.session.may(Permission::ReadRecord) && !self.is_closed()
    }

    /// The entries of the allergy record.
    pub fn allergies(&self) -> Vec<AllergyEntry> {
        self.of("AllergyIntolerance").map(|resource| AllergyEntry::of(resource, &self.person.id)).collect()
    }

    /// The stays and visits that go on, the latest first.
    pub fn open_encounters(&self) -> Result<Vec<EncounterEntry>, Refusal> {
        let pairs = [("patient", self.person.id.as_str()), ("status", "in-progress,arrived,triaged,onleave")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = Query::parse(Some("Encounter"), &pairs, Handling::Strict, Instant(self.moment), "")?;
        let found = self.reader.search(&query, &record::Page { count: 20, total: false })?;
        let open = found.matches.into_iter().filter_map(Resource::of);
        let mut open: Vec<_> = open.map(|resource| EncounterEntry::of(&resource, &self.person.id)).collect();
        open.sort_by_key(|encounter| std::cmp::Reverse(encounter.start.map(html::When::start)));
        Ok(open)
    }

    fn location(&self, names: &Names<'_>) -> Location {
        if !self.clinical() || !self.request.session.scope.has_type("Encounter") {
            return Location::NotShown;
        }
        match self.open_encounters() {
            Ok(open) => match open.first() {
                Some(encounter) => {
                    Location::At(encounter.place(names).unwrap_or_else(|| encounter.what.clone()))
                }
                None => Location::NotInHospital,
            },
            Err(_) => Location::Unavailable,
        }
    }

    /// The page: content within frame, banner and navigation. What could not be read is said instead of the
    /// content, so that it is never taken for "nothing there".
    pub fn page(&self, title: &str, section: &str, main: Markup) -> Answer {
        let whole = format!("{}: {}", self.person.name.in_list(), title.to_lowercase());
        let is_about_people = matches!(section, "access" | "details" | "access-log");
        let main = match (self.failed, self.is_closed() && !is_about_people) {
            (true, _) => html::missing(title, self.request.now().0),
            (_, true) => open_glass::closed(self),
            _ => main,
        };
        let page = Frame {
            banner: Some(self.banner()),
            sidenav: Some(self.sidenav(section)),
            as_at: self.as_at(),
            ..self.request.frame(&whole, Nav::Patients)
        };
        let above = html! { (open_glass::bars(self)) (open_glass::sealed(self)) (self.merged()) };
        Answer::Page(frame(&page, html! { (above) (main) }))
    }

    /// True when whoever asks may find the person but does not reach the record.
    pub fn is_closed(&self) -> bool {
        let session = self.request.session;
        session.needs_relationships() && !session.reaches(&self.person.id)
    }

    fn as_at(&self) -> Option<AsAt> {
        self.place.at.as_ref()?;
        Some(AsAt { at: self.moment, back: self.place.back(self.request.path, self.request.query) })
    }

    /// Said on every page of a record that another one took the place of.
    fn merged(&self) -> Markup {
        html! {
            @if let Some(other) = &self.person.replaced_by {
                div class="app-card app-notice app-alert app-alert--amber" role="status" {
                    div {
                        strong class="app-strong" { "This record was merged into another." } " "
                        a href=(self.place.link(&format!("/patients/{other}"))) { "Open the other record" }
                    }
                }
            }
        }
    }

    fn sidenav(&self, section: &str) -> Sidenav {
        let counts = self.reader.compartment_counts(&self.person.id).unwrap_or_default();
        let sections = shown::sections(self.request, &self.place, &counts);
        Sidenav { sections, current: self.place.section(section) }
    }

    fn banner(&self) -> Banner {
        let names = self.names();
        let clinical = self.clinical();
        let doctors = self.person.doctors.iter().filter_map(|doctor| names.of(Some(doctor)));
        let number = self.person.hospital_number.clone();
        let mut facts: Vec<Contact> =
            number.into_iter().map(|value| Contact { label: "Hospital No.".into(), value }).collect();
        facts.extend(doctors.map(|value| Contact { label: "GP".into(), value }));
        Banner {
            name: self.person.name.clone(),
            preferred: self.person.preferred.clone(),
            born: self.person.born,
            died: self.person.died,
            gender: self.person.gender.to_owned(),
            nhs_number: self.person.nhs_number.clone(),
            at: self.moment,
            address: self.person.address.clone(),
            contacts: self.person.contacts.clone(),
            location: self.location(&names),
            facts,
            alerts: clinical.then(|| self.of("Flag").filter_map(alert).collect()),
            allergies: clinical.then(|| self.allergies_state()),
            allergies_at: self.place.section("allergies"),
        }
    }

    /// The state of the allergy record; unavailable when it could not be read or lies outside the scope.
    pub fn allergies_state(&self) -> Allergies {
        if self.failed || !self.request.session.scope.has_type("AllergyIntolerance") {
            return Allergies::Unavailable;
        }
        allergies_state(&self.allergies())
    }
}

/// The same words for a patient who is not there, one who may not be seen, and a record that was deleted.
fn not_there(at: Option<Instant>) -> Refusal {
    let text = match at {
        None => {
            "There is no such patient, or none whose record you may see. Find the patient by name, date of birth \
             or NHS number."
        }
        Some(_) => {
            "There was no such patient at that moment, or none whose record you may see. Go back to now, or \
             choose a later moment."
        }
    };
    Refusal::new(Kind::NotFound, text)
}
