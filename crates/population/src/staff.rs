//! The people who work in the practices and the hospital, and the accounts of some of them.

use crate::elements::{list, own, shown, words};
use crate::identifiers::id;
use crate::places::{self, Bundle, ORGANISATIONS, TRUST};
use crate::{Account, Plan};
use fhir::Tree;

/// What someone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Gp,
    PracticeNurse,
    Pharmacist,
    Receptionist,
    Consultant,
    Registrar,
    Nurse,
    Midwife,
    HealthVisitor,
    Radiologist,
    Scientist,
    Administrator,
}

impl Job {
    /// Code and name of the job in our own code system.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Job::Gp => ("general-practitioner", "General practitioner"),
            Job::PracticeNurse => ("practice-nurse", "Practice nurse"),
            Job::Pharmacist => ("pharmacist", "Pharmacist"),
            Job::Receptionist => ("receptionist", "Receptionist"),
            Job::Consultant => ("consultant", "Consultant"),
            Job::Registrar => ("registrar", "Registrar"),
            Job::Nurse => ("registered-nurse", "Registered nurse"),
            Job::Midwife => ("midwife", "Midwife"),
            Job::HealthVisitor => ("health-visitor", "Health visitor"),
            Job::Radiologist => ("radiologist", "Radiologist"),
            Job::Scientist => ("biomedical-scientist", "Biomedical scientist"),
            Job::Administrator => ("system-administrator", "System administrator"),
        }
    }
}

