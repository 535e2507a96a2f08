//! The body of a person and what goes wrong with it over the years. Every measurement in the record is asked
//! for here, so that readings of different kinds and days agree with each other and with the treatment.

use crate::conditions;
use crate::medicines::Medicine;
use crate::names::Sex;
use crate::person::Person;
use crate::problems::{self, Problem};
use crate::random::Random;
use crate::stories;
use crate::time::Day;

/// A lasting illness and its treatment.
#[derive(Clone, Debug)]
pub struct Course {
    /// What it is.
    pub problem: &'static Problem,
    /// When the body began to change.
    pub onset: Day,
    /// When it was found.
    pub diagnosed: Day,
    /// When it was over.
    pub ended: Option<Day>,
    /// How bad it was when found, in the unit of what it changes most.
    pub severity: f64,
    /// Its growth in a year after that.
    pub growth: f64,
    /// Treatment, in the order of time.
    pub steps: Vec<Step>,
    /// Something to add to the entry of the problem.
    pub note: Option<String>,
    /// How it came to be found, as the reason of the visit.
    pub sign: &'static str,
}

/// A step of treatment.
#[derive(Clone, Debug)]
pub struct Step {
    /// Since when.
    pub from: Day,
    /// Until when.
    pub until: Option<Day>,
    /// What is taken.
    pub medicine: &'static Medicine,
    /// By how much it lowers the severity once it works.
    pub effect: f64,
    /// Days until it works in full.
    pub delay: f64,
    /// Why it ended or, if it has not, why it is on hold.
    pub because: Option<&'static str>,
}

impl Course {
    /// An illness found some time after it began, not treated yet.
    pub fn new(problem: &'static Problem, onset: Day, diagnosed: Day, severity: f64) -> Course {
        Course {
            problem,
            onset,
            diagnosed,
            ended: None,
            severity,
            growth: 0.0,
            steps: Vec::new(),
            note: None,
            sign: problem.words,
        }
    }

    /// Adds a step of treatment.
    pub fn treat(&mut self, from: Day, medicine: &'static Medicine, effect: f64, delay: f64) {
        self.steps.push(Step { from, until: None, medicine, effect, delay, because: None });
    }

    /// Ends the last step, because another follows.
    pub fn stop(&mut self, until: Day, because: &'static str) {
        if let Some(step) = self.steps.last_mut() {
            step.until = Some(until);
            step.because = Some(because);
        }
    }

    /// Whether it is known and not over on a day.
    pub fn known(&self, day: Day) -> bool {
        self.diagnosed <= day && self.ended.is_none_or(|ended| ended > day)
    }

    /// What it adds to a measurement on a day, after treatment.
    pub fn burden(&self, day: Day) -> f64 {
        if self.ended.is_some_and(|ended| day >= ended) {
            return 0.0;
        }
        let ramp = f64::from(day.since(self.onset)) / f64::from(self.diagnosed.since(self.onset).max(1));
        let grown = self.growth * day.years_since(self.diagnosed).max(0.0);
        (self.severity * ramp.clamp(0.0, 1.0) + grown - self.relief(day)).max(0.0)
    }

    /// By how much treatment lowers it on a day.
    pub fn relief(&self, day: Day) -> f64 {
        let works = |step: &&Step| step.from <= day && step.until.is_none_or(|until| until > day);
        let share = |step: &Step| (f64::from(day.since(step.from)) / step.delay).clamp(0.0, 1.0);
        self.steps.iter().filter(works).map(|step| step.effect * share(step)).sum()
    }
}

/// Whether someone smokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Smoking {
    Never,
    Former,
    Current,
}

/// A body and its illnesses.
#[derive(Clone, Debug)]
pub struct Health {
    sex: Sex,
    birth: Day,
    /// Height as a grown-up, in centimetres.
    stature: f64,
    /// Weight against others of the age, as a factor.
    build: f64,
    /// Systolic pressure at 40 without illness.
    systolic: f64,
    pulse: f64,
    /// Kidney function at 40.
    filtration: f64,
    /// Values that differ between people and stay with them, from -1 to 1.
    pub trait_blood: f64,
    /// The same for fats in the blood.
    pub trait_lipids: f64,
    /// The same for the liver.
    pub trait_liver: f64,
    /// When smoking began and ended.
    smoked: Option<(Day, Option<Day>)>,
    /// Illnesses.
    pub courses: Vec<Course>,
}

impl Health {
    /// A body, and what chance and age bring upon it.
    pub fn draw(person: &Person, today: Day, random: &mut Random) -> Health {
        let mut health = Health::body(person, today, random);
        if !stories::illnesses(person.index, &mut health, today) {
            conditions::draw(person, today, &mut health, random);
        }
        health
    }

