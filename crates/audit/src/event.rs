//! Acts of the trail as FHIR R4 `AuditEvent`, in the shape of the IHE Basic Audit Log Patterns (BALP 1.1): one event
//! for each resource that was read or written, and one for each patient whom a search showed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fhir::{Json, Limits, Tree, Value};
use record::{AuditRow, Change};

const PROFILE: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";
const TYPES: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const INTERACTIONS: &str = "http://hl7.org/fhir/restful-interaction";
const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const PARTS: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
const REASONS: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const ENTITIES: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const ROLES: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const REQUEST: &str = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType";
const SOURCES: &str = "http://terminology.hl7.org/CodeSystem/security-source-type";
/// Names of this project's own: acts, accounts, roles.
const OWN: &str = "urn:carespine:";
/// Said of an address that was not noted.
const NOT_NOTED: &str = "not noted";

/// A version that a commit wrote.
#[derive(Clone, Debug)]
pub struct Wrote {
    /// Which.
    pub change: Change,
    /// The patients it concerns, by id.
    pub patients: Vec<String>,
}

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id: the number of the act on the trail and, after a hyphen, its own among those of the act, from 1.
    pub id: String,
    /// The `AuditEvent`.
    pub resource: Tree,
    /// The patient it names.
    pub patient: Option<String>,
}

/// What sort of act it was, in the words of the standards.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Read,
    Query,
    Create,
    Update,
    Delete,
    Other,
}

/// One subject of an act.
#[derive(Clone, Default)]
struct Subject {
    /// The resource, as a reference, if one resource was the subject.
    data: Option<String>,
    patient: Option<String>,
}

/// The detail of an act, read.
struct Act<'a> {
    row: &'a AuditRow,
    base: &'a str,
    detail: Json,
}

/// The events of an act, in the order of its subjects. `wrote` is what the commit wrote that the row points at; `base`
/// is the address of this server.
pub fn events(row: &AuditRow, wrote: &[Wrote], base: &str) -> Vec<Event> {
    let empty = || Json::parse("{}", Limits::DOOR).expect("an empty object is JSON");
    let detail = Json::parse(row.detail.as_str(), Limits::FILE).unwrap_or_else(|_| empty());
    let act = Act { row, base, detail };
    let subjects = act.subjects(wrote);
    let number = |n: usize| format!("{}-{}", row.seq, n + 1);
    subjects.iter().enumerate().map(|(n, (sort, subject))| act.event(number(n), *sort, subject)).collect()
}

