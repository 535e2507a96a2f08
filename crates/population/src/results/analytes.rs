//! What the laboratory measures: names, units, reference ranges, and the value in a given body on a given
//! day.

use super::arithmetic::power;
use crate::health::Health;
use crate::names::Sex;
use crate::problems as p;
use crate::random::Random;
use crate::time::Day;

/// Something the laboratory measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Analyte {
    Sodium,
    Potassium,
    Urea,
    Creatinine,
    Filtration,
    Haemoglobin,
    WhiteCells,
    Platelets,
    CellVolume,
    Neutrophils,
    Alt,
    Alp,
    Bilirubin,
    Albumin,
    Cholesterol,
    Hdl,
    Ldl,
    Triglycerides,
    Hba1c,
    Glucose,
    Tsh,
    FreeT4,
    Crp,
    Troponin,
    Bnp,
    AlbuminCreatinine,
    Psa,
    Ferritin,
    B12,
    Urate,
    Fit,
}

/// LOINC code and words, unit for people and UCUM, decimals.
pub type Facts = (&'static str, &'static str, &'static str, &'static str, usize);

impl Analyte {
    /// What it is called and counted in.
    pub fn facts(self) -> Facts {
        match self {
            Analyte::Sodium => ("2951-2", "Sodium", "mmol/L", "mmol/L", 0),
            Analyte::Potassium => ("2823-3", "Potassium", "mmol/L", "mmol/L", 1),
            Analyte::Urea => ("22664-7", "Urea", "mmol/L", "mmol/L", 1),
            Analyte::Creatinine => ("14682-9", "Creatinine", "µmol/L", "umol/L", 0),
            Analyte::Filtration => ("62238-1", "eGFR", "mL/min/1.73m²", "mL/min/{1.73_m2}", 0),
            Analyte::Haemoglobin => ("718-7", "Haemoglobin", "g/L", "g/L", 0),
            Analyte::WhiteCells => ("6690-2", "White cells", "10⁹/L", "10*9/L", 1),
            Analyte::Platelets => ("777-3", "Platelets", "10⁹/L", "10*9/L", 0),
            Analyte::CellVolume => ("787-2", "Mean cell volume", "fL", "fL", 1),
            Analyte::Neutrophils => ("751-8", "Neutrophils", "10⁹/L", "10*9/L", 1),
            Analyte::Alt => ("1742-6", "Alanine aminotransferase", "U/L", "U/L", 0),
            Analyte::Alp => ("6768-6", "Alkaline phosphatase", "U/L", "U/L", 0),
            Analyte::Bilirubin => ("14631-6", "Bilirubin", "µmol/L", "umol/L", 0),
            Analyte::Albumin => ("1751-7", "Albumin", "g/L", "g/L", 0),
            Analyte::Cholesterol => ("14647-2", "Cholesterol", "mmol/L", "mmol/L", 1),
            Analyte::Hdl => ("14646-4", "HDL cholesterol", "mmol/L", "mmol/L", 1),
            Analyte::Ldl => ("39469-2", "LDL cholesterol", "mmol/L", "mmol/L", 1),
            Analyte::Triglycerides => ("14927-8", "Triglycerides", "mmol/L", "mmol/L", 1),
            Analyte::Hba1c => ("59261-8", "HbA1c", "mmol/mol", "mmol/mol", 0),
            Analyte::Glucose => ("14749-6", "Glucose", "mmol/L", "mmol/L", 1),
            Analyte::Tsh => ("3016-3", "Thyroid stimulating hormone", "mU/L", "m[IU]/L", 2),
            Analyte::FreeT4 => ("14920-3", "Free thyroxine", "pmol/L", "pmol/L", 1),
            Analyte::Crp => ("1988-5", "C-reactive protein", "mg/L", "mg/L", 0),
            Analyte::Troponin => ("67151-1", "Troponin T, high sensitivity", "ng/L", "ng/L", 0),
            Analyte::Bnp => ("33762-6", "NT-proBNP", "ng/L", "ng/L", 0),
            Analyte::AlbuminCreatinine => {
                ("32294-1", "Urine albumin to creatinine ratio", "mg/mmol", "mg/mmol", 1)
            }
            Analyte::Psa => ("2857-1", "Prostate specific antigen", "µg/L", "ug/L", 1),
            Analyte::Ferritin => ("2276-4", "Ferritin", "µg/L", "ug/L", 0),
            Analyte::B12 => ("2132-9", "Vitamin B12", "ng/L", "ng/L", 0),
            Analyte::Urate => ("14933-6", "Urate", "µmol/L", "umol/L", 0),
            Analyte::Fit => ("58453-2", "Faecal haemoglobin (FIT)", "µg/g", "ug/g", 0),
        }
    }

