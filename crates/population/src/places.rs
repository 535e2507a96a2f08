//! Organisations and their buildings, wards and beds: what many people's records point to.

use crate::Plan;
use crate::addresses::{Address, COUNTY, TOWNS};
use crate::elements::{hl7, list, own, shown};
use crate::identifiers::id;
use crate::random::Random;
use crate::staff;
use fhir::Tree;

/// An organisation. The codes have the form of ODS codes and are of a range that is not in use in England.
pub struct Organisation {
    /// Its name.
    pub name: &'static str,
    /// Its code.
    pub code: &'static str,
    /// Telephone.
    pub phone: &'static str,
}

/// How many of [`ORGANISATIONS`] are GP practices; they come first, in the order of [`TOWNS`].
pub const PRACTICES: usize = 6;

/// The hospital trust, by its place in [`ORGANISATIONS`].
pub const TRUST: usize = 6;

/// All organisations.
pub const ORGANISATIONS: [Organisation; 9] = [
    Organisation { name: "Millbrook Surgery", code: "Z97001", phone: "01632 960101" },
    Organisation { name: "Canal Street Medical Centre", code: "Z97002", phone: "01632 960102" },
    Organisation { name: "Harrowmere Health Centre", code: "Z97003", phone: "01632 960103" },
    Organisation { name: "The Old Forge Surgery", code: "Z97004", phone: "01632 960104" },
    Organisation { name: "Tarlbridge Family Practice", code: "Z97005", phone: "01632 960105" },
    Organisation { name: "Fennimore Surgery", code: "Z97006", phone: "01632 960106" },
    Organisation { name: "Wealdmoor Hospitals", code: "ZN9", phone: "01632 960200" },
    Organisation { name: "Wealdmoor Community and Mental Health", code: "ZN8", phone: "01632 960300" },
    Organisation { name: "Wealdmoor Pathology", code: "ZN7", phone: "01632 960400" },
];

/// The laboratory, by its place in [`ORGANISATIONS`].
pub const PATHOLOGY: usize = 8;

/// A ward.
pub struct Ward {
    /// Its name.
    pub name: &'static str,
    /// Who works there.
    pub specialty: &'static str,
    /// Beds in bays.
    pub beds: usize,
    /// Side rooms.
    pub rooms: usize,
}

/// The wards of Northgate Hospital.
pub const WARDS: [Ward; 12] = [
    Ward { name: "Acute Medical Unit", specialty: "Acute medicine", beds: 28, rooms: 4 },
    Ward { name: "Ward 7B", specialty: "Respiratory medicine", beds: 20, rooms: 4 },
    Ward { name: "Ward 7A", specialty: "Cardiology", beds: 20, rooms: 4 },
    Ward { name: "Ward 6A", specialty: "Elderly care", beds: 24, rooms: 4 },
    Ward { name: "Ward 6B", specialty: "Stroke medicine", beds: 16, rooms: 4 },
    Ward { name: "Ward 5A", specialty: "General surgery", beds: 24, rooms: 4 },
    Ward { name: "Ward 5B", specialty: "Orthopaedics", beds: 24, rooms: 4 },
    Ward { name: "Ward 4A", specialty: "Diabetes and endocrinology", beds: 20, rooms: 2 },
    Ward { name: "Maternity Ward", specialty: "Obstetrics", beds: 20, rooms: 8 },
    Ward { name: "Children's Ward", specialty: "Paediatrics", beds: 16, rooms: 6 },
    Ward { name: "Ward 3A", specialty: "Oncology", beds: 16, rooms: 6 },
    Ward { name: "Ward 3B", specialty: "Gastroenterology", beds: 20, rooms: 4 },
];

/// Places of the hospital that people visit without staying.
pub const DEPARTMENTS: [&str; 6] = [
    "Emergency Department",
    "Outpatients",
    "Day Surgery Unit",
    "Endoscopy Unit",
    "Antenatal Clinic",
    "Eye Clinic",
];

/// A place where people are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A GP practice.
    Practice(usize),
    /// One of [`DEPARTMENTS`].
    Department(usize),
    /// One of [`WARDS`].
    Ward(usize),
    /// The person's home.
    Home,
}

