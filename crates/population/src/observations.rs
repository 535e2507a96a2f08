//! What is measured and asked: vital signs, size, scores, habits.

use crate::elements::{LOINC, concept, hl7, list, own, quantity};
use crate::health::Smoking;
use crate::history::History;
use crate::visits::Visit;
use fhir::Tree;

/// Something measured: LOINC code and words, unit for people and UCUM, decimals, category.
pub struct Measure {
    code: &'static str,
    words: &'static str,
    unit: &'static str,
    ucum: &'static str,
    decimals: usize,
    category: &'static str,
}

const fn vital(
    code: &'static str,
    words: &'static str,
    unit: &'static str,
    ucum: &'static str,
    decimals: usize,
) -> Measure {
    Measure { code, words, unit, ucum, decimals, category: "vital-signs" }
}

const fn score(code: &'static str, words: &'static str) -> Measure {
    Measure { code, words, unit: "score", ucum: "{score}", decimals: 0, category: "survey" }
}

/// Heart rate.
pub const PULSE: Measure = vital("8867-4", "Heart rate", "beats/min", "/min", 0);
/// Respiration rate.
pub const BREATHS: Measure = vital("9279-1", "Respiratory rate", "breaths/min", "/min", 0);
/// Oxygen saturation by pulse oximeter.
pub const SATURATION: Measure = vital("59408-5", "Oxygen saturation by pulse oximetry", "%", "%", 0);
/// Body temperature.
pub const TEMPERATURE: Measure = vital("8310-5", "Body temperature", "°C", "Cel", 1);
/// Height.
pub const HEIGHT: Measure = vital("8302-2", "Body height", "cm", "cm", 0);
/// Weight.
pub const WEIGHT: Measure = vital("29463-7", "Body weight", "kg", "kg", 1);
/// Weight at birth and of babies.
pub const BABY_WEIGHT: Measure = vital("29463-7", "Body weight", "kg", "kg", 2);
/// Body mass index.
pub const BMI: Measure = vital("39156-5", "Body mass index", "kg/m²", "kg/m2", 1);
/// Head circumference.
pub const HEAD: Measure = vital("9843-4", "Head circumference", "cm", "cm", 1);
/// Flow of inhaled oxygen. 0 is air.
pub const OXYGEN: Measure = vital("3151-8", "Inhaled oxygen flow rate", "L/min", "L/min", 0);
/// Peak expiratory flow.
pub const PEAK_FLOW: Measure =
    Measure { category: "exam", ..vital("33452-4", "Peak expiratory flow", "L/min", "L/min", 0) };
/// Forced expiratory volume in one second.
pub const FEV1: Measure = Measure { category: "exam", ..vital("20150-9", "FEV1", "L", "L", 2) };
/// FEV1 over forced vital capacity.
pub const FEV1_RATIO: Measure = Measure { category: "exam", ..vital("19926-5", "FEV1/FVC", "%", "%", 0) };
/// Patient health questionnaire.
pub const PHQ9: Measure = score("44261-6", "PHQ-9 total score");
/// Generalised anxiety disorder questionnaire.
pub const GAD7: Measure = score("70274-6", "GAD-7 total score");
/// Montreal cognitive assessment.
pub const MOCA: Measure = score("72172-0", "MoCA total score");
/// Gestational age.
pub const GESTATION: Measure =
    Measure { category: "exam", ..vital("18185-9", "Gestational age", "weeks", "wk", 0) };

/// The beginning of an Observation.
fn observation(history: &History, visit: &Visit, id: &str, category: &str, code: Tree) -> Tree {
    history
        .start("Observation", id)
        .with("status", "final")
        .with("category", list([hl7("observation-category", category)]))
        .with("code", code)
        .with("subject", history.subject())
        .with("encounter", visit.reference())
        .with("effectiveDateTime", visit.at.to_string())
        .with("performer", list([visit.clinician.reference(history.plan)]))
}

/// Writes a measurement.
pub fn measure(history: &mut History, visit: &Visit, measure: &Measure, value: f64) {
    let id = history.next_id();
    let value = format!("{value:.0$}", measure.decimals);
    let code = concept(LOINC, measure.code, measure.words);
    let resource = observation(history, visit, &id, measure.category, code)
        .with("valueQuantity", quantity(value, measure.unit, measure.ucum));
    history.add("Observation", &id, &resource);
}

/// Writes a blood pressure.
pub fn pressure(history: &mut History, visit: &Visit, systolic: f64, diastolic: f64) {
    let id = history.next_id();
    let part = |code, words, value: f64| {
        Tree::object()
            .with("code", concept(LOINC, code, words))
            .with("valueQuantity", quantity(format!("{value:.0}"), "mmHg", "mm[Hg]"))
    };
    let code = concept(LOINC, "85354-9", "Blood pressure");
    let resource = observation(history, visit, &id, "vital-signs", code).with(
        "component",
        list([
            part("8480-6", "Systolic blood pressure", systolic),
            part("8462-4", "Diastolic blood pressure", diastolic),
        ]),
    );
    history.add("Observation", &id, &resource);
}

