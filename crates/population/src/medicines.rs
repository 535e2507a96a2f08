//! Medicines: prescriptions with their doses, and what people say they take.

pub mod list;

use crate::elements::{hl7, list as array, own, period, quantity, reference, words};
use crate::history::History;
use crate::problems;
use crate::time::Day;
use crate::visits::Visit;
use fhir::Tree;

/// A medicine at a dose.
#[derive(Debug, PartialEq, Eq)]
pub struct Medicine {
    /// Code of the product in `https://carespine.example/CodeSystem/medicine`.
    pub code: &'static str,
    /// Name, strength and form.
    pub words: &'static str,
    /// What to take each time, as on the label.
    pub each: &'static str,
    /// Amount of a dose.
    pub dose: &'static str,
    /// Unit of the dose for people and in UCUM.
    pub unit: (&'static str, &'static str),
    /// How it gets in.
    pub route: Route,
    /// How often.
    pub times: Times,
    /// Days that one supply lasts.
    pub supply: i32,
}

/// How often a dose is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// In words.
    pub words: &'static str,
    /// How many doses.
    pub count: i64,
    /// In how many units of time.
    pub per: i64,
    /// The unit of time, in UCUM.
    pub unit: &'static str,
    /// Whether it is taken only when needed; then the count is a limit.
    pub needed: bool,
}

/// How a medicine gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Oral,
    Sublingual,
    Inhaled,
    Nasal,
    Subcutaneous,
    Intramuscular,
    Intravenous,
    Skin,
    Eye,
}

impl Route {
    fn facts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Route::Oral => ("oral", "Oral", "Take"),
            Route::Sublingual => ("sublingual", "Sublingual", "Use"),
            Route::Inhaled => ("inhaled", "Inhaled", "Inhale"),
            Route::Nasal => ("nasal", "Nasal", "Use"),
            Route::Subcutaneous => ("subcutaneous", "Subcutaneous", "Inject"),
            Route::Intramuscular => ("intramuscular", "Intramuscular", "Give"),
            Route::Intravenous => ("intravenous", "Intravenous", "Give"),
            Route::Skin => ("cutaneous", "Cutaneous", "Use"),
            Route::Eye => ("eye", "Into the eye", "Put in"),
        }
    }
}

impl Medicine {
    /// The product as a concept.
    pub fn concept(&self) -> Tree {
        own("medicine", self.code, self.words)
    }

    /// The first word of its name.
    pub fn drug(&self) -> &'static str {
        self.words.split(' ').next().unwrap_or(self.words)
    }

    /// Whether it holds a penicillin.
    pub fn penicillin(&self) -> bool {
        ["amoxicillin", "co-amoxiclav", "flucloxacillin", "phenoxymethylpenicillin"]
            .iter()
            .any(|name| self.code.starts_with(name))
    }

    /// One line, as in a letter: `Ramipril 5 mg capsules, 5 mg once a day`.
    pub fn line(&self) -> String {
        format!("{}, {} {} {}", self.words, self.dose, self.unit.0, self.times.words)
    }

    /// How it is taken.
    fn dosage(&self) -> Tree {
        let (route, route_words, verb) = self.route.facts();
        let limit = match self.times {
            Times { needed: true, count, .. } => format!(", up to {count} times a day"),
            _ => String::new(),
        };
        let text = format!(
            "{} {}, {}, {}{limit}",
            self.dose,
            self.unit.0,
            route_words.to_lowercase(),
            self.times.words
        );
        let label = match self.each.split(' ').next() {
            Some("Apply") => format!("{} {}{limit}", self.each, self.times.words),
            _ => format!("{verb} {} {}{limit}", self.each, self.times.words),
        };
        let repeat = Tree::object()
            .with("frequency", self.times.count)
            .with("period", self.times.per)
            .with("periodUnit", self.times.unit);
        let dose =
            Tree::object().with("doseQuantity", quantity(self.dose.to_owned(), self.unit.0, self.unit.1));
        let timing = Tree::object().with("repeat", repeat).with("code", words(self.times.words));
        Tree::object()
            .with("text", text)
            .with("patientInstruction", label)
            .with("timing", timing)
            .maybe("asNeededBoolean", self.times.needed.then_some(true))
            .with("route", own("route", route, route_words))
            .with("doseAndRate", array([dose]))
    }
}

/// A prescription.
pub struct Order<'a> {
    /// What.
    pub medicine: &'static Medicine,
    /// Since when.
    pub from: Day,
    /// Until when, if it has ended.
    pub until: Option<Day>,
    /// Why it was stopped before its end or, if it has no end, why it is on hold.
    pub stopped: Option<&'a str>,
    /// Whether it goes on until someone stops it.
    pub repeat: bool,
    /// `community`, `inpatient`, `outpatient` or `discharge`.
    pub category: &'static str,
    /// The encounter in which it was written, if that is.
    pub visit: Option<&'a Visit>,
    /// Id of the Condition it is for.
    pub reason: Option<&'a str>,
}