    fn body(person: &Person, today: Day, random: &mut Random) -> Health {
        let female = person.sex == Sex::Female;
        let stature = if female { random.around(162.5, 6.3) } else { random.around(176.0, 6.8) };
        let age = today.age(person.birth);
        let began = person.birth.plus_years(17).plus(random.between(0, 900));
        let smoked = match random.unit() {
            // England: one in seven grown-ups smokes, one in four used to (2021 to 2023).
            chance if chance < 0.13 && age > 18 => Some((began, None)),
            chance if chance < 0.40 && age > 30 => {
                let quit = began.plus(random.between(2_000, (age - 18) * 330));
                Some((began, Some(quit)))
            }
            _ => None,
        };
        Health {
            sex: person.sex,
            birth: person.birth,
            stature,
            build: random.around(1.0, 0.15).max(0.72),
            systolic: random.around(if female { 117.0 } else { 123.0 }, 7.0),
            pulse: random.around(71.0, 6.0),
            filtration: random.around(99.0, 8.0),
            trait_blood: random.around(0.0, 0.4),
            trait_lipids: random.around(0.0, 0.4),
            trait_liver: random.around(0.0, 0.4),
            smoked,
            courses: Vec::new(),
        }
    }

    /// The course of an illness, if there is one.
    pub fn course(&self, problem: &Problem) -> Option<&Course> {
        self.courses.iter().find(|course| course.problem.code == problem.code)
    }

    /// Whether an illness is known and not over on a day.
    pub fn has(&self, problem: &Problem, day: Day) -> bool {
        self.courses.iter().any(|course| course.problem.code == problem.code && course.known(day))
    }

    /// Whether a drug is taken on a day.
    pub fn takes(&self, drug: &str, day: Day) -> bool {
        let now = |step: &Step| step.from <= day && step.until.is_none_or(|until| until > day);
        let steps = self.courses.iter().flat_map(|course| &course.steps);
        steps.into_iter().any(|step| now(step) && step.medicine.drug() == drug)
    }

    /// Stops a drug on a day, if it is taken then.
    pub fn stop(&mut self, drug: &str, day: Day, because: &'static str) {
        for step in self.courses.iter_mut().flat_map(|course| &mut course.steps) {
            if step.medicine.drug() == drug && step.until.is_none_or(|until| until > day) {
                step.until = Some(day.max(step.from));
                step.because = Some(because);
            }
        }
    }

    /// Fixes what chance would decide, for stories: kidney function at 40, and years of smoking.
    pub fn fix(&mut self, filtration: f64, smoked: Option<(Day, Option<Day>)>) {
        self.filtration = filtration;
        self.smoked = smoked;
    }

    fn burden(&self, problem: &Problem, day: Day) -> f64 {
        self.course(problem).map_or(0.0, |course| course.burden(day))
    }

    /// Smoking on a day.
    pub fn smoking(&self, day: Day) -> Smoking {
        match self.smoked {
            Some((began, _)) if day < began => Smoking::Never,
            Some((_, Some(quit))) if day >= quit => Smoking::Former,
            Some(_) => Smoking::Current,
            None => Smoking::Never,
        }
    }

    /// Whether they have ever smoked.
    pub fn has_smoked(&self) -> bool {
        self.smoked.is_some()
    }

    /// Height in centimetres.
    pub fn height(&self, day: Day) -> f64 {
        let age = day.years_since(self.birth);
        let (curve, usual) = match self.sex {
            Sex::Female => (&GIRLS_HEIGHT, 162.5),
            Sex::Male => (&BOYS_HEIGHT, 176.0),
        };
        // Old people lose about a millimetre and a half each year.
        grown(curve, age) * self.stature / usual - (age - 65.0).max(0.0) * 0.15
    }

    /// Weight in kilograms.
    pub fn weight(&self, day: Day) -> f64 {
        let age = day.years_since(self.birth);
        let curve = if self.sex == Sex::Female { &GIRLS_WEIGHT } else { &BOYS_WEIGHT };
        if age < 18.0 {
            // At birth builds differ less than later.
            let spread = (0.5 + age / 12.0).min(1.0);
            return grown(curve, age) * (1.0 + (self.build - 1.0) * spread);
        }
        let metres = self.stature / 100.0;
        let bmi = 24.3 + (age.min(58.0) - 18.0) * 0.09 - (age - 72.0).max(0.0) * 0.16;
        let diabetes = if self.course(&problems::DIABETES_2).is_some() { 3.5 } else { 0.0 };
        let frail = if self.has(&problems::FRAILTY, day) { 2.0 } else { 0.0 };
        let fluid = self.burden(&problems::HEART_FAILURE, day) * 0.4;
        ((bmi + diabetes - frail) * self.build).max(16.5) * metres * metres + fluid
    }

    /// Systolic pressure of a grown-up without illness.
    pub fn usual_systolic(&self, day: Day) -> f64 {
        self.systolic + (day.years_since(self.birth) - 40.0) * 0.22
    }

    /// Systolic and diastolic blood pressure.
    pub fn pressure(&self, day: Day, random: &mut Random) -> (f64, f64) {
        let age = day.years_since(self.birth);
        if age < 18.0 {
            let systolic = 84.0 + age * 2.0 + random.around(0.0, 4.0);
            return (systolic, systolic * 0.6 + random.around(0.0, 3.0));
        }
        let high = self.burden(&problems::HYPERTENSION, day);
        let weak = if self.has(&problems::HEART_FAILURE, day) { 9.0 } else { 0.0 };
        let systolic = self.usual_systolic(day) + high - weak + random.around(0.0, 4.5);
        let diastolic = 74.0 + (self.systolic - 120.0) * 0.4 + high * 0.5 - (age - 55.0).max(0.0) * 0.22;
        (systolic, diastolic + random.around(0.0, 3.5))
    }

