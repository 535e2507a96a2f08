//! One person: who they are, where they live, when they were born and whether they died.

use crate::Plan;
use crate::addresses::{self, Address, TOWNS};
use crate::households::{Household, Member, Role};
use crate::identifiers::{hospital_number, id, nhs_number};
use crate::names::{Ethnicity, Heritage, Language, Sex, short};
use crate::random::Random;
use crate::stories;
use crate::time::{Day, Moment};

/// What someone is called.
#[derive(Clone, Debug, Default)]
pub struct Name {
    /// `Mrs`
    pub title: &'static str,
    /// First and middle names.
    pub given: Vec<String>,
    /// Family name.
    pub family: String,
    /// What they like to be called.
    pub preferred: Option<String>,
    /// Family name before marriage.
    pub former: Option<String>,
}

impl Name {
    /// `Mrs Hargreaves`, or for a child the first name.
    pub fn polite(&self) -> String {
        match self.title {
            "Master" | "" => self.given.first().cloned().unwrap_or_default(),
            title => format!("{title} {}", self.family),
        }
    }
}

/// Someone to call.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Code of HL7 v3 RoleCode, for a related person.
    pub relation: &'static str,
    /// The relation in words.
    pub words: &'static str,
    /// First name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// Telephone.
    pub phone: Option<String>,
    /// Whether they live at the same address.
    pub same_home: bool,
    /// Sex.
    pub sex: Sex,
}

/// A person.
#[derive(Clone, Debug)]
pub struct Person {
    /// The number in the population.
    pub index: usize,
    /// Id of the Patient.
    pub id: String,
    /// NHS number.
    pub nhs_number: Option<String>,
    /// Number at the hospital.
    pub hospital_number: String,
    /// What they are called.
    pub name: Name,
    /// Sex.
    pub sex: Sex,
    /// Day of birth.
    pub birth: Day,
    /// Minute of the day of birth, where it matters.
    pub birth_minute: i32,
    /// Whether a brother or sister was born at the same birth, and which of them this is.
    pub birth_order: Option<i64>,
    /// When they died.
    pub death: Option<Moment>,
    /// Background.
    pub ethnicity: Option<Ethnicity>,
    /// Language other than English.
    pub language: Option<Language>,
    /// Whether they need an interpreter.
    pub interpreter: bool,
    /// Code of HL7 v3 MaritalStatus and its words.
    pub marital: Option<(&'static str, &'static str)>,
    /// Where they live.
    pub address: Option<Address>,
    /// Where they lived before, and until when.
    pub earlier: Option<(Address, Day)>,
    /// Telephone at home.
    pub landline: Option<String>,
    /// Mobile telephone.
    pub mobile: Option<String>,
    /// Mail.
    pub email: Option<String>,
    /// Whom to call, the nearest first.
    pub contacts: Vec<Contact>,
    /// GP practice.
    pub practice: usize,
    /// Which doctor of the practice is theirs.
    pub doctor: usize,
    /// Days on which she gave birth to children who live with her.
    pub births: Vec<Day>,
    /// Whether nothing but this is known of them.
    pub bare: bool,
}

impl Person {
    /// The person of this number.
    pub fn of(plan: &Plan, index: usize) -> Person {
        let today = Moment::from(plan.until);
        if let Some(person) = stories::person(plan, index, today) {
            return person;
        }
        let household = Household::of(plan.seed, index, today.day);
        let me = household.members.iter().position(|member| member.index == index);
        let me = me.expect("a household is found by its members");
        let mut random = Random::of(plan.seed, PERSON, index as u64);
        Person::draw(plan, &household, me, today, &mut random)
    }

    /// Someone of whom only the least is known.
    pub fn new(plan: &Plan, index: usize, sex: Sex, birth: Day, name: Name) -> Person {
        Person {
            index,
            id: id(plan.seed, PATIENT, index as u64, 0),
            nhs_number: nhs_number(index),
            hospital_number: hospital_number(index),
            name,
            sex,
            birth,
            birth_minute: 0,
            birth_order: None,
            death: None,
            ethnicity: None,
            language: None,
            interpreter: false,
            marital: None,
            address: None,
            earlier: None,
            landline: None,
            mobile: None,
            email: None,
            contacts: Vec::new(),
            practice: 0,
            doctor: 0,
            births: Vec::new(),
            bare: false,
        }
    }