/// Title, first name and family name of someone in a practice, and their job.
type Colleague = (&'static str, &'static str, &'static str, Job);

/// One of the staff of the hospital: title, first name, family name, job, specialty.
type Specialist = (&'static str, &'static str, &'static str, Job, &'static str);

/// People in each practice.
const TEAM: usize = 8;

/// The teams of the practices, in the order of [`PRACTICES`]: four doctors, two nurses, a pharmacist,
/// reception.
const TEAMS: [[Colleague; TEAM]; 6] = [
    [
        ("Dr", "Helen", "Marlowe", Job::Gp),
        ("Dr", "Imran", "Qureshi", Job::Gp),
        ("Dr", "Fiona", "Castle", Job::Gp),
        ("Dr", "Gwilym", "Rees", Job::Gp),
        ("Mrs", "Carol", "Tunnicliffe", Job::PracticeNurse),
        ("Mr", "Jerome", "Santos", Job::PracticeNurse),
        ("Ms", "Bhavna", "Solanki", Job::Pharmacist),
        ("Mrs", "Janice", "Clegg", Job::Receptionist),
    ],
    [
        ("Dr", "Rosalind", "Achebe", Job::Gp),
        ("Dr", "Peter", "Lindqvist", Job::Gp),
        ("Dr", "Sunil", "Wickramasinghe", Job::Gp),
        ("Dr", "Catriona", "Muir", Job::Gp),
        ("Ms", "Debra", "Hollins", Job::PracticeNurse),
        ("Mrs", "Anita", "Kowalczyk", Job::PracticeNurse),
        ("Mr", "Daniel", "Ofori", Job::Pharmacist),
        ("Mr", "Kyle", "Redfern", Job::Receptionist),
    ],
    [
        ("Dr", "Margaret", "Oyelaran", Job::Gp),
        ("Dr", "James", "Pemberton", Job::Gp),
        ("Dr", "Leila", "Farahani", Job::Gp),
        ("Dr", "Huw", "Bevan", Job::Gp),
        ("Mrs", "Sandra", "Pickles", Job::PracticeNurse),
        ("Ms", "Grace", "Mwangi", Job::PracticeNurse),
        ("Mrs", "Tara", "McGinty", Job::Pharmacist),
        ("Ms", "Lorna", "Stubbs", Job::Receptionist),
    ],
    [
        ("Dr", "Edward", "Fairweather", Job::Gp),
        ("Dr", "Nadia", "Rahman", Job::Gp),
        ("Dr", "Colm", "Hegarty", Job::Gp),
        ("Dr", "Yuki", "Tanemura", Job::Gp),
        ("Mrs", "Philippa", "Swale", Job::PracticeNurse),
        ("Mr", "Ben", "Arkwright", Job::PracticeNurse),
        ("Ms", "Chidi", "Eze", Job::Pharmacist),
        ("Mrs", "Maxine", "Gaunt", Job::Receptionist),
    ],
    [
        ("Dr", "Anne-Marie", "Duval", Job::Gp),
        ("Dr", "Ranjit", "Bains", Job::Gp),
        ("Dr", "Thomas", "Hathersage", Job::Gp),
        ("Dr", "Olusola", "Bankole", Job::Gp),
        ("Ms", "Kerry", "Winstanley", Job::PracticeNurse),
        ("Mrs", "Mary", "Devlin", Job::PracticeNurse),
        ("Mr", "Hasan", "Çelik", Job::Pharmacist),
        ("Ms", "Paige", "Rudd", Job::Receptionist),
    ],
    [
        ("Dr", "Judith", "Snaith", Job::Gp),
        ("Dr", "Vikram", "Nambiar", Job::Gp),
        ("Dr", "Eleri", "Probert", Job::Gp),
        ("Dr", "Marcus", "Delacroix", Job::Gp),
        ("Mrs", "Lynn", "Harker", Job::PracticeNurse),
        ("Ms", "Ewa", "Zawadzka", Job::PracticeNurse),
        ("Mrs", "Shanthi", "Pillai", Job::Pharmacist),
        ("Mr", "Owen", "Tranter", Job::Receptionist),
    ],
];

/// The staff of the hospital.
const HOSPITAL: &[Specialist] = &[
    ("Dr", "Amara", "Okafor", Job::Registrar, "Acute medicine"),
    ("Ms", "Francisca", "Morales", Job::Nurse, "Respiratory medicine"),
    ("Dr", "Rakesh", "Patel", Job::Consultant, "Respiratory medicine"),
    ("Mr", "Lewis", "Adair", Job::Pharmacist, "Pharmacy"),
    ("Mrs", "Denise", "Horrocks", Job::Receptionist, "Outpatients"),
    ("Mr", "Toby", "Brightwell", Job::Administrator, "Digital services"),
    ("Dr", "Sarah", "Winterton", Job::Consultant, "Acute medicine"),
    ("Dr", "Niall", "Corrigan", Job::Registrar, "Respiratory medicine"),
    ("Dr", "Elizabeth", "Garrowby", Job::Consultant, "Cardiology"),
    ("Dr", "Farid", "Naseri", Job::Registrar, "Cardiology"),
    ("Dr", "Mei-Lin", "Zhao", Job::Consultant, "Diabetes and endocrinology"),
    ("Dr", "Thomas", "Okello", Job::Registrar, "Diabetes and endocrinology"),
    ("Dr", "Moira", "Lennox", Job::Consultant, "Elderly care"),
    ("Dr", "Arun", "Sethi", Job::Registrar, "Elderly care"),
    ("Miss", "Alexandra", "Voss", Job::Consultant, "General surgery"),
    ("Mr", "Kenneth", "Adomako", Job::Registrar, "General surgery"),
    ("Mr", "Julian", "Strickland", Job::Consultant, "Orthopaedics"),
    ("Miss", "Rhiannon", "Price", Job::Registrar, "Orthopaedics"),
    ("Miss", "Oluwatoyin", "Bello", Job::Consultant, "Obstetrics"),
    ("Dr", "Hannah", "Lindley", Job::Registrar, "Obstetrics"),
    ("Dr", "David", "Abernathy", Job::Consultant, "Paediatrics"),
    ("Dr", "Pooja", "Raman", Job::Registrar, "Paediatrics"),
    ("Dr", "Siân", "Hopcroft", Job::Consultant, "Emergency medicine"),
    ("Dr", "Jack", "Trevelyan", Job::Registrar, "Emergency medicine"),
    ("Dr", "Ingrid", "Halvorsen", Job::Consultant, "Oncology"),
    ("Dr", "Babak", "Jafari", Job::Registrar, "Oncology"),
    ("Miss", "Clare", "Easterbrook", Job::Consultant, "Ophthalmology"),
    ("Mr", "Samir", "Haddadin", Job::Registrar, "Ophthalmology"),
    ("Dr", "Wendy", "Thackeray", Job::Consultant, "Old age psychiatry"),
    ("Dr", "Conor", "Mulvaney", Job::Registrar, "Old age psychiatry"),
    ("Dr", "Nirmala", "Ganesan", Job::Consultant, "Renal medicine"),
    ("Dr", "Oliver", "Peake", Job::Registrar, "Renal medicine"),
    ("Dr", "Francesca", "Bellini", Job::Consultant, "Gastroenterology"),
    ("Dr", "Samuel", "Gyasi", Job::Registrar, "Gastroenterology"),
    ("Mr", "Robert", "Heathcote", Job::Consultant, "Urology"),
    ("Miss", "Jasmin", "Virk", Job::Registrar, "Urology"),
    ("Miss", "Victoria", "Lacey", Job::Consultant, "Breast surgery"),
    ("Dr", "Emeka", "Nnadi", Job::Registrar, "Breast surgery"),
    ("Dr", "Gareth", "Pugh", Job::Consultant, "Stroke medicine"),
    ("Dr", "Lucy", "Applegarth", Job::Registrar, "Stroke medicine"),
    ("Dr", "Shazia", "Bokhari", Job::Consultant, "Rheumatology"),
    ("Dr", "Paul", "Grimwade", Job::Registrar, "Rheumatology"),
    ("Mr", "Alistair", "Monk", Job::Consultant, "Ear, nose and throat"),
    ("Miss", "Tamsin", "Boone", Job::Registrar, "Ear, nose and throat"),
    ("Dr", "Kirsten", "Ibsen", Job::Consultant, "Dermatology"),
    ("Dr", "Jermaine", "Fagan", Job::Registrar, "Dermatology"),
    ("Dr", "Beatrice", "Ashdown", Job::Consultant, "Neurology"),
    ("Dr", "Kofi", "Amankwah", Job::Registrar, "Neurology"),
    ("Sr", "Patience", "Chikwanha", Job::Nurse, "Acute medicine"),
    ("Mr", "Rodel", "Bautista", Job::Nurse, "Elderly care"),
    ("Ms", "Natalie", "Crowther", Job::Nurse, "General surgery"),
    ("Mrs", "Bernadette", "Fahy", Job::Nurse, "Orthopaedics"),
    ("Ms", "Leanne", "Tordoff", Job::Nurse, "Paediatrics"),
    ("Mr", "Stefan", "Baciu", Job::Nurse, "Emergency medicine"),
    ("Ms", "Abigail", "Sowerby", Job::Nurse, "Cardiology"),
    ("Mrs", "Joyce", "Mbeki", Job::Nurse, "Oncology"),
    ("Mrs", "Theresa", "Rafferty", Job::Midwife, "Obstetrics"),
    ("Ms", "Sumaya", "Warsame", Job::Midwife, "Obstetrics"),
    ("Ms", "Holly", "Castleton", Job::Midwife, "Obstetrics"),
    ("Mrs", "Pauline", "Eastwood", Job::HealthVisitor, "Children's community services"),
    ("Dr", "Simon", "Holt", Job::Radiologist, "Radiology"),
    ("Dr", "Aparna", "Bhatt", Job::Radiologist, "Radiology"),
    ("Mr", "Jonathan", "Marsh", Job::Scientist, "Pathology"),
    ("Mrs", "Ivana", "Petrović", Job::Scientist, "Pathology"),
];

/// One of the staff, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clinician(pub usize);

impl Clinician {
    /// A doctor of a practice.
    pub const fn gp(practice: usize, which: usize) -> Clinician {
        Clinician(practice * TEAM + which % 4)
    }

    /// A nurse of a practice.
    pub const fn practice_nurse(practice: usize, which: usize) -> Clinician {
        Clinician(practice * TEAM + 4 + which % 2)
    }

    /// The pharmacist of a practice.
    pub const fn practice_pharmacist(practice: usize) -> Clinician {
        Clinician(practice * TEAM + 6)
    }

    /// One of the hospital who has this job in this specialty.
    pub fn of(job: Job, specialty: &str) -> Clinician {
        let found = HOSPITAL.iter().position(|(.., theirs, field)| *theirs == job && *field == specialty);
        Clinician(TEAMS.len() * TEAM + found.expect("each specialty asked for has one with this job"))
    }

    fn facts(self) -> Specialist {
        match TEAMS.get(self.0 / TEAM) {
            Some(team) => {
                let (title, given, family, job) = team[self.0 % TEAM];
                (title, given, family, job, "General practice")
            }
            None => HOSPITAL[self.0 - TEAMS.len() * TEAM],
        }
    }

    /// Title, first name and family name.
    pub fn name(self) -> String {
        let (title, given, family, ..) = self.facts();
        format!("{title} {given} {family}")
    }

    /// Name of the job and specialty, under a signature.
    pub fn position(self) -> String {
        match self.facts() {
            (.., Job::Consultant, specialty) => format!("Consultant, {specialty}"),
            (.., Job::Registrar, specialty) => format!("Specialty registrar, {specialty}"),
            (.., job, _) => job.words().1.to_owned(),
        }
    }

    /// Id of the Practitioner.
    pub fn id(self, plan: &Plan) -> String {
        id(plan.seed, STAFF, self.0 as u64, 0)
    }

    /// Reference to the Practitioner.
    pub fn reference(self, plan: &Plan) -> Tree {
        shown("Practitioner", &self.id(plan), &self.name())
    }

    fn organisation(self) -> usize {
        if self.0 < TEAMS.len() * TEAM { self.0 / TEAM } else { TRUST }
    }
}

/// Writes everyone and what they do where.
pub fn write(plan: &Plan, bundle: &mut Bundle) {
    for clinician in (0..TEAMS.len() * TEAM + HOSPITAL.len()).map(Clinician) {
        let (title, given, family, job, specialty) = clinician.facts();
        let name = Tree::object()
            .with("use", "official")
            .with("family", family)
            .with("given", list([given.into()]))
            .with("prefix", list([title.into()]));
        let number = Tree::object()
            .with("system", "https://carespine.example/Id/staff-number")
            .with("value", format!("S{:05}", 10_023 + clinician.0 * 7));
        let practitioner = Tree::resource("Practitioner")
            .with("id", clinician.id(plan))
            .with("identifier", list([number]))
            .with("active", true)
            .with("name", list([name]));
        bundle.put("Practitioner", &clinician.id(plan), &practitioner);
        let (code, words_of_job) = job.words();
        let role_id = id(plan.seed, ROLE, clinician.0 as u64, 0);
        let role = Tree::resource("PractitionerRole")
            .with("id", role_id.as_str())
            .with("active", true)
            .with("practitioner", clinician.reference(plan))
            .with("organization", places::organisation(plan, clinician.organisation()))
            .with("code", list([own("staff-role", code, words_of_job)]))
            .with("specialty", list([words(specialty)]))
            .with("location", list([places::site_of(plan, clinician.organisation())]));
        bundle.put("PractitionerRole", &role_id, &role);
    }
}

/// The accounts of the demo; see [`Plan::accounts`].
pub fn accounts(plan: &Plan) -> Vec<Account> {
    let acute = |job, specialty| Clinician::of(job, specialty);
    let ward = places::WARDS.iter().position(|ward| ward.name == "Ward 7B");
    let chosen: [(&str, &str, Clinician, Option<usize>); 8] = [
        ("doctor", "doctor", acute(Job::Registrar, "Acute medicine"), ward),
        ("consultant", "doctor", acute(Job::Consultant, "Respiratory medicine"), ward),
        ("nurse", "nurse", acute(Job::Nurse, "Respiratory medicine"), ward),
        ("midwife", "midwife", acute(Job::Midwife, "Obstetrics"), None),
        ("gp", "gp", Clinician::gp(0, 0), None),
        ("pharmacist", "pharmacist", acute(Job::Pharmacist, "Pharmacy"), None),
        ("reception", "receptionist", acute(Job::Receptionist, "Outpatients"), None),
        ("admin", "administrator", acute(Job::Administrator, "Digital services"), None),
    ];
    let account = |(name, role, clinician, ward): (&str, &str, Clinician, Option<usize>)| Account {
        name: name.to_owned(),
        display: clinician.name(),
        role: role.to_owned(),
        job: clinician.position(),
        place: ward
            .map_or(ORGANISATIONS[clinician.organisation()].name, |ward| places::WARDS[ward].name)
            .to_owned(),
        practitioner: clinician.id(plan),
        organization: places::organisation_id(plan, clinician.organisation()),
        organisation_code: ORGANISATIONS[clinician.organisation()].code,
        location: ward.map(|ward| places::ward_id(plan, ward)),
        workgroups: vec![ward.map_or_else(
            || ORGANISATIONS[clinician.organisation()].code.to_owned(),
            |ward| places::ward_id(plan, ward),
        )],
    };
    chosen.into_iter().map(account).collect()
}

const STAFF: u64 = 21;
const ROLE: u64 = 22;
