//! A newborn, a toddler, someone who has died, someone of whom nothing is known, someone with a long name and
//! a long history, someone expecting a child, and someone who is easily taken for another.

use crate::Plan;
use crate::addresses::{Address, TOWNS};
use crate::allergies::{EGG, allergen, record, write_none};
use crate::conditions::{accidents, metabolism, pneumonia};
use crate::flags;
use crate::health::{Course, Health};
use crate::history::History;
use crate::medicines::list as m;
use crate::names::Sex;
use crate::person::{Contact, Name, Person};
use crate::problems as p;
use crate::random::Random;
use crate::stays::{self, Admission};
use crate::time::{Day, Moment};

fn named(title: &'static str, given: &[&str], family: &str) -> Name {
    Name {
        title,
        given: given.iter().map(|&name| name.to_owned()).collect(),
        family: family.to_owned(),
        ..Name::default()
    }
}

/// Gives an address and telephones.
fn housed(plan: &Plan, mut person: Person, practice: usize) -> Person {
    let mut random = Random::of(plan.seed, HOME, person.index as u64);
    person.address = Some(Address::draw(&TOWNS[practice], &mut random));
    person.mobile = Some(crate::addresses::mobile(&mut random));
    person.practice = practice;
    person
}

fn parent(relation: &'static str, words: &'static str, given: &str, family: &str, phone: &str) -> Contact {
    let sex = if relation == "MTH" { Sex::Female } else { Sex::Male };
    Contact {
        relation,
        words,
        given: given.to_owned(),
        family: family.to_owned(),
        phone: Some(phone.to_owned()),
        same_home: true,
        sex,
    }
}

/// Noah, who is four days old.
pub fn newborn(plan: &Plan, today: Moment) -> Person {
    let name = named("Master", &["Noah", "Ayodele"], "Adeyemi-Clarke");
    let mut person = housed(plan, Person::new(plan, 1, Sex::Male, today.day.plus(-4), name), 0);
    person.birth_minute = 3 * 60 + 42;
    person.mobile = None;
    person.ethnicity = Some(("E", "Mixed - White and Black African"));
    person.contacts = vec![
        parent("MTH", "Mother", "Folasade", "Adeyemi-Clarke", "07700 900215"),
        parent("FTH", "Father", "Joshua", "Clarke", "07700 900216"),
    ];
    person
}

/// He was born in hospital and went home the next day.
pub fn write_newborn(history: &mut History) {
    let born = history.person.born();
    let admission = Admission {
        specialty: "Obstetrics",
        at: born,
        hours: 29,
        reason: "Newborn, born in this hospital",
        method: stays::MATERNITY,
        condition: None,
        bed: None,
    };
    stays::admit(history, &admission);
    // Midwives see him on the ward and at home.
    history.stays.clear();
}

/// Zofia, who is two and allergic to egg.
pub fn toddler(plan: &Plan, today: Moment) -> Person {
    let name = named("Miss", &["Zofia", "Maria"], "Wiśniewska");
    let born = today.day.plus_years(-2).plus(-96);
    let mut person = housed(plan, Person::new(plan, 2, Sex::Female, born, name), 4);
    person.mobile = None;
    person.name.preferred = Some("Zosia".to_owned());
    person.ethnicity = Some(("C", "White - Any other White background"));
    person.language = Some(("pl", "Polish"));
    person.interpreter = true;
    person.contacts = vec![
        parent("MTH", "Mother", "Agnieszka", "Wiśniewska", "07700 900340"),
        parent("FTH", "Father", "Łukasz", "Wiśniewski", "07700 900341"),
    ];
    person
}

/// Her allergy, and a night with croup.
pub fn write_toddler(history: &mut History) {
    let first = history.person.birth.plus(240);
    record(history, &EGG, first, None, ("Urticaria", "moderate"));
    let night = history.end.day.plus(-36);
    accidents::accident(history, night, "croup");
}