    /// Pulse.
    pub fn pulse(&self, day: Day) -> f64 {
        let flutter = self.burden(&problems::ATRIAL_FIBRILLATION, day);
        let weak = self.burden(&problems::HEART_FAILURE, day) * 1.2;
        let blocked = if self.takes("Bisoprolol", day) { 6.0 } else { 0.0 };
        (self.pulse + flutter + weak - blocked).max(48.0)
    }

    /// Oxygen saturation at rest, in air.
    pub fn saturation(&self, day: Day) -> f64 {
        let age = day.years_since(self.birth);
        let lungs = if self.has(&problems::COPD, day) { 3.0 } else { 0.0 };
        let heart = self.burden(&problems::HEART_FAILURE, day) * 0.2;
        98.4 - (age - 60.0).max(0.0) * 0.03 - lungs - heart
    }

    /// Estimated glomerular filtration rate, in mL/min/1.73 m².
    pub fn filtration(&self, day: Day) -> f64 {
        let age = day.years_since(self.birth);
        let lost = self.burden(&problems::KIDNEY_DISEASE, day);
        (self.filtration - (age - 40.0).max(-15.0) * 0.55 - lost).clamp(9.0, 132.0)
    }

    /// Peak expiratory flow, in litres a minute.
    pub fn peak_flow(&self, day: Day) -> f64 {
        let age = day.years_since(self.birth);
        let height = self.height(day);
        let best = match self.sex {
            _ if age < 16.0 => (height - 80.0) * 5.0,
            Sex::Female => 455.0 + (height - 162.0) * 2.2 - (age - 35.0).max(0.0) * 2.1,
            Sex::Male => 605.0 + (height - 176.0) * 2.8 - (age - 35.0).max(0.0) * 2.6,
        };
        let copd =
            if self.course(&problems::COPD).is_some_and(|course| course.onset < day) { 0.55 } else { 1.0 };
        (best * copd * (1.0 - self.burden(&problems::ASTHMA, day) / 100.0)).max(80.0)
    }
}

/// A point of a curve of growth between its ages.
fn grown(curve: &[f64; 15], age: f64) -> f64 {
    let after = AGES.iter().position(|point| *point > age).unwrap_or(AGES.len());
    if after == AGES.len() {
        return curve[14];
    }
    let (low, high) = (AGES[after - 1], AGES[after]);
    curve[after - 1] + (curve[after] - curve[after - 1]) * (age - low) / (high - low)
}

/// Ages of the points of the curves of growth, whose values lie near the middle of the charts of the Royal
/// College of Paediatrics and Child Health.
const AGES: [f64; 15] = [0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0];
const BOYS_WEIGHT: [f64; 15] =
    [3.4, 6.2, 7.9, 9.7, 12.2, 14.4, 16.4, 18.4, 20.6, 25.6, 31.3, 39.2, 50.0, 60.6, 68.0];
const GIRLS_WEIGHT: [f64; 15] =
    [3.3, 5.7, 7.3, 9.0, 11.6, 13.9, 16.1, 18.1, 20.3, 25.7, 32.3, 41.2, 50.4, 55.0, 58.0];
const BOYS_HEIGHT: [f64; 15] =
    [50.5, 61.2, 67.6, 75.8, 87.1, 95.5, 102.6, 109.3, 115.4, 127.2, 138.0, 149.1, 163.5, 173.4, 176.0];
const GIRLS_HEIGHT: [f64; 15] =
    [49.8, 59.8, 65.8, 74.1, 85.8, 94.6, 101.7, 108.4, 114.6, 126.6, 138.2, 151.2, 160.0, 162.3, 162.5];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medicines::list;

    #[test]
    fn an_illness_grows_until_it_is_found_and_treatment_lowers_it_in_time() {
        let mut course = Course::new(&problems::HYPERTENSION, Day(0), Day(1_000), 30.0);
        course.treat(Day(1_000), &list::AMLODIPINE_5, 20.0, 40.0);
        let burdens = [-1, 500, 1_000, 1_020, 2_000].map(|day| course.burden(Day(day)));
        assert_eq!(burdens, [0.0, 15.0, 30.0, 20.0, 10.0]);
        course.stop(Day(1_500), "");
        assert_eq!(course.burden(Day(2_000)), 30.0);
        course.ended = Some(Day(1_800));
        assert_eq!(course.burden(Day(2_000)), 0.0);
    }

    #[test]
    fn children_grow_along_the_curve() {
        assert_eq!(grown(&BOYS_WEIGHT, 0.0), 3.4);
        assert!((grown(&BOYS_WEIGHT, 1.5) - 10.95).abs() < 1e-9);
        assert_eq!(grown(&BOYS_WEIGHT, 40.0), 68.0);
    }
}