/// Writes a prescription.
pub fn order(history: &mut History, order: &Order) {
    let id = history.next_id();
    let medicine = order.medicine;
    let last = history.end.day;
    // What has no end yet goes on. A course may have one that is still to come, unless death came first.
    let until = match order.until {
        Some(until) if order.repeat && until > last => None,
        Some(until) if !history.alive() => Some(until.min(last)),
        until => until,
    };
    let stopped = order.stopped.filter(|_| until == order.until);
    let over = until.is_some_and(|until| until <= last) || !history.alive();
    let status = match (stopped, over, until) {
        (Some(_), true, _) => "stopped",
        (Some(_), false, None) => "on-hold",
        (_, true, _) => "completed",
        _ => "active",
    };
    let course = if order.repeat { "continuous" } else { "acute" };
    let supply = Tree::object()
        .with("value", Tree::Number(medicine.supply.to_string()))
        .with("unit", "days")
        .with("system", crate::elements::UCUM)
        .with("code", "d");
    let dispense = Tree::object()
        .with("validityPeriod", period(order.from, until))
        .maybe("numberOfRepeatsAllowed", order.repeat.then_some(12i64))
        .with("expectedSupplyDuration", supply);
    let authored = match order.visit {
        Some(visit) if visit.day() == order.from => visit.at.to_string(),
        _ => order.from.to_string(),
    };
    let resource = history
        .start("MedicationRequest", &id)
        .with("status", status)
        .maybe("statusReason", stopped.filter(|_| matches!(status, "stopped" | "on-hold")).map(words))
        .with("intent", "order")
        .with("category", array([hl7("medicationrequest-category", order.category)]))
        .with("medicationCodeableConcept", medicine.concept())
        .with("subject", history.subject())
        .maybe("encounter", order.visit.map(Visit::reference))
        .with("authoredOn", authored)
        .maybe("requester", order.visit.map(|visit| visit.clinician.reference(history.plan)))
        .maybe("reasonReference", order.reason.map(|id| array([reference("Condition", id)])))
        .with("courseOfTherapyType", hl7("medicationrequest-course-of-therapy", course))
        .with("dosageInstruction", array([medicine.dosage()]))
        .with("dispenseRequest", dispense);
    history.add("MedicationRequest", &id, &resource);
}

/// Writes a short course that begins at an encounter. A penicillin is replaced for those allergic to it.
pub fn course(history: &mut History, visit: &Visit, medicine: &'static Medicine, reason: Option<&str>) {
    let medicine = safe(history, medicine, visit.day());
    let until = visit.day().plus(medicine.supply);
    let ordered = Order {
        medicine,
        from: visit.day(),
        until: Some(until),
        stopped: None,
        repeat: false,
        category: "community",
        visit: Some(visit),
        reason,
    };
    order(history, &ordered);
}

/// The medicine, or another one if the person may not have it that day: because of an allergy, of kidneys, of
/// an anticoagulant, of pregnancy.
pub fn safe(history: &History, medicine: &'static Medicine, day: Day) -> &'static Medicine {
    let allergic = |code: &str| history.allergens.iter().any(|allergen| allergen.code == code);
    let child = history.age(day) < 12;
    match medicine.drug() {
        _ if medicine.penicillin() && allergic("penicillins") && child => &list::CLARITHROMYCIN_CHILD,
        _ if medicine.penicillin() && allergic("penicillins") => &list::DOXYCYCLINE,
        "Ibuprofen" | "Naproxen" if allergic("nsaids") || bleeds(history, day) => &list::PARACETAMOL,
        "Codeine" if allergic("codeine") => &list::PARACETAMOL,
        "Trimethoprim" if allergic("trimethoprim") => &list::NITROFURANTOIN,
        "Nitrofurantoin" if history.health.filtration(day) < 45.0 && !allergic("trimethoprim") => {
            &list::TRIMETHOPRIM
        }
        _ => medicine,
    }
}

/// Whether anti-inflammatory tablets would do harm.
fn bleeds(history: &History, day: Day) -> bool {
    let ill = [
        &problems::KIDNEY_DISEASE,
        &problems::HEART_FAILURE,
        &problems::PREGNANCY,
        &problems::CORONARY_DISEASE,
    ];
    ill.iter().any(|problem| history.health.has(problem, day))
        || ["Apixaban", "Clopidogrel", "Aspirin"].iter().any(|drug| history.health.takes(drug, day))
}

/// Writes what is given on a ward for some days from admission on.
pub fn inpatient(
    history: &mut History,
    visit: &Visit,
    medicine: &'static Medicine,
    days: i32,
    reason: Option<&str>,
) {
    let medicine = safe(history, medicine, visit.day());
    let ordered = Order {
        medicine,
        from: visit.day(),
        until: Some(visit.day().plus(days)),
        stopped: None,
        repeat: false,
        category: "inpatient",
        visit: Some(visit),
        reason,
    };
    order(history, &ordered);
}

/// Writes what the person says they take without a prescription.
pub fn statement(history: &mut History, visit: &Visit, medicine: &'static Medicine, why: &str) {
    let medicine = safe(history, medicine, visit.day());
    let id = history.next_id();
    let resource = history
        .start("MedicationStatement", &id)
        .with("status", if history.alive() { "active" } else { "completed" })
        .with("category", hl7("medication-statement-category", "patientspecified"))
        .with("medicationCodeableConcept", medicine.concept())
        .with("subject", history.subject())
        .with("context", visit.reference())
        .with("effectivePeriod", period(visit.day(), (!history.alive()).then_some(history.end.day)))
        .with("dateAsserted", visit.at.to_string())
        .with("informationSource", history.subject())
        .with("reasonCode", array([words(why)]))
        .with("dosage", array([medicine.dosage()]));
    history.add("MedicationStatement", &id, &resource);
}