/// The Emergency Department.
pub const EMERGENCY: Place = Place::Department(0);
/// The outpatient clinics.
pub const OUTPATIENTS: Place = Place::Department(1);
/// Where people have operations and go home the same day.
pub const DAY_SURGERY: Place = Place::Department(2);
/// Endoscopy.
pub const ENDOSCOPY: Place = Place::Department(3);
/// The antenatal clinic.
pub const ANTENATAL: Place = Place::Department(4);
/// The eye clinic.
pub const EYES: Place = Place::Department(5);

impl Place {
    /// The ward of a specialty.
    pub fn ward(specialty: &str) -> Place {
        let found = WARDS.iter().position(|ward| ward.specialty == specialty);
        Place::Ward(found.expect("each specialty that admits has a ward"))
    }

    /// Reference to the Location; nobody's home has one.
    pub fn reference(self, plan: &Plan) -> Option<Tree> {
        match self {
            Place::Practice(number) => Some(site_of(plan, number)),
            Place::Department(number) => {
                Some(shown("Location", &id(plan.seed, DEPARTMENT, number as u64, 0), DEPARTMENTS[number]))
            }
            Place::Ward(number) => Some(shown("Location", &ward_id(plan, number), WARDS[number].name)),
            Place::Home => None,
        }
    }

    /// Its name in a letter.
    pub fn name(self) -> &'static str {
        match self {
            Place::Practice(number) => ORGANISATIONS[number].name,
            Place::Department(number) => DEPARTMENTS[number],
            Place::Ward(number) => WARDS[number].name,
            Place::Home => "Home",
        }
    }

    /// The organisation that runs it, by its place in [`ORGANISATIONS`].
    pub fn organisation(self, practice: usize) -> usize {
        match self {
            Place::Practice(number) => number,
            Place::Department(_) | Place::Ward(_) => TRUST,
            Place::Home => practice,
        }
    }
}

/// Reference to an organisation.
pub fn organisation(plan: &Plan, number: usize) -> Tree {
    shown("Organization", &organisation_id(plan, number), ORGANISATIONS[number].name)
}

/// Id of an organisation.
pub fn organisation_id(plan: &Plan, number: usize) -> String {
    id(plan.seed, ORGANISATION, number as u64, 0)
}

/// Id of a ward.
pub fn ward_id(plan: &Plan, number: usize) -> String {
    id(plan.seed, WARD, number as u64, 0)
}

/// Reference to a bed of a ward. Side rooms come after the beds of the bays.
pub fn bed(plan: &Plan, ward: usize, bed: usize) -> Tree {
    shown("Location", &bed_id(plan, ward, bed), &bed_name(ward, bed))
}

fn bed_id(plan: &Plan, ward: usize, bed: usize) -> String {
    id(plan.seed, BED, ward as u64, bed as u64 + 1)
}

fn bed_name(ward: usize, bed: usize) -> String {
    let Ward { name, beds, .. } = WARDS[ward];
    if bed < beds {
        format!("{name}, bed {}", bed + 1)
    } else {
        format!("{name}, side room {}", bed - beds + 1)
    }
}

/// Reference to the building of an organisation.
pub fn site_of(plan: &Plan, organisation: usize) -> Tree {
    shown("Location", &id(plan.seed, SITE, organisation as u64, 0), site_name(organisation))
}

fn site_name(organisation: usize) -> &'static str {
    if organisation == TRUST { "Northgate Hospital" } else { ORGANISATIONS[organisation].name }
}

/// A transaction of resources to be put under their ids.
pub struct Bundle {
    text: String,
    /// How many resources it has.
    pub count: usize,
}

