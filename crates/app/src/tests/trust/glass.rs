//! Breaking glass through the pages: who may, what it opens, how long, and who is told.

use super::house::PASSWORD;
use super::{Answer, Caller, House};
use access::relationship::{Rule, set_rule};
use access::{Instant, NewProfile, NewUser};

impl Caller {
    /// Sends a form of ours.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = &self.session.as_ref().unwrap().csrf;
        let once = record::new_id();
        let all = fields.iter().copied().chain([("csrf", csrf.as_str()), ("request", once.as_str())]);
        let pairs: Vec<String> = all.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.ask("POST", path, "Content-Type: application/x-www-form-urlencoded\r\n", &pairs.join("&"))
    }

    fn breaks(&self, patient: &str, pane: &str, password: &str) -> Answer {
        let patient = format!("Patient/{patient}");
        self.form(
            "/relationships/break-glass",
            &[
                ("patient", &patient),
                ("pane", pane),
                ("reason", "law"),
                ("why", "Ordered by the coroner today"),
                ("password", password),
            ],
        )
    }
}

pub fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

#[test]
fn row_19_who_may_breaks_a_seal_for_an_hour_and_it_is_told_reviewed_and_on_the_patients_log() {
    let house = House::new();
    let (ben, olu) = (house.person("ben"), house.person("olu"));
    let page = ben.ask("GET", "/patients/p", "", "").body;
    assert!(page.contains("Some information is sealed."), "who may be helped is told: {page}");
    assert_eq!(ben.get("Observation/o").status, 404);
    let wrong = ben.breaks("p", "seal", "not the password");
    assert!(wrong.body.contains("The password is wrong"), "{} {}", wrong.status, wrong.body);
    assert!(!wrong.body.contains("not the password"), "what was typed is not sent back");
    assert_eq!(ben.get("Observation/o").status, 404);
    let broken = ben.breaks("p", "seal", PASSWORD);
    assert_eq!((broken.status, broken.header("location")), (303, Some("/patients/p")), "{}", broken.body);
    assert_eq!(ben.get("Observation/o").status, 200, "at once");
    assert!(ben.found("Observation?patient=p").contains("Observation/o"));
    let page = ben.ask("GET", "/patients/p", "", "").body;
    assert!(
        page.contains("You opened what another team has sealed.") && page.contains("60 minutes"),
        "{page}"
    );
    let queue = olu.ask("GET", "/privacy", "", "").body;
    assert!(queue.contains("Ordered by the coroner today") && queue.contains("ben"), "{queue}");
    let log = olu.ask("GET", "/patients/p/access-log", "", "").body;
    assert!(log.matches("Broke the glass").count() >= 2, "that it was broken, and what was seen so: {log}");
    let glass = ben.session.as_ref().map(|_| house.access.sign_in("ben", PASSWORD, "x").unwrap()).unwrap();
    let glass = glass.session.glass[0].clone();
    assert_eq!(glass.until.0 - glass.from.0, 60 * 60_000);
    // Somebody else reviews it; by plain FHIR nobody gets round that.
    let task = format!("Task/{}", glass.id);
    let body = ben.get(&task).body.replace("\"requested\"", "\"completed\"");
    assert_eq!((ben.send("PUT", &task, &body).status, ben.send("DELETE", &task, "").status), (403, 403));
    let words = [("task", task.as_str()), ("outcome", "justified"), ("words", "Seen the order.")];
    assert_eq!(ben.form("/privacy/review", &words).status, 403);
    assert_eq!(olu.form("/privacy/review", &words).status, 303);
    assert!(!olu.ask("GET", "/privacy", "", "").body.contains("Ordered by the coroner today"));
    let closed = ben.form("/relationships/close-glass", &[("patient", "Patient/p"), ("glass", &glass.id)]);
    assert_eq!(closed.status, 303, "{}", closed.body);
    assert_eq!(ben.get("Observation/o").status, 404, "closed at once");
}

#[test]
fn row_20_who_may_not_break_a_seal_learns_nothing() {
    let house = House::new();
    let nia = house.person("nia");
    let refused = ["p", "q"].map(|patient| nia.breaks(patient, "seal", PASSWORD));
    assert_eq!([refused[0].status, refused[1].status], [403, 403], "with and without something sealed");
    assert_eq!(nia.get("Observation/o").status, 404);
}

#[test]
fn row_21_what_is_locked_stays_as_if_it_were_not_there() {
    let house = House::new();
    let ben = house.person("ben");
    assert_eq!(ben.breaks("p", "seal", PASSWORD).status, 303);
    assert_eq!((ben.get("Observation/o").status, ben.get("Observation/l").status), (200, 404));
    assert_eq!(ben.found("Observation?patient=p&code=hiv").len(), 1);
    let log = house.person("olu").ask("GET", "/patients/p/access-log", "", "").body;
    assert!(log.contains("Broke the glass"), "the attempt is on the log: {log}");
}

#[test]
fn row_41_glass_of_one_patient_opens_nobody_else_and_no_hint_is_given_of_what_is_only_locked() {
    let house = House::new();
    let admin = NewProfile::new("administrator").at("ZX1");
    house.access.add_user(&NewUser::new("adi", "Adi", admin, PASSWORD)).unwrap();
    let session = house.access.sign_in("adi", PASSWORD, "x").unwrap().session;
    let rule = Rule { organisation: "ZX1".into(), role: "doctor".into(), from: Instant(0), until: None };
    house.access.store().write(session.author("t", None), move |tx| set_rule(tx, &session, &rule)).unwrap();
    let cat = house.person("cat");
    let closed = cat.ask("GET", "/patients/q", "", "");
    assert!(closed.body.contains("This record is closed to you"), "{}", closed.body);
    assert!(!closed.body.contains("No known allergies") && !closed.body.contains("sturgeon"));
    assert_eq!(cat.get("Observation/x").status, 404);
    assert_eq!(cat.breaks("q", "relationship", PASSWORD).status, 303);
    assert_eq!(cat.get("Observation/x").status, 200);
    assert_eq!(cat.get("Observation/v").status, 404, "of another patient");
    let page = cat.ask("GET", "/patients/q", "", "").body;
    assert!(page.contains("You broke the glass to see this record."), "{page}");
    assert!(!page.contains("Some information is sealed."));
}

#[test]
fn row_35_nobody_of_the_staff_sees_their_own_or_a_relatives_record_and_trying_is_reported() {
    let house = House::new();
    let (ben, olu) = (house.person("ben"), house.person("olu"));
    assert_eq!(ben.get("Observation/v").status, 200);
    let kin = [("account", "ben"), ("patients", "Patient/p")];
    assert_eq!(ben.form("/privacy/kin", &kin).status, 403, "nobody says it of themselves");
    assert_eq!(olu.form("/privacy/kin", &kin).status, 303);
    let began = std::time::Instant::now();
    while ben.get("Observation/v").status != 404 {
        assert!(began.elapsed().as_millis() < 1_000);
    }
    assert_eq!((ben.get("Patient/p").status, ben.ask("GET", "/patients/p", "", "").status), (404, 404));
    assert_eq!((ben.count("Patient?_id=p"), ben.count("Observation?patient=p")), (0, 0));
    assert!(!ben.found("Patient?_has:Observation:patient:code=sugar").contains("Patient/p"));
    assert_eq!(ben.breaks("p", "relationship", PASSWORD).status, 404, "not by glass either");
    assert_eq!(ben.get("Observation/x").status, 200, "others are as before");
    let alerts = olu.ask("GET", "/privacy", "", "").body;
    assert!(alerts.contains("Tried to open their own or a relative"), "{alerts}");
}