    /// Lowest and highest usual value.
    pub fn range(self, sex: Sex) -> (Option<f64>, Option<f64>) {
        let female = sex == Sex::Female;
        let (low, high) = match self {
            Analyte::Filtration => return (Some(60.0), None),
            Analyte::Hdl => return (Some(1.0), None),
            Analyte::Crp => return (None, Some(5.0)),
            Analyte::Troponin => return (None, Some(14.0)),
            Analyte::Bnp => return (None, Some(400.0)),
            Analyte::AlbuminCreatinine => return (None, Some(3.0)),
            Analyte::Psa => return (None, Some(4.0)),
            Analyte::Fit => return (None, Some(10.0)),
            Analyte::Cholesterol => return (None, Some(5.0)),
            Analyte::Ldl => return (None, Some(3.0)),
            Analyte::Triglycerides => return (None, Some(1.7)),
            Analyte::Sodium => (133.0, 146.0),
            Analyte::Potassium => (3.5, 5.3),
            Analyte::Urea => (2.5, 7.8),
            Analyte::Creatinine => {
                if female {
                    (45.0, 84.0)
                } else {
                    (59.0, 104.0)
                }
            }
            Analyte::Haemoglobin => {
                if female {
                    (115.0, 165.0)
                } else {
                    (130.0, 180.0)
                }
            }
            Analyte::WhiteCells => (4.0, 11.0),
            Analyte::Platelets => (150.0, 450.0),
            Analyte::CellVolume => (80.0, 100.0),
            Analyte::Neutrophils => (2.0, 7.5),
            Analyte::Alt => (7.0, 40.0),
            Analyte::Alp => (30.0, 130.0),
            Analyte::Bilirubin => (3.0, 20.0),
            Analyte::Albumin => (35.0, 50.0),
            Analyte::Hba1c => (20.0, 41.0),
            Analyte::Glucose => (3.5, 7.8),
            Analyte::Tsh => (0.27, 4.2),
            Analyte::FreeT4 => (11.0, 22.0),
            Analyte::Ferritin => {
                if female {
                    (13.0, 150.0)
                } else {
                    (30.0, 400.0)
                }
            }
            Analyte::B12 => (197.0, 771.0),
            Analyte::Urate => {
                if female {
                    (140.0, 360.0)
                } else {
                    (200.0, 430.0)
                }
            }
        };
        (Some(low), Some(high))
    }

    /// Values below and above which the laboratory telephones.
    pub fn critical(self) -> (f64, f64) {
        match self {
            Analyte::Sodium => (120.0, 155.0),
            Analyte::Potassium => (2.5, 6.0),
            Analyte::Urea => (0.0, 30.0),
            Analyte::Haemoglobin => (70.0, 210.0),
            Analyte::Glucose => (2.5, 25.0),
            Analyte::WhiteCells => (1.0, 50.0),
            Analyte::Platelets => (30.0, 1_000.0),
            Analyte::Neutrophils => (0.5, 50.0),
            Analyte::Crp => (-1.0, 300.0),
            Analyte::Troponin => (-1.0, 52.0),
            _ => (f64::MIN, f64::MAX),
        }
    }
}

