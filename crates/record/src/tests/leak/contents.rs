//! What the resources of a world say: few words and many of the same, so that questions meet several.

use super::world::Making;
use fhir::Tree;

const FAMILIES: &[&str] = &["Lee", "Müller", "O'Brien", "Okafor", "Lee, Jr", "Ng", "Leeds"];
const GIVEN: &[&str] = &["Ann", "Bob", "Zoë", "Ada", "Anna"];
const CITIES: &[&str] = &["Leeds", "London", "York"];
/// Codes and the system of each.
const CODES: &[(&str, &str)] = &[
    ("http://loinc.org", "29463-7"),
    ("http://loinc.org", "8480-6"),
    ("http://loinc.org", "8462-4"),
    ("http://snomed.info/sct", "165816005"),
    ("http://snomed.info/sct", "38341003"),
    ("http://example.org/local", "a|b"),
];
const WORDS: &[&str] = &["HIV test", "Blood pressure", "Body weight", "Hypertension", "high"];
const NHS: &str = "https://fhir.nhs.uk/Id/nhs-number";
const LOCAL: &str = "http://example.org/mrn";
const SOURCES: &[&str] =
    &["http://example.org/a", "http://example.org/a/b", "http://example.org/c", "urn:example:a"];
const DATES: &[&str] = &["2024", "2024-02", "2024-02-29", "2025-06-01", "2025-06-02", "1980-05-17"];
const MOMENTS: &[&str] = &[
    "2024-02-29T10:00:00Z",
    "2024-02-29T23:30:00-01:00",
    "2025-06-01T09:15:00.250+01:00",
    "2025-06-01T08:15:00Z",
    "2025-11-30T00:00:00Z",
];

/// A version of a resource.
pub(super) fn write(making: &mut Making<'_>, kind: &'static str, id: &str) -> Tree {
    let tree = Tree::resource(kind).with("id", id).maybe("meta", making.meta());
    match kind {
        "Organization" => making.organization(tree),
        "Practitioner" => {
            tree.with("name", vec![making.name()]).with("identifier", vec![making.identifier()])
        }
        "ValueSet" => making.value_set(tree),
        "Patient" => making.patient(tree),
        "Encounter" => making.encounter(tree, id),
        "Observation" => making.observation(tree, id),
        "Condition" => making.condition(tree, id),
        "MedicationRequest" => making.request(tree, id),
        "Appointment" => making.appointment(tree, id),
        "Group" => making.group(tree, id),
        "List" => making.list(tree, id),
        "Provenance" => making.provenance(tree, id),
        "RiskAssessment" => making.risk(tree, id),
        other => panic!("no contents for {other}"),
    }
}

fn to(target: impl Into<String>) -> Tree {
    Tree::object().with("reference", target.into())
}

fn several(targets: Vec<String>) -> Option<Vec<Tree>> {
    (!targets.is_empty()).then(|| targets.into_iter().map(to).collect())
}