impl Act<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.detail.root().str(name).map(|text| text.into_owned())
    }

    fn list(&self, name: &str) -> Vec<String> {
        let values = self.detail.root().get(name).into_iter().flat_map(Value::each);
        values.filter_map(|value| value.as_str().map(|text| text.into_owned())).collect()
    }

    fn subjects(&self, wrote: &[Wrote]) -> Vec<(Sort, Subject)> {
        if self.row.txn.is_some() {
            let all: Vec<String> = self.row.patients().into_iter().collect();
            let changes = wrote.iter().map(|wrote| written(wrote, &all));
            let changes: Vec<_> = changes.collect();
            return if changes.is_empty() { vec![(Sort::Other, Subject::default())] } else { changes };
        }
        let sort = match self.row.action.as_str() {
            "read" | "vread" => Sort::Read,
            "search" | "history" | "everything" | "notify" | "view" => Sort::Query,
            _ => Sort::Other,
        };
        let patients = self.row.patients().into_iter().map(Some);
        let out = self.list("out");
        let data = match sort {
            Sort::Read if out.len() == 1 => out.first().cloned(),
            _ => None,
        };
        let mut subjects: Vec<_> = patients
            .map(|patient| {
                let itself =
                    || patient.as_ref().filter(|_| sort == Sort::Read).map(|id| format!("Patient/{id}"));
                (sort, Subject { data: data.clone().or_else(itself), patient: patient.clone() })
            })
            .collect();
        if subjects.is_empty() {
            subjects.push((sort, Subject { data, patient: None }));
        }
        subjects
    }

    fn event(&self, id: String, sort: Sort, subject: &Subject) -> Event {
        let outcome = self.outcome();
        let meta = Tree::object().with("versionId", "1").with("lastUpdated", self.row.at.to_string());
        let profile = profile(sort, subject).filter(|_| outcome == "0");
        let meta = meta.maybe("profile", profile.map(|name| vec![Tree::from(format!("{PROFILE}{name}"))]));
        let (kind, subtype) = self.what(sort);
        let resource = Tree::resource("AuditEvent")
            .with("id", id.as_str())
            .with("meta", meta)
            .with("type", kind)
            .with("subtype", vec![subtype])
            .with("action", action(sort))
            .with("recorded", self.row.at.to_string())
            .with("outcome", outcome)
            .maybe("outcomeDesc", self.text("outcome").filter(|said| said != "ok"))
            .maybe("purposeOfEvent", self.text("purpose").map(|code| vec![concept(REASONS, &code)]))
            .with("agent", self.agents(sort))
            .with("source", self.source());
        let entities = self.entities(sort, subject);
        let resource = if entities.is_empty() { resource } else { resource.with("entity", entities) };
        Event { id, resource, patient: subject.patient.clone() }
    }

    /// FHIR audit-event-outcome: 0 success, 4 minor failure.
    fn outcome(&self) -> &'static str {
        let said = self.text("outcome");
        let failed =
            matches!(self.row.action.as_str(), "refused" | "sign-in-failed" | "second-factor-failed")
                || said.is_some_and(|said| said != "ok" && said != "unchanged")
                || self.detail.root().get("outcome").is_some_and(|value| value.as_str().is_none());
        if failed { "4" } else { "0" }
    }

    /// Type and subtype.
    fn what(&self, sort: Sort) -> (Tree, Tree) {
        let rest = || coding(TYPES, "rest", Some("RESTful Operation"));
        let interaction = |code: &str| (rest(), coding(INTERACTIONS, code, None));
        match (sort, self.row.action.as_str()) {
            (Sort::Read, "vread") => interaction("vread"),
            (Sort::Read, _) => interaction("read"),
            (Sort::Query, "history") => interaction("history"),
            (Sort::Query, "search") => interaction("search"),
            (Sort::Query, _) => interaction("operation"),
            (Sort::Create, _) => interaction("create"),
            (Sort::Update, _) => interaction("update"),
            (Sort::Delete, _) => interaction("delete"),
            (
                Sort::Other,
                "sign-in" | "unlock" | "sign-in-failed" | "sign-in-begun" | "second-factor-failed",
            ) => (dicom("110114", "User Authentication"), dicom("110122", "Login")),
            (Sort::Other, "sign-out" | "lock") => {
                (dicom("110114", "User Authentication"), dicom("110123", "Logout"))
            }
            (Sort::Other, "export" | "job-file") => {
                (dicom("110106", "Export"), coding(&format!("{OWN}act"), &self.row.action, None))
            }
            (Sort::Other, action) => {
                (dicom("110100", "Application Activity"), coding(&format!("{OWN}act"), action, None))
            }
        }
    }

    fn agents(&self, sort: Sort) -> Vec<Tree> {
        let program = self.row.who == "system" || self.text("via").as_deref() == Some("token");
        // In a read what comes flows to the client; in all else what is asked or sent flows from it.
        let source = dicom_concept("110153", "Source Role ID");
        let destination = dicom_concept("110152", "Destination Role ID");
        let (of_client, of_server) =
            if sort == Sort::Read { (destination, source) } else { (source, destination) };
        let client = if program { self.row.who.as_str() } else { "Carespine in a browser" };
        let from = self.text("from").unwrap_or_else(|| NOT_NOTED.to_owned());
        let mut client_agent = Tree::object()
            .with("type", of_client)
            .maybe("role", self.role().filter(|_| program))
            .with("who", named(&format!("{OWN}client"), client))
            .with("name", client)
            .with("requestor", program)
            .with("network", Tree::object().with("address", from));
        if program {
            client_agent = client_agent.maybe("purposeOfUse", self.purpose());
        }
        let server = Tree::object()
            .with("type", of_server)
            .with("who", Tree::object().with("display", self.base))
            .with("requestor", false)
            .with("network", Tree::object().with("address", self.base).with("type", "5"));
        let user = (!program).then(|| self.user(sort));
        user.into_iter().chain([client_agent, server]).collect()
    }

    /// The person: who, in which role and for which organisation.
    fn user(&self, sort: Sort) -> Tree {
        let part = match sort {
            Sort::Create | Sort::Update | Sort::Delete => coding(PARTS, "AUT", Some("author")),
            _ => coding(PARTS, "IRCP", Some("information recipient")),
        };
        Tree::object()
            .with("type", Tree::object().with("coding", vec![part]))
            .maybe("role", self.role())
            .with("who", named(&format!("{OWN}account"), &self.row.who))
            .with("name", self.row.who.as_str())
            .with("requestor", true)
            .maybe("purposeOfUse", self.purpose())
    }

    fn purpose(&self) -> Option<Vec<Tree>> {
        self.text("purpose").map(|code| vec![concept(REASONS, &code)])
    }

    /// The role profile and the organisation, from `ORGANISATION/ROLE/PROFILE`.
    fn role(&self) -> Option<Vec<Tree>> {
        let capacity = Capacity::of(self.row)?;
        let mut roles = vec![concept(&format!("{OWN}role"), &capacity.role)];
        if !capacity.organisation.is_empty() {
            roles.push(concept("https://fhir.nhs.uk/Id/ods-organization-code", &capacity.organisation));
        }
        Some(roles)
    }

    fn source(&self) -> Tree {
        Tree::object()
            .with("site", self.base)
            .with("observer", Tree::object().with("display", "Carespine"))
            .with("type", vec![coding(SOURCES, "4", Some("Application Server"))])
    }

    fn entities(&self, sort: Sort, subject: &Subject) -> Vec<Tree> {
        let mut entities = Vec::new();
        let of = |kind: &str, role: &str| {
            Tree::object().with("type", coding(ENTITIES, kind, None)).with("role", coding(ROLES, role, None))
        };
        let reference = |to: &str| Tree::object().with("reference", to);
        if let Some(data) = &subject.data {
            entities.push(of("2", "4").with("what", reference(data)).maybe("description", self.text("page")));
        }
        if let Some(patient) = &subject.patient {
            entities.push(of("1", "1").with("what", reference(&format!("Patient/{patient}"))));
        }
        if matches!(sort, Sort::Query | Sort::Other) {
            let said = self.text("query").or_else(|| self.text("page")).or_else(|| self.text("type"));
            let said = said.or_else(|| (sort == Sort::Query).then(|| self.row.action.clone()));
            let query = said.map(|said| {
                of("2", "24").with("description", said.as_str()).with("query", STANDARD.encode(&said))
            });
            entities.extend(query);
        }
        if let Some(request) = self.text("request") {
            let kind = coding(REQUEST, "XrequestId", None);
            let what = Tree::object().with("identifier", Tree::object().with("value", request));
            entities.push(Tree::object().with("type", kind).with("what", what));
        }
        entities
    }
}