    fn draw(plan: &Plan, household: &Household, me: usize, today: Moment, random: &mut Random) -> Person {
        let member = &household.members[me];
        let age = today.day.age(member.birth);
        let married = marital(household, member, age, random);
        let name = name(member, age, married, random);
        let mut person = Person::new(plan, member.index, member.sex, member.birth, name);
        person.birth_minute = random.between(0, 1439);
        person.death = death(member.birth, today, random);
        person.birth_order = birth_order(household, member);
        person.ethnicity = ethnicity(household, member, random);
        person.language = (random.chance(0.6) && !(1..=4).contains(&age))
            .then(|| member.heritage.language(random))
            .flatten();
        person.interpreter = person.language.is_some() && random.chance(if age > 60 { 0.5 } else { 0.1 });
        person.marital = married;
        person.address = Some(household.address.clone());
        if random.chance(0.3) && age > 1 {
            let last = person.death.map_or(today.day, |death| death.day);
            let lived = last.since(member.birth);
            let moved = last.plus(-random.between(lived.min(200), lived.min(4_000)));
            person.earlier = Some((Address::draw(random.pick(&TOWNS), random), moved));
        }
        person.landline.clone_from(&household.landline);
        if age >= 13 && (age < 75 || random.chance(0.6)) {
            person.mobile.clone_from(&member.mobile);
            let mail = || addresses::email(&person.name.given[0], &person.name.family, member.index);
            person.email = random.chance(0.6).then(mail);
        }
        person.contacts = contacts(household, member, age, random);
        person.practice = household.practice;
        person.doctor = random.below(4);
        let childless = member.sex == Sex::Male || member.role != Role::Head;
        person.births = if childless { Vec::new() } else { births(household, member) };
        if random.chance(0.002) {
            person.nhs_number = None;
        }
        person
    }

    /// The first day of life, for babies whose hours are counted.
    pub fn born(&self) -> Moment {
        Moment { day: self.birth, minute: self.birth_minute }
    }
}

fn name(
    member: &Member,
    age: i32,
    marital: Option<(&'static str, &'static str)>,
    random: &mut Random,
) -> Name {
    let mut given = vec![member.given.to_owned()];
    if random.chance(0.6) {
        let middle = member.heritage.given(member.sex, member.birth.year(), random);
        if middle != member.given {
            given.push(middle.to_owned());
        }
    }
    let married = matches!(marital, Some(("M" | "W", _)));
    let title = match member.sex {
        _ if age >= 26 && random.chance(0.015) => "Dr",
        _ if age >= 35 && random.chance(0.002) => "Rev",
        Sex::Male if age < 13 => "Master",
        Sex::Male => "Mr",
        Sex::Female if married && random.chance(0.8) => "Mrs",
        Sex::Female if married || age > 18 && random.chance(0.5) => "Ms",
        Sex::Female => "Miss",
    };
    let preferred = match short(member.given) {
        Some(short) if random.chance(0.5) => Some(short.to_owned()),
        // Some go by their middle name.
        _ if given.len() > 1 && random.chance(0.04) => Some(given[1].clone()),
        _ => None,
    };
    Name { title, given, family: member.family.clone(), preferred, former: member.former.clone() }
}

fn marital(
    household: &Household,
    member: &Member,
    age: i32,
    random: &mut Random,
) -> Option<(&'static str, &'static str)> {
    let partnered = household.members.iter().any(|other| other.role == Role::Partner);
    let chance = random.unit();
    let status = match member.role {
        _ if age < 18 => return None,
        Role::Head | Role::Partner if partnered && household.married => ("M", "Married"),
        Role::Head | Role::Partner if partnered && chance < 0.8 => ("S", "Never married"),
        Role::Grandparent => ("W", "Widowed"),
        Role::Head if age > 64 && chance < 0.65 => ("W", "Widowed"),
        Role::Head if age > 38 && chance < 0.6 => ("D", "Divorced"),
        _ if chance > 0.97 => return None,
        _ => ("S", "Never married"),
    };
    Some(status)
}