/// The value in this body on this day, without acute illness.
pub fn level(health: &Health, sex: Sex, age: f64, analyte: Analyte, day: Day, random: &mut Random) -> f64 {
    let filtration = health.filtration(day);
    let blood = health.trait_blood;
    let lipids = health.trait_lipids;
    let female = sex == Sex::Female;
    let kidneys = (70.0 - filtration).max(0.0);
    let mut near = |middle: f64, spread: f64| random.around(middle, spread);
    match analyte {
        Analyte::Sodium => near(if health.takes("Indapamide", day) { 137.0 } else { 140.0 }, 1.7),
        Analyte::Potassium => {
            let pill =
                if health.takes("Ramipril", day) || health.takes("Spironolactone", day) { 0.2 } else { 0.0 };
            near(4.25 + kidneys * 0.009 + pill, 0.22)
        }
        Analyte::Urea => near(5.1 + kidneys * 0.16, 0.7).max(1.8),
        Analyte::Creatinine => creatinine(filtration, sex, age),
        Analyte::Filtration => filtration,
        Analyte::Haemoglobin => haemoglobin(health, female, day) + near(0.0, 2.5) + blood * 8.0,
        Analyte::WhiteCells => near(6.8 + blood * 1.4, 0.8).max(3.0),
        Analyte::Neutrophils => near(4.1 + blood, 0.5).max(1.6),
        Analyte::Platelets => near(262.0 + lipids * 55.0, 16.0),
        Analyte::CellVolume => near(90.5 + health.trait_liver * 5.0, 0.9),
        Analyte::Alt => near(23.0 + health.trait_liver * 14.0 + fat(health, day), 3.0).max(7.0),
        Analyte::Alp => near(78.0 + health.trait_liver * 24.0, 5.0),
        Analyte::Bilirubin => near(9.0 + health.trait_liver * 5.0, 1.5).max(3.0),
        Analyte::Albumin => near(43.0 - (age - 70.0).max(0.0) * 0.15, 1.4),
        Analyte::Cholesterol => fats(health, day).0,
        Analyte::Hdl => fats(health, day).1,
        Analyte::Ldl => fats(health, day).2,
        Analyte::Triglycerides => fats(health, day).3,
        Analyte::Hba1c => glycated(health, day) + near(0.0, 1.3),
        Analyte::Glucose => near(glycated(health, day) * 0.105 + 1.3, 0.5).max(3.4),
        Analyte::Tsh => (1.9 + blood * 0.8 + thyroid(health, day) + near(0.0, 0.25)).max(0.3),
        Analyte::FreeT4 => near(15.6 - (thyroid(health, day) * 0.35).min(8.0), 0.8),
        Analyte::Crp => near(2.5, 1.3).max(0.0),
        Analyte::Troponin => near(5.0 + kidneys * 0.12, 1.5).max(3.0),
        Analyte::Bnp => {
            let heart = health.course(&p::HEART_FAILURE).map_or(0.0, |course| course.burden(day)) * 260.0;
            let flutter = if health.has(&p::ATRIAL_FIBRILLATION, day) { 450.0 } else { 0.0 };
            near(70.0 + (age - 50.0).max(0.0) * 4.0 + heart + flutter, 30.0).max(20.0)
        }
        Analyte::AlbuminCreatinine => near(0.9 + leak(health, day), 0.25).max(0.3),
        Analyte::Psa => {
            let cancer = health.course(&p::PROSTATE_CANCER).map_or(0.0, |course| course.burden(day));
            (0.6 + (age - 45.0).max(0.0) * 0.05 + blood * 0.5 + cancer).max(0.1)
        }
        Analyte::Ferritin => near(if female { 62.0 } else { 140.0 } + blood * 45.0, 8.0).max(8.0),
        Analyte::B12 => near(410.0 + lipids * 120.0, 25.0),
        Analyte::Urate => {
            let gout = if health.course(&p::GOUT).is_some() { 150.0 } else { 0.0 };
            let pill = if health.takes("Allopurinol", day) { 190.0 } else { 0.0 };
            near(if female { 260.0 } else { 330.0 } + gout - pill + kidneys, 18.0)
        }
        Analyte::Fit => near(4.0, 2.0).max(1.0),
    }
}