/// Harold, who died this summer at 89.
pub fn deceased(plan: &Plan, today: Moment) -> Person {
    let name = named("Mr", &["Harold", "Ernest"], "Pickering");
    let died = today.day.plus(-97);
    let born = died.plus_years(-89).plus(-61);
    let mut person = housed(plan, Person::new(plan, 3, Sex::Male, born, name), 2);
    person.death = Some(died.at(5, 35));
    person.landline = Some("01632 960733".to_owned());
    person.ethnicity = Some(("A", "White - British"));
    person.marital = Some(("M", "Married"));
    let mut wife = parent("DOMPART", "Wife", "Edna", "Pickering", "01632 960733");
    wife.sex = Sex::Female;
    person.contacts = vec![wife];
    person
}

/// What he had.
pub fn old_age(health: &mut Health, today: Day) {
    let found = today.plus_years(-5);
    let mut memory = Course::new(&p::ALZHEIMERS, found.plus_years(-2), found, 8.0);
    memory.growth = 2.4;
    memory.sign = "Family worried about memory";
    memory.treat(found.plus(20), &m::DONEPEZIL_10, 1.2, 90.0);
    let mut prostate = Course::new(&p::PROSTATE_CANCER, today.plus_years(-8), today.plus_years(-7), 14.0);
    prostate.treat(today.plus_years(-7).plus(30), &m::LEUPRORELIN, 13.2, 120.0);
    prostate.sign = "Results of prostate biopsy";
    let mut heart = Course::new(&p::HEART_FAILURE, today.plus_years(-4), today.plus_years(-3), 10.0);
    heart.growth = 1.0;
    heart.sign = "Short of breath lying flat, ankles swollen";
    heart.treat(today.plus_years(-3), &m::FUROSEMIDE_40, 4.0, 14.0);
    heart.treat(today.plus_years(-3).plus(20), &m::RAMIPRIL_2, 1.0, 60.0);
    let frail = Course::new(&p::FRAILTY, today.plus_years(-4), today.plus_years(-3), 1.0);
    health.courses = vec![memory, prostate, heart, frail];
}

/// His last days.
pub fn write_deceased(history: &mut History) {
    record(history, allergen("trimethoprim"), Day::of(2009, 2, 11), None, ("Rash", "mild"));
    pneumonia::admit(history, history.end.day.plus(-6), 24 * 60, None);
}

/// Someone of whom only name, date of birth and gender are known.
pub fn unknown(plan: &Plan, _today: Moment) -> Person {
    let name = named("Ms", &["Chloe"], "Nguyễn");
    let mut person = Person::new(plan, 4, Sex::Female, Day::of(1998, 10, 2), name);
    person.bare = true;
    person.practice = 1;
    person
}

/// Someone with a name that is hard to fit anywhere, and thirty years of diabetes.
pub fn long_name(plan: &Plan, today: Moment) -> Person {
    let name = Name {
        preferred: Some("Max".to_owned()),
        former: Some("Oluwaseun".to_owned()),
        ..named("Dr", &["Maximiliana", "Théodora", "Ifẹ́olúwa", "Bernadette"], "Featherstonehaugh-Oluwaseun")
    };
    let born = today.day.plus_years(-43).plus(-140);
    let mut person = housed(plan, Person::new(plan, 5, Sex::Female, born, name), 3);
    person.landline = Some("01632 960555".to_owned());
    person.email = Some("maximiliana.featherstonehaugh-oluwaseun@example.org".to_owned());
    person.ethnicity = Some(("N", "Black or Black British - African"));
    person.marital = Some(("M", "Married"));
    let mut husband = parent("DOMPART", "Husband", "Peregrine", "Featherstonehaugh", "07700 900776");
    husband.sex = Sex::Male;
    person.contacts = vec![husband];
    person
}