/// Death within ten years, by the chance of each year of age (after the national life tables for England).
fn death(birth: Day, today: Moment, random: &mut Random) -> Option<Moment> {
    for years in (0..10).rev() {
        let age = today.day.plus_years(-years).age(birth);
        let risk = match age {
            ..=39 => 0.0002,
            40..=54 => 0.0015,
            55..=64 => 0.005,
            65..=74 => 0.013,
            75..=84 => 0.04,
            85..=92 => 0.10,
            _ => 0.2,
        };
        if age >= 1 && random.chance(risk) {
            let day = today.day.plus_years(-years).plus(-random.between(1, 365));
            return Some(Moment { day, minute: random.between(0, 1439) });
        }
    }
    None
}

fn birth_order(household: &Household, member: &Member) -> Option<i64> {
    let same = |other: &&Member| other.role == Role::Child && other.birth == member.birth;
    let together: Vec<&Member> = household.members.iter().filter(same).collect();
    let place = together.iter().position(|other| other.index == member.index)?;
    (together.len() > 1).then_some(place as i64 + 1)
}

fn ethnicity(household: &Household, member: &Member, random: &mut Random) -> Option<Ethnicity> {
    if random.chance(0.05) {
        return Some(if random.chance(0.6) { ("Z", "Not stated") } else { ("99", "Not known") });
    }
    let parents: Vec<Heritage> = household
        .members
        .iter()
        .filter(|other| matches!(other.role, Role::Head | Role::Partner))
        .map(|other| other.heritage)
        .collect();
    match (member.role, parents.as_slice()) {
        (Role::Child, [one, other]) => Some(one.mixed(*other)),
        _ => Some(member.heritage.ethnicity()),
    }
}

fn births(household: &Household, mother: &Member) -> Vec<Day> {
    let mut births: Vec<Day> = household
        .members
        .iter()
        .filter(|other| other.role == Role::Child && (15..=50).contains(&other.birth.age(mother.birth)))
        .map(|child| child.birth)
        .collect();
    births.sort();
    births.dedup();
    births
}

fn contacts(household: &Household, member: &Member, age: i32, random: &mut Random) -> Vec<Contact> {
    let mut contacts = Vec::new();
    for other in household.members.iter().filter(|other| other.index != member.index) {
        let (relation, words) = match (member.role, other.role, other.sex) {
            (Role::Head, Role::Partner, _) | (Role::Partner, Role::Head, _) => ("DOMPART", "Partner"),
            (Role::Child, Role::Head | Role::Partner, Sex::Female) => ("MTH", "Mother"),
            (Role::Child, Role::Head | Role::Partner, Sex::Male) => ("FTH", "Father"),
            (Role::Grandparent, Role::Head, Sex::Female) => ("DAU", "Daughter"),
            (Role::Grandparent, Role::Head, Sex::Male) => ("SON", "Son"),
            _ => continue,
        };
        contacts.push(Contact {
            relation,
            words,
            given: other.given.to_owned(),
            family: other.family.clone(),
            phone: other.mobile.clone().or_else(|| household.landline.clone()),
            same_home: true,
            sex: other.sex,
        });
    }
    if contacts.is_empty() && random.chance(0.85) {
        contacts.push(relative(member, age, random));
    }
    contacts
}

/// A relative or friend who lives elsewhere.
fn relative(member: &Member, age: i32, random: &mut Random) -> Contact {
    let sex = if random.chance(0.5) { Sex::Female } else { Sex::Male };
    let (relation, words, apart) = match (sex, age) {
        (Sex::Female, 60..) => ("DAU", "Daughter", 28),
        (Sex::Male, 60..) => ("SON", "Son", 28),
        (Sex::Female, 38..60) => ("SIS", "Sister", 2),
        (Sex::Male, 38..60) => ("BRO", "Brother", 2),
        (Sex::Female, _) => ("MTH", "Mother", -28),
        (Sex::Male, _) => ("FTH", "Father", -28),
    };
    let keeps = sex == Sex::Male || random.chance(0.5);
    Contact {
        relation,
        words,
        given: member.heritage.given(sex, member.birth.year() + apart, random).to_owned(),
        family: if keeps { member.family.clone() } else { member.heritage.family(random).to_owned() },
        phone: Some(addresses::mobile(random)),
        same_home: false,
        sex,
    }
}

const PERSON: u64 = 31;
const PATIENT: u64 = 32;