/// In which capacity someone acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The ODS code of the organisation; may be empty.
    pub organisation: String,
    /// The name of the role; may be empty.
    pub role: String,
}

impl Capacity {
    /// The capacity that an act names, as `ORGANISATION/ROLE/PROFILE`.
    pub fn of(row: &AuditRow) -> Option<Capacity> {
        let detail = Json::parse(row.detail.as_str(), Limits::FILE).ok()?;
        let said = detail.root().str("as")?.into_owned();
        let mut parts = said.split('/').map(|part| if part == "-" { "" } else { part }.to_owned());
        Some(Capacity { organisation: parts.next()?, role: parts.next()? })
    }
}

fn written(wrote: &Wrote, all: &[String]) -> (Sort, Subject) {
    let Change { kind, id, version, deleted } = &wrote.change;
    let sort = match (deleted, version) {
        (true, _) => Sort::Delete,
        (false, 1) => Sort::Create,
        (false, _) => Sort::Update,
    };
    let own = (*kind == "Patient").then(|| id.clone());
    let only = || all.first().filter(|_| all.len() == 1).cloned();
    let patient = own.or_else(|| wrote.patients.first().cloned()).or_else(only);
    (sort, Subject { data: Some(format!("{kind}/{id}/_history/{version}")), patient })
}