impl Making<'_> {
    fn word(&mut self, list: &[&'static str]) -> &'static str {
        self.chance.pick::<&str>(list)
    }

    /// Sometimes something.
    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.chance.one_in(2).then(|| make(self))
    }

    fn to(&mut self, kind: &str) -> Option<Tree> {
        self.target(kind).map(to)
    }

    fn meta(&mut self) -> Option<Tree> {
        if !self.chance.one_in(3) {
            return None;
        }
        let tag =
            Tree::object().with("system", "http://example.org/tags").with("code", self.word(&["t1", "t2"]));
        let source = self.word(SOURCES);
        Some(Tree::object().with("source", source).with("tag", vec![tag]))
    }

    fn coding(&mut self) -> Tree {
        let (system, code) = *self.chance.pick(CODES);
        let system = match self.chance.below(8) {
            0 if !self.orderly => None,
            1 if !self.orderly => Some("http://example.org/local"),
            _ => Some(system),
        };
        Tree::object().maybe("system", system).with("code", code)
    }

    fn concept(&mut self) -> Tree {
        let coding = Some(vec![self.coding()]).filter(|_| !self.chance.one_in(6));
        let text = if coding.is_none() || self.chance.one_in(2) { Some(self.word(WORDS)) } else { None };
        Tree::object().maybe("coding", coding).maybe("text", text)
    }

    fn identifier(&mut self) -> Tree {
        let (system, kind) = if self.chance.one_in(2) { (NHS, "NH") } else { (LOCAL, "MR") };
        let coding =
            Tree::object().with("system", "http://terminology.hl7.org/CodeSystem/v2-0203").with("code", kind);
        let digit = if system == NHS { "9" } else { "1" };
        let value = format!("{digit}00{}", self.chance.below(40));
        Tree::object()
            .with("type", Tree::object().with("coding", vec![coding]))
            .with("system", system)
            .with("value", value)
    }

    fn name(&mut self) -> Tree {
        let given = vec![Tree::from(self.word(GIVEN))];
        Tree::object().with("family", self.word(FAMILIES)).with("given", given)
    }

    fn quantity(&mut self) -> Tree {
        let value = self.word(&["5.4", "5.40", "70", "72.5", "120", "1e2", "0.05"]);
        let tree = Tree::object().with("value", Tree::Number(value.to_owned()));
        match self.chance.below(3) {
            0 => tree.with("unit", "kg"),
            _ => {
                let unit = self.word(&["kg", "g", "mm[Hg]"]);
                tree.with("unit", unit).with("system", "http://unitsofmeasure.org").with("code", unit)
            }
        }
    }

    fn date(&mut self) -> &'static str {
        if self.chance.one_in(2) { self.word(DATES) } else { self.word(MOMENTS) }
    }

    fn period(&mut self) -> Tree {
        let start = self.maybe(|m| m.date());
        let end = if start.is_none() || self.chance.one_in(2) { Some("2025-12-31T12:00:00Z") } else { None };
        Tree::object().maybe("start", start).maybe("end", end)
    }

    fn organization(&mut self, tree: Tree) -> Tree {
        let within = self.maybe(|m| m.to("Organization")).flatten();
        tree.with("name", self.word(FAMILIES))
            .with("identifier", vec![self.identifier()])
            .maybe("partOf", within)
    }

    fn value_set(&mut self, tree: Tree) -> Tree {
        let url = self.word(SOURCES);
        tree.with("url", url)
            .with("status", "active")
            .with("title", self.word(WORDS))
            .maybe("date", self.maybe(|m| m.word(DATES)))
    }

    fn patient(&mut self, tree: Tree) -> Tree {
        let address = Tree::object().with("city", self.word(CITIES)).with("postalCode", "LS1 4AP");
        let telecom = Tree::object().with("system", "phone").with("value", "07700 900000");
        let link = |other| Tree::object().with("other", other).with("type", "seealso");
        let other = if self.chance.one_in(5) { self.to("Patient") } else { None };
        tree.with("identifier", vec![self.identifier()])
            .with("name", vec![self.name()])
            .maybe("telecom", self.maybe(|_| vec![telecom]))
            .with("gender", self.word(&["female", "male", "other"]))
            .with("birthDate", self.word(DATES))
            .maybe("deceasedBoolean", self.maybe(|m| m.chance.one_in(4)))
            .with("address", vec![address])
            .maybe("generalPractitioner", self.to("Practitioner").map(|to| vec![to]))
            .maybe("managingOrganization", self.to("Organization"))
            .maybe("link", other.map(|other| vec![link(other)]))
    }

    fn encounter(&mut self, tree: Tree, id: &str) -> Tree {
        let home = self.home("Encounter", id, 0, 1);
        let class = Tree::object()
            .with("system", "http://terminology.hl7.org/CodeSystem/v3-ActCode")
            .with("code", self.word(&["AMB", "IMP", "EMER"]));
        let participant = self.to("Practitioner").map(|who| vec![Tree::object().with("individual", who)]);
        let diagnosis = self.to("Condition").map(|what| vec![Tree::object().with("condition", what)]);
        let length = self.quantity();
        tree.with("status", self.word(&["finished", "in-progress", "planned"]))
            .with("class", class)
            .maybe("type", self.maybe(|m| vec![m.concept()]))
            .maybe("subject", home.first().map(to))
            .maybe("participant", participant)
            .with("period", self.period())
            .maybe("length", self.maybe(|_| length))
            .maybe("diagnosis", diagnosis)
            .maybe("serviceProvider", self.to("Organization"))
            .maybe("partOf", self.maybe(|m| m.to("Encounter")).flatten())
    }

    fn observation(&mut self, tree: Tree, id: &str) -> Tree {
        let home = self.home("Observation", id, 0, 3);
        let mut performers: Vec<String> = home.iter().skip(1).take(1).cloned().collect();
        performers.extend(self.target("Practitioner"));
        let mut parts = Vec::new();
        for _ in 0..self.chance.below(3) {
            parts.push(Tree::object().with("code", self.concept()).with("valueQuantity", self.quantity()));
        }
        // No search parameter reads this one.
        let note = |who: &String| vec![Tree::object().with("authorReference", to(who)).with("text", "Seen.")];
        let tree = tree
            .with("status", self.word(&["final", "preliminary"]))
            .with("category", vec![self.concept()])
            .with("code", self.concept())
            .maybe("subject", home.first().map(to))
            .maybe("encounter", self.to("Encounter"))
            .maybe("performer", several(performers))
            .maybe("hasMember", self.maybe(|m| m.to("Observation").map(|o| vec![o])).flatten())
            .maybe("derivedFrom", self.maybe(|m| m.to("Observation").map(|o| vec![o])).flatten())
            .maybe("component", (!parts.is_empty()).then_some(parts))
            .maybe("note", home.get(2).map(note));
        let tree = match self.chance.below(3) {
            0 => tree.with("effectivePeriod", self.period()),
            _ => tree.with("effectiveDateTime", self.date()),
        };
        match self.chance.below(4) {
            0 => tree.with("valueCodeableConcept", self.concept()),
            1 => tree.with("valueString", self.word(WORDS)),
            _ => tree.with("valueQuantity", self.quantity()),
        }
    }

    fn condition(&mut self, tree: Tree, id: &str) -> Tree {
        let home = self.home("Condition", id, 1, 2);
        let asserter = home.get(1).map(to).or_else(|| self.to("Practitioner"));
        tree.with("code", self.concept())
            .with("subject", to(&home[0]))
            .maybe("encounter", self.to("Encounter"))
            .maybe("onsetDateTime", self.maybe(|m| m.date()))
            .maybe("asserter", asserter)
    }

    fn request(&mut self, tree: Tree, id: &str) -> Tree {
        let home = self.home("MedicationRequest", id, 1, 1);
        let by = Tree::object().with(
            "identifier",
            Tree::object().with("system", NHS).with("value", self.word(&["9001", "9002"])),
        );
        let requester = if self.chance.one_in(3) { Some(by) } else { self.to("Practitioner") };
        tree.with("status", self.word(&["active", "completed", "stopped"]))
            .with("intent", "order")
            .with("medicationCodeableConcept", self.concept())
            .with("subject", to(&home[0]))
            .maybe("encounter", self.to("Encounter"))
            .with("authoredOn", self.date())
            .maybe("requester", requester)
    }

    fn appointment(&mut self, tree: Tree, id: &str) -> Tree {
        let home = self.home("Appointment", id, 0, 4);
        let taking_part = |actor| Tree::object().with("actor", actor).with("status", "accepted");
        let mut participants: Vec<Tree> = home.iter().map(to).map(taking_part).collect();
        let with = self.to("Practitioner").unwrap_or_else(|| to("Practitioner/nobody"));
        participants.push(taking_part(with));
        tree.with("status", self.word(&["booked", "cancelled"]))
            .with("start", self.word(MOMENTS))
            .with("end", "2025-12-01T00:00:00Z")
            .with("participant", participants)
    }

    fn group(&mut self, tree: Tree, id: &str) -> Tree {
        let member = |who: &String| Tree::object().with("entity", to(who));
        let home = self.home("Group", id, 0, 4);
        let mut members: Vec<Tree> = home.iter().map(member).collect();
        members.extend(self.target("Practitioner").iter().map(member));
        tree.with("type", "person")
            .with("actual", true)
            .with("code", self.concept())
            .maybe("member", (!members.is_empty()).then_some(members))
    }

    fn list(&mut self, tree: Tree, id: &str) -> Tree {
        let home = self.home("List", id, 0, 2);
        let mut entries: Vec<String> = home.iter().skip(1).cloned().collect();
        for kind in ["Observation", "Condition", "Encounter"] {
            entries.extend(self.target(kind));
        }
        let entries: Vec<Tree> = entries.into_iter().map(|e| Tree::object().with("item", to(e))).collect();
        tree.with("status", "current")
            .with("mode", "working")
            .maybe("title", self.maybe(|m| m.word(WORDS)))
            .with("code", self.concept())
            .maybe("subject", home.first().map(to))
            .with("date", self.date())
            .maybe("entry", (!entries.is_empty()).then_some(entries))
    }

    fn provenance(&mut self, tree: Tree, id: &str) -> Tree {
        let mut targets = self.home("Provenance", id, 0, 2);
        let kind = self.word(&["Observation", "Condition", "MedicationRequest", "List"]);
        targets.extend(self.target(kind));
        if targets.is_empty() {
            targets.push("https://elsewhere.example/fhir/Observation/1".to_owned());
        }
        let who = self.to("Practitioner").unwrap_or_else(|| to("Practitioner/nobody"));
        tree.maybe("target", several(targets))
            .with("recorded", self.word(MOMENTS))
            .with("agent", vec![Tree::object().with("who", who)])
    }

    fn risk(&mut self, tree: Tree, id: &str) -> Tree {
        let home = self.home("RiskAssessment", id, 1, 1);
        let probability = self.word(&["0.1", "0.25", "0.250", "3e-2"]);
        let prediction = Tree::object()
            .with("outcome", self.concept())
            .with("probabilityDecimal", Tree::Number(probability.to_owned()));
        tree.with("status", "final")
            .with("subject", to(&home[0]))
            .with("occurrenceDateTime", self.date())
            .maybe("condition", self.to("Condition"))
            .with("prediction", vec![prediction])
    }
}