impl Bundle {
    /// An empty transaction. The tag says what all of it is: test health data.
    pub fn new(capacity: usize) -> Bundle {
        let mut text = String::with_capacity(capacity);
        text.push_str(r#"{"resourceType":"Bundle","meta":{"tag":["#);
        test_data().write(&mut text);
        text.push_str(r#"]},"type":"transaction","entry":["#);
        Bundle { text, count: 0 }
    }

    /// Adds a resource.
    pub fn put(&mut self, kind: &str, id: &str, resource: &Tree) {
        if self.count > 0 {
            self.text.push(',');
        }
        self.count += 1;
        for part in [r#"{"fullUrl":"https://carespine.example/fhir/"#, kind, "/", id, r#"","resource":"#] {
            self.text.push_str(part);
        }
        resource.write(&mut self.text);
        for part in [r#","request":{"method":"PUT","url":""#, kind, "/", id, r#""}}"#] {
            self.text.push_str(part);
        }
    }

    /// The JSON text.
    pub fn finish(mut self) -> String {
        self.text.push_str("]}");
        self.text
    }
}

/// The tag of what is made for tests (HL7 v3 ActReason HTEST).
pub fn test_data() -> Tree {
    Tree::object()
        .with("system", "http://terminology.hl7.org/CodeSystem/v3-ActReason")
        .with("code", "HTEST")
        .with("display", "test health data")
}

/// Writes all shared resources: first the places, then the people who work in them.
pub fn write(plan: &Plan) -> Vec<String> {
    let mut places = Bundle::new(400_000);
    for number in 0..ORGANISATIONS.len() {
        write_organisation(plan, number, &mut places);
    }
    for (number, name) in DEPARTMENTS.into_iter().enumerate() {
        let id = id(plan.seed, DEPARTMENT, number as u64, 0);
        let place = location(&id, name, "area", plan, TRUST).with("partOf", site_of(plan, TRUST));
        places.put("Location", &id, &place);
    }
    for (number, ward) in WARDS.iter().enumerate() {
        let hospital = site_of(plan, TRUST);
        let place = location(&ward_id(plan, number), ward.name, "wa", plan, TRUST)
            .with("description", ward.specialty)
            .with("partOf", hospital);
        places.put("Location", &ward_id(plan, number), &place);
        for bed in 0..ward.beds + ward.rooms {
            let place = location(&bed_id(plan, number, bed), &bed_name(number, bed), "bd", plan, TRUST)
                .with("partOf", Place::Ward(number).reference(plan).expect("wards are places"));
            places.put("Location", &bed_id(plan, number, bed), &place);
        }
    }
    let mut people = Bundle::new(200_000);
    staff::write(plan, &mut people);
    vec![places.finish(), people.finish()]
}

fn write_organisation(plan: &Plan, number: usize, bundle: &mut Bundle) {
    let Organisation { name, code, phone } = ORGANISATIONS[number];
    let mut random = Random::of(plan.seed, ORGANISATION, number as u64);
    let address = Address::draw(&TOWNS[number % TOWNS.len()], &mut random);
    let address = Tree::object()
        .with("use", "work")
        .with("line", list([address.lines.last().map_or("", String::as_str).into()]))
        .with("city", address.town)
        .with("district", COUNTY)
        .with("postalCode", address.postcode);
    let identifier =
        Tree::object().with("system", "https://fhir.nhs.uk/Id/ods-organization-code").with("value", code);
    let telecom = Tree::object().with("system", "phone").with("value", phone).with("use", "work");
    let kind = if number < PRACTICES {
        ("gp-practice", "GP practice")
    } else {
        ("provider", "Health care provider")
    };
    let organisation = Tree::resource("Organization")
        .with("id", organisation_id(plan, number))
        .with("meta", Tree::object().with("tag", list([test_data()])))
        .with("identifier", list([identifier]))
        .with("active", true)
        .with("type", list([own("organisation-type", kind.0, kind.1)]))
        .with("name", name)
        .with("telecom", list([telecom.clone()]))
        .with("address", list([address.clone()]));
    bundle.put("Organization", &organisation_id(plan, number), &organisation);
    let site_id = id(plan.seed, SITE, number as u64, 0);
    let site = location(&site_id, site_name(number), "bu", plan, number)
        .with("telecom", list([telecom]))
        .with("address", address);
    bundle.put("Location", &site_id, &site);
}

fn location(id: &str, name: &str, form: &str, plan: &Plan, organisation_number: usize) -> Tree {
    Tree::resource("Location")
        .with("id", id)
        .with("status", "active")
        .with("name", name)
        .with("mode", "instance")
        .with("physicalType", hl7("location-physical-type", form))
        .with("managingOrganization", organisation(plan, organisation_number))
}

const ORGANISATION: u64 = 11;
const SITE: u64 = 12;
const DEPARTMENT: u64 = 13;
const WARD: u64 = 14;
const BED: u64 = 15;