/// The BALP profile whose shape an event has.
fn profile(sort: Sort, subject: &Subject) -> Option<String> {
    let name = match sort {
        Sort::Read => "Read",
        Sort::Query => "Query",
        Sort::Create => "Create",
        Sort::Update => "Update",
        Sort::Delete => "Delete",
        Sort::Other => return None,
    };
    // A read of what is not told here has no data to name.
    let whole = sort == Sort::Query || subject.data.is_some();
    let of_patient = if subject.patient.is_some() { "Patient" } else { "" };
    whole.then(|| format!("{of_patient}{name}"))
}

fn action(sort: Sort) -> &'static str {
    match sort {
        Sort::Read => "R",
        Sort::Query | Sort::Other => "E",
        Sort::Create => "C",
        Sort::Update => "U",
        Sort::Delete => "D",
    }
}

fn coding(system: &str, code: &str, display: Option<&str>) -> Tree {
    Tree::object().with("system", system).with("code", code).maybe("display", display)
}

fn dicom(code: &str, display: &str) -> Tree {
    coding(DICOM, code, Some(display))
}

fn dicom_concept(code: &str, display: &str) -> Tree {
    Tree::object().with("coding", vec![dicom(code, display)])
}

fn concept(system: &str, code: &str) -> Tree {
    Tree::object().with("coding", vec![coding(system, code, None)])
}

fn named(system: &str, name: &str) -> Tree {
    Tree::object()
        .with("identifier", Tree::object().with("system", system).with("value", name))
        .with("display", name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(action: &str, who: &str, detail: &str) -> String {
        let (who, action, detail) = (who.to_owned(), action.to_owned(), detail.to_owned());
        let row = AuditRow { seq: 9, at: fhir::Instant(0), who, action, txn: None, detail };
        let mut found = events(&row, &[], "https://care.example/fhir");
        assert_eq!((found.len(), found[0].id.as_str()), (1, "9-1"));
        let text = found.remove(0).resource.text();
        let json = Json::parse(text.as_str(), Limits::DOOR).unwrap();
        assert_eq!(fhir::validate::structure(json.root()), []);
        text
    }

    #[test]
    fn a_failed_sign_in_is_a_failure_and_claims_no_profile() {
        let event = only("sign-in-failed", "ann", r#"{"from":"192.0.2.7"}"#);
        assert!(
            event.contains("\"outcome\":\"4\"") && event.contains("110122") && event.contains("192.0.2.7")
        );
        assert!(!event.contains("\"profile\""));
    }

    #[test]
    fn a_person_is_an_agent_with_role_and_organisation_and_a_program_is_the_client() {
        let by_person = r#"{"patients":["p"],"page":"/patients/p","as":"ZN9/doctor/1","via":"password"}"#;
        let event = only("read", "ann", by_person);
        for words in ["IRCP", "\"doctor\"", "\"ZN9\"", "Carespine in a browser", "PatientRead"] {
            assert!(event.contains(words), "{words}: {event}");
        }
        let by_program =
            r#"{"patients":["p"],"out":["Patient/p/_history/1"],"as":"-/system/-","via":"token"}"#;
        let event = only("read", "loader", by_program);
        assert!(!event.contains("IRCP") && event.contains("\"name\":\"loader\""), "{event}");
    }

    #[test]
    fn a_refused_read_is_a_failure() {
        let event = only("read", "ann", r#"{"query":"Patient/x","outcome":"not-found","count":0}"#);
        assert!(event.contains("\"outcome\":\"4\"") && event.contains("not-found"), "{event}");
    }

    #[test]
    fn a_detail_that_is_no_json_still_makes_an_event() {
        assert!(only("read", "ann", "broken").contains("\"recorded\""));
    }
}