fn haemoglobin(health: &Health, female: bool, day: Day) -> f64 {
    let kidneys = (45.0 - health.filtration(day)).max(0.0) * 0.7;
    let bleeding = health.course(&p::BOWEL_CANCER).map_or(0.0, |course| course.burden(day));
    let pregnancy = if health.has(&p::PREGNANCY, day) { 14.0 } else { 0.0 };
    (if female { 133.0 } else { 148.0 }) - kidneys - bleeding - pregnancy
}

/// What fat in the liver adds.
fn fat(health: &Health, day: Day) -> f64 {
    let height = health.height(day) / 100.0;
    (health.weight(day) / height / height - 30.0).max(0.0) * 1.2
}

/// Cholesterol, HDL, LDL and triglycerides, which belong together (Friedewald, 1972).
fn fats(health: &Health, day: Day) -> (f64, f64, f64, f64) {
    let strong = health
        .courses
        .iter()
        .flat_map(|course| &course.steps)
        .any(|step| step.medicine.code == "atorvastatin-80-mg-tablets" && step.from.plus(60) < day);
    let share = match health.takes("Atorvastatin", day) {
        true if strong => 0.5,
        true => 0.62,
        false => 1.0,
    };
    let ldl = (3.2 + health.trait_lipids * 1.3) * share;
    let hdl = (1.45 - health.trait_lipids * 0.35).max(0.7);
    let triglycerides = (1.35 + health.trait_lipids * 0.8 + fat(health, day) * 0.03).max(0.5);
    (ldl + hdl + triglycerides / 2.2, hdl, ldl, triglycerides)
}

fn glycated(health: &Health, day: Day) -> f64 {
    let sugar: f64 = [&p::DIABETES_1, &p::DIABETES_2]
        .iter()
        .filter_map(|problem| health.course(problem))
        .map(|course| course.burden(day))
        .sum();
    36.0 + health.trait_lipids * 3.0 + sugar
}

fn thyroid(health: &Health, day: Day) -> f64 {
    health.course(&p::HYPOTHYROIDISM).map_or(0.0, |course| course.burden(day))
}

/// Protein that leaks through ill kidneys.
fn leak(health: &Health, day: Day) -> f64 {
    let kidneys = health.course(&p::KIDNEY_DISEASE).map_or(0.0, |course| course.burden(day));
    let sugar =
        health.course(&p::DIABETES_2).map_or(0.0, |course| day.years_since(course.onset).max(0.0) * 0.35);
    (kidneys * 0.35 + sugar * (1.0 + health.trait_blood))
        * if health.takes("Ramipril", day) { 0.6 } else { 1.0 }
}

/// The creatinine that gives this filtration rate by the CKD-EPI formula of 2009 without its term for race,
/// which laboratories in England use (NICE NG203). In children it follows age alone.
fn creatinine(filtration: f64, sex: Sex, age: f64) -> f64 {
    if age < 18.0 {
        return 22.0 + age * 2.6;
    }
    let (knee, slope, factor) = match sex {
        Sex::Female => (61.9, 0.329, 1.018),
        Sex::Male => (79.6, 0.411, 1.0),
    };
    let at_knee = 141.0 * factor * power(0.993, age);
    let slope = if filtration > at_knee { slope } else { 1.209 };
    knee * power(at_knee / filtration, 1.0 / slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn creatinine_and_filtration_agree_by_ckd_epi() {
        // Worked out by hand from the published formula.
        for (filtration, sex, age, expected) in [
            (52.73, Sex::Female, 60.0, 100.0),
            (101.02, Sex::Female, 60.0, 50.0),
            (37.37, Sex::Male, 80.0, 150.0),
        ] {
            assert!((creatinine(filtration, sex, age) - expected).abs() < 0.1, "{filtration}");
        }
    }
}