/// Writes the blood pressure as it is on that day.
pub fn usual_pressure(history: &mut History, visit: &Visit) -> (f64, f64) {
    let (systolic, diastolic) = history.health.pressure(visit.day(), &mut history.random);
    pressure(history, visit, systolic, diastolic);
    (systolic, diastolic)
}

/// Writes weight and body mass index; for children height too.
pub fn size(history: &mut History, visit: &Visit) {
    let day = visit.day();
    let weight = history.health.weight(day) + history.random.around(0.0, 0.4);
    let height = history.health.height(day);
    if history.age(day) < 18 {
        let months = day.since(history.person.birth) / 30;
        measure(history, visit, &HEIGHT, height);
        measure(history, visit, if months < 24 { &BABY_WEIGHT } else { &WEIGHT }, weight.max(2.0));
        return;
    }
    measure(history, visit, &WEIGHT, weight);
    measure(history, visit, &BMI, weight / (height * height) * 10_000.0);
}

/// Writes height.
pub fn height(history: &mut History, visit: &Visit) {
    let height = history.health.height(visit.day());
    measure(history, visit, &HEIGHT, height);
}

/// Writes whether the person smokes.
pub fn smoking(history: &mut History, visit: &Visit) {
    let (code, words) = match history.health.smoking(visit.day()) {
        Smoking::Never => ("never-smoked", "Never smoked"),
        Smoking::Former => ("ex-smoker", "Ex-smoker"),
        Smoking::Current => ("current-smoker", "Current smoker"),
    };
    let id = history.next_id();
    let asked = concept(LOINC, "72166-2", "Tobacco smoking status");
    let resource = observation(history, visit, &id, "social-history", asked)
        .with("valueCodeableConcept", own("smoking-status", code, words));
    history.add("Observation", &id, &resource);
}

/// A set of vital signs as taken on wards.
#[derive(Clone, Copy, Debug)]
pub struct Signs {
    /// Breaths a minute.
    pub breaths: f64,
    /// Oxygen saturation.
    pub saturation: f64,
    /// Litres of oxygen a minute; none is air.
    pub oxygen: Option<f64>,
    /// Systolic blood pressure.
    pub systolic: f64,
    /// Diastolic blood pressure.
    pub diastolic: f64,
    /// Pulse.
    pub pulse: f64,
    /// Code and words of the ACVPU scale.
    pub consciousness: (&'static str, &'static str),
    /// Temperature.
    pub temperature: f64,
}

/// Awake and clear.
pub const ALERT: (&str, &str) = ("alert", "Alert");
/// Newly confused.
pub const CONFUSED: (&str, &str) = ("confusion", "New confusion");

/// Writes a set of vital signs.
pub fn signs(history: &mut History, visit: &Visit, signs: &Signs) {
    measure(history, visit, &BREATHS, signs.breaths);
    measure(history, visit, &SATURATION, signs.saturation);
    measure(history, visit, &OXYGEN, signs.oxygen.unwrap_or(0.0));
    pressure(history, visit, signs.systolic, signs.diastolic);
    measure(history, visit, &PULSE, signs.pulse);
    let id = history.next_id();
    let code = concept(LOINC, "80288-4", "Level of consciousness");
    let resource = observation(history, visit, &id, "vital-signs", code)
        .with("valueCodeableConcept", own("acvpu", signs.consciousness.0, signs.consciousness.1));
    history.add("Observation", &id, &resource);
    measure(history, visit, &TEMPERATURE, signs.temperature);
}

/// A set of vital signs of someone as ill as this: 0 is well, 1 is very ill.
pub fn ill(history: &mut History, visit: &Visit, illness: f64) -> Signs {
    let day = visit.day();
    let (systolic, diastolic) = history.health.pressure(day, &mut history.random);
    let child = f64::from((12 - history.age(day)).max(0));
    let random = &mut history.random;
    let saturation = history.health.saturation(day) - illness * 7.0 + random.around(0.0, 0.7);
    Signs {
        breaths: 15.0 + child * 1.2 + illness * 11.0 + random.around(0.0, 1.0),
        saturation: saturation.clamp(82.0, 100.0),
        oxygen: (saturation < 92.0).then_some(if illness > 0.75 { 4.0 } else { 2.0 }),
        systolic: systolic - illness * 18.0,
        diastolic: diastolic - illness * 10.0,
        pulse: history.health.pulse(day) + child * 4.0 + illness * 32.0 + random.around(0.0, 4.0),
        consciousness: if illness > 0.85 && random.chance(0.3) { CONFUSED } else { ALERT },
        temperature: 36.6 + illness * 1.8 + random.around(0.0, 0.25),
    }
}