/// Diabetes since she was thirteen, better since she has a sensor.
pub fn diabetes(health: &mut Health, today: Day) {
    let found = today.plus_years(-30).plus(40);
    let mut sugar = metabolism::type_1(found, 58.0, 4.0);
    sugar.treat(today.plus_years(-6), &m::INSULIN_ASPART, 9.0, 180.0);
    // Before the sensor the insulin was the same but worked less well.
    sugar.steps[1].until = Some(today.plus_years(-6));
    sugar.steps[1].because = Some("Changed to a pump with a sensor");
    sugar.steps[2].effect = 35.0;
    let thyroid_found = today.plus_years(-14);
    let mut thyroid = Course::new(&p::HYPOTHYROIDISM, thyroid_found.plus(-400), thyroid_found, 11.0);
    thyroid.sign = "Tired, cold and putting on weight";
    thyroid.treat(thyroid_found.plus(5), &m::LEVOTHYROXINE_50, 8.0, 60.0);
    thyroid.stop(thyroid_found.plus(110), "Dose increased");
    thyroid.treat(thyroid_found.plus(110), &m::LEVOTHYROXINE_100, 10.8, 60.0);
    health.courses = vec![sugar, thyroid];
}

/// She has no allergies, and someone asked.
pub fn write_long_name(history: &mut History) {
    write_none(history);
}

/// Amina, who is 29 weeks pregnant.
pub fn expecting(plan: &Plan, today: Moment) -> Person {
    let name = named("Mrs", &["Amina"], "El-Sayed");
    let born = today.day.plus_years(-31).plus(-77);
    let mut person = housed(plan, Person::new(plan, 6, Sex::Female, born, name), 1);
    person.ethnicity = Some(("S", "Other Ethnic Groups - Any other ethnic group"));
    person.language = Some(("ar", "Arabic"));
    person.interpreter = true;
    person.marital = Some(("M", "Married"));
    let mut husband = parent("DOMPART", "Husband", "Karim", "El-Sayed", "07700 900902");
    husband.sex = Sex::Male;
    person.contacts = vec![husband];
    person
}

/// The child is due in eleven weeks.
pub fn pregnant(health: &mut Health, today: Day) {
    let begun = today.plus(-(29 * 7 + 3));
    health.courses = vec![Course::new(&p::PREGNANCY, begun, begun.plus(42), 1.0)];
}

/// What she must not be given, and an alert.
pub fn write_expecting(history: &mut History) {
    record(history, allergen("peanuts"), Day::of(2016, 4, 3), None, ("Anaphylaxis", "severe"));
    let booked = history.end.day.plus(-130);
    flags::write(history, flags::DIFFICULT_VEINS, booked, None);
}

/// Dorothea Hargraves, who lives in the same town as Dorothy Hargreaves and was born on the same day nine
/// years later.
pub fn similar(plan: &Plan, _today: Moment) -> Person {
    let name = named("Mrs", &["Dorothea"], "Hargraves");
    let mut person = housed(plan, Person::new(plan, 7, Sex::Female, Day::of(1954, 3, 14), name), 0);
    person.landline = Some("01632 960411".to_owned());
    person.ethnicity = Some(("A", "White - British"));
    person.marital = Some(("M", "Married"));
    let mut husband = parent("DOMPART", "Husband", "Clive", "Hargraves", "01632 960411");
    husband.sex = Sex::Male;
    person.contacts = vec![husband];
    person
}

/// A knee and a thyroid.
pub fn stiff(health: &mut Health, today: Day) {
    let found = today.plus_years(-6).plus(35);
    let mut knee = Course::new(&p::OSTEOARTHRITIS_KNEE, found.plus_years(-2), found, 1.0);
    knee.sign = "Knee pain on walking and on stairs";
    knee.treat(found, &m::PARACETAMOL, 0.0, 1.0);
    let mut thyroid = Course::new(&p::HYPOTHYROIDISM, found.plus_years(-4), found.plus_years(-3), 10.0);
    thyroid.sign = "Tired, cold and putting on weight";
    thyroid.treat(found.plus_years(-3).plus(5), &m::LEVOTHYROXINE_100, 9.6, 60.0);
    health.courses = vec![knee, thyroid];
}

/// No known allergies.
pub fn write_similar(history: &mut History) {
    write_none(history);
}

/// No lasting illness.
pub fn well(_health: &mut Health, _today: Day) {}

/// Nothing at all.
pub fn write_nothing(_history: &mut History) {}

const HOME: u64 = 51;
