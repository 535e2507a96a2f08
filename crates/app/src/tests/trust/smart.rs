//! Apps of others: let in by people through the pages, or by their own keys; what they get, and what they never get.

use super::glass::encoded;
use super::{Answer, Caller, House};
use access::grant::Grant;
use access::{App, AppProof, keep_app};
use fhir::{Json, Limits, Tree};
use identity::{Keys, jose};
use record::new_id;

const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more-1";

fn app(id: &str, scopes: &str) -> App {
    App {
        id: id.to_owned(),
        name: "Growth charts".to_owned(),
        redirects: vec!["https://app.example/back".to_owned()],
        proof: AppProof::Public,
        scopes: Grant::parse(scopes),
        launch: Some("https://app.example/launch".to_owned()),
        role: None,
        organisation: "ZN9".to_owned(),
        purpose: String::new(),
        by: String::new(),
    }
}

impl House {
    fn registers(&self, app: App) {
        let session = self.person("sid").session.unwrap();
        let author = session.author("test", None);
        self.access.store().write(author, move |tx| keep_app(tx, &session, app)).unwrap();
    }

    fn authorize(&self, id: &str, scope: &str) -> String {
        let challenge = jose::encoded(sha256(VERIFIER.as_bytes()));
        let aud = encoded(&format!("http://{}/fhir", self.address));
        let (back, scope) = (encoded("https://app.example/back"), encoded(scope));
        format!(
            "/oauth/authorize?response_type=code&client_id={id}&redirect_uri={back}&scope={scope}&state=st%26te\
             &aud={aud}&code_challenge={challenge}&code_challenge_method=S256"
        )
    }

    fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.oauth("token", fields)
    }

    fn oauth(&self, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.nobody().ask("POST", &format!("/oauth/{endpoint}"), form, &pairs.join("&"))
    }

    fn exchange(&self, id: &str, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", id),
            ("code", code),
            ("redirect_uri", "https://app.example/back"),
            ("code_verifier", VERIFIER),
        ])
    }

    /// A code, after a person has let the app in.
    fn code(&self, who: &Caller, id: &str, scope: &str, patient: &str) -> String {
        let address = self.authorize(id, scope);
        let page = who.ask("GET", &address, "", "");
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("Let Growth charts in?"), "{}", page.body);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
        let agreed = who.form(&address, &[("decision", "allow"), ("scope", scope), ("patient", patient)]);
        assert_eq!(agreed.status, 303, "{}", agreed.body);
        let place = agreed.header("location").unwrap();
        assert!(
            place.starts_with("https://app.example/back?code=") && place.ends_with("&state=st%26te"),
            "{place}"
        );
        place.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    }

    fn bearer(&self, token: &str) -> Caller {
        Caller::bearing(self.address, token)
    }

    fn nobody(&self) -> Caller {
        Caller::bearing(self.address, "")
    }
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).to_vec()
}

fn text(answer: &Answer, name: &str) -> String {
    answer.json().root().str(name).map(|text| text.into_owned()).unwrap_or_default()
}

#[test]
fn an_app_is_let_in_by_a_person_for_one_patient_and_sees_no_other() {
    let house = House::new();
    house.registers(app("growth", "openid fhirUser launch/patient patient/*.rs offline_access"));
    let ann = house.person("ann");
    let code = house.code(&ann, "growth", "openid launch/patient patient/*.rs", "p");
    let answer = house.exchange("growth", &code);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!((text(&answer, "patient"), text(&answer, "token_type")), ("p".into(), "Bearer".into()));
    assert_eq!(text(&answer, "scope"), "launch/patient openid patient/*.rs");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let app = house.bearer(&text(&answer, "access_token"));
    assert_eq!(app.get("Observation/o").status, 200, "what Ann sees of Pat");
    assert_eq!(
        (app.get("Observation/x").status, app.get("Patient/q").status),
        (404, 404),
        "and of nobody else"
    );
    assert_eq!(app.found("Observation?code=hiv").len(), 2);
    let note = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},
        "subject":{"reference":"Patient/p"}}"#;
    assert_eq!(app.send("POST", "Observation", note).status, 403, "it may not add");
    // The id_token is signed by a key that is published.
    let keys = jose::JwkSet::parse(house.nobody().ask("GET", "/jwks", "", "").body).unwrap();
    let token = jose::Jws::parse(&text(&answer, "id_token")).unwrap();
    let claims = token.verified(&keys, &[jose::Algorithm::Rs256]).unwrap();
    assert_eq!(claims.root().str("sub").as_deref(), Some("ann"));
    assert_eq!(claims.root().str("aud").as_deref(), Some("growth"));
    // And it ends when the person's account does.
    let sid = house.person("sid").session.unwrap();
    house.access.leave(&sid, "ann").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_050));
    assert_eq!(app.get("Observation/o").status, 401);
}

#[test]
fn an_app_is_opened_from_a_record_with_its_patient() {
    let house = House::new();
    house.registers(app("growth", "launch patient/*.rs"));
    let ann = house.person("ann");
    let page = ann.form("/oauth/launch", &[("app", "growth"), ("patient", "p")]);
    assert_eq!(page.status, 200, "{}", page.body);
    let launch = page.body.split("launch=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let address = format!("{}&launch={launch}", house.authorize("growth", "launch patient/*.rs"));
    // Somebody else's browser has nothing of it.
    let stolen = house.person("ben").ask("GET", &address, "", "");
    assert!(stolen.header("location").unwrap().contains("error=invalid_request"), "{:?}", stolen.headers);
    let agreed = ann.form(&address, &[("decision", "allow"), ("scope", "launch patient/*.rs")]);
    let place = agreed.header("location").unwrap_or_else(|| panic!("{}", agreed.body));
    let code = place.split("code=").nth(1).unwrap().split('&').next().unwrap();
    assert_eq!(text(&house.exchange("growth", code), "patient"), "p");
}

#[test]
fn who_asks_wrongly_is_told_and_sent_nowhere_or_back_with_an_error() {
    let house = House::new();
    house.registers(app("growth", "patient/*.rs"));
    let ann = house.person("ann");
    let good = house.authorize("growth", "patient/*.rs");
    for (from, to) in [("client_id=growth", "client_id=other"), ("app%2Eexample", "evil%2Eexample")] {
        let answer = ann.ask("GET", &good.replace(from, to), "", "");
        assert_eq!((answer.status, answer.header("location")), (400, None), "{to}: {}", answer.body);
    }
    for (from, to, error) in [
        ("response_type=code", "response_type=token", "unsupported_response_type"),
        ("&code_challenge_method=S256", "&code_challenge_method=plain", "invalid_request"),
        ("code_challenge=", "challenge=", "invalid_request"),
        ("&aud=http", "&aud=https", "invalid_request"),
        ("patient%2F", "system%2F", "invalid_scope"),
        ("patient%2F%2A%2Ers", "patient%2FObservation%2Ers%3Fstatus%3Dfinal", "invalid_scope"),
    ] {
        let answer = ann.ask("GET", &good.replace(from, to), "", "");
        let place =
            answer.header("location").unwrap_or_else(|| panic!("{to}: {} {}", answer.status, answer.body));
        assert!(
            place.starts_with("https://app.example/back?error=") && place.contains(error),
            "{to}: {place}"
        );
    }
    let denied = ann.form(&good, &[("decision", "deny")]);
    assert!(denied.header("location").unwrap().contains("error=access_denied"));
    let nobody = house.nobody().ask("GET", &good, "", "");
    assert!(nobody.header("location").unwrap().starts_with("/sign-in"), "{:?}", nobody.headers);
}

#[test]
fn s_20_a_code_counts_once_and_shown_again_it_ends_what_it_gave() {
    let house = House::new();
    house.registers(app("growth", "launch/patient patient/*.rs offline_access"));
    let ann = house.person("ann");
    let code = house.code(&ann, "growth", "launch/patient patient/*.rs", "p");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..100).map(|_| scope.spawn(|| house.exchange("growth", &code))).collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let given: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(given.len() <= 1, "{} of a hundred got a token", given.len());
    assert!(answers.iter().any(|answer| text(answer, "error") == "invalid_grant"));
    // Ninety-nine more tries with a code that had been used: nobody keeps what it gave.
    for answer in given {
        std::thread::sleep(std::time::Duration::from_millis(1_050));
        assert_eq!(house.bearer(&text(answer, "access_token")).get("Patient/p").status, 401);
    }
    for (name, value) in
        [("code_verifier", "x"), ("redirect_uri", "https://app.example/other"), ("client_id", "other")]
    {
        let code = house.code(&ann, "growth", "launch/patient patient/*.rs", "p");
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", "growth"),
            ("code", &code),
            ("redirect_uri", "https://app.example/back"),
            ("code_verifier", VERIFIER),
        ];
        let wrong = fields.map(|(n, v)| if n == name { (n, value) } else { (n, v) });
        assert_ne!(house.token(&wrong).status, 200, "{name}");
    }
}

#[test]
fn s_20_a_refresh_token_is_renewed_with_each_use_and_a_copy_ends_the_family() {
    let house = House::new();
    house.registers(app("growth", "launch/patient patient/*.rs offline_access"));
    let code = house.code(&house.person("ann"), "growth", "launch/patient offline_access patient/*.rs", "p");
    let first = house.exchange("growth", &code);
    let refresh = |token: &str| {
        house.token(&[("grant_type", "refresh_token"), ("client_id", "growth"), ("refresh_token", token)])
    };
    let old = text(&first, "refresh_token");
    let second = refresh(&old);
    assert_eq!(second.status, 200, "{}", second.body);
    let (newer, token) = (text(&second, "refresh_token"), text(&second, "access_token"));
    assert_ne!(newer, old);
    assert_eq!(house.bearer(&token).get("Patient/p").status, 200);
    assert_eq!(text(&refresh(&old), "error"), "invalid_grant", "it was used");
    assert_eq!(
        text(&refresh(&newer), "error"),
        "invalid_grant",
        "and whoever has the newer one is not trusted"
    );
    std::thread::sleep(std::time::Duration::from_millis(1_050));
    assert_eq!(house.bearer(&token).get("Patient/p").status, 401);
}

#[test]
fn tokens_are_looked_at_and_revoked_by_apps_that_prove_themselves() {
    let house = House::new();
    let (secret, proof) = access::new_app_secret().unwrap();
    house.registers(App { proof, ..app("growth", "launch/patient patient/*.rs offline_access") });
    let code = house.code(&house.person("ann"), "growth", "launch/patient patient/*.rs", "p");
    let exchange = |secret: &str| {
        house.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", "growth"),
            ("client_secret", secret),
            ("code", &code),
            ("redirect_uri", "https://app.example/back"),
            ("code_verifier", VERIFIER),
        ])
    };
    let wrong = exchange("wrong");
    assert_eq!((wrong.status, text(&wrong, "error")), (401, "invalid_client".into()));
    let token = text(&exchange(&secret), "access_token");
    let look = |secret: &str| {
        house.oauth("introspect", &[("client_id", "growth"), ("client_secret", secret), ("token", &token)])
    };
    assert_eq!(look("wrong").status, 401);
    let told = look(&secret);
    assert!(told.body.contains("\"active\":true") && text(&told, "patient") == "p", "{}", told.body);
    let revoked = [("client_id", "growth"), ("client_secret", &secret), ("token", &token)];
    assert_eq!(house.oauth("revoke", &revoked).status, 200);
    assert_eq!(look(&secret).body, r#"{"active":false}"#);
    assert_eq!(house.bearer(&token).get("Patient/p").status, 401);
}

/// An assertion of the program `lab`, changed as told.
fn assertion(house: &House, keys: &Keys, change: impl FnOnce(Tree) -> Tree) -> String {
    let now = house.access.now().0 / 1_000;
    let claims = Tree::object()
        .with("iss", "lab")
        .with("sub", "lab")
        .with("aud", format!("http://{}/oauth/token", house.address))
        .with("exp", now + 200)
        .with("jti", new_id());
    keys.sign(jose::Algorithm::Es384, "JWT", &change(claims)).unwrap()
}

fn backend(house: &House, assertion: &str, scope: &str) -> Answer {
    house.token(&[
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
        ("scope", scope),
    ])
}

fn lab(house: &House, role: &str, purpose: &str, scopes: &str) -> Keys {
    let keys = Keys::of(house.access.store().clone());
    let set = keys.published(jose::Algorithm::Es384).unwrap().tree().text();
    let role = access::roles().iter().find(|known| known.name == role);
    house.registers(App {
        proof: AppProof::Keys(set),
        role,
        redirects: Vec::new(),
        launch: None,
        purpose: purpose.to_owned(),
        ..app("lab", scopes)
    });
    keys
}

#[test]
fn s_21_an_assertion_that_is_wrong_in_any_way_does_not_count() {
    let house = House::new();
    let keys = lab(&house, "doctor", "", "system/*.rs");
    let good = assertion(&house, &keys, |claims| claims);
    let answer = backend(&house, &good, "system/*.rs");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let now = house.access.now().0 / 1_000;
    let parts: Vec<&str> = good.split('.').collect();
    let none = jose::encoded(r#"{"alg":"none","typ":"JWT"}"#);
    let hs = jose::encoded(r#"{"alg":"HS384","typ":"JWT"}"#);
    let jku = jose::encoded(r#"{"alg":"ES384","typ":"JWT","kid":"../x","jku":"https://evil.example/jwks"}"#);
    for (what, wrong) in [
        ("shown again", good.clone()),
        ("without a signature", format!("{none}.{}.", parts[1])),
        ("with a secret for a key", format!("{hs}.{}.{}", parts[1], parts[2])),
        ("with a place of keys", format!("{jku}.{}.{}", parts[1], parts[2])),
        ("for somebody else", assertion(&house, &keys, |c| c.with("aud", "https://other.example/token"))),
        ("of somebody else", assertion(&house, &keys, |c| c.with("sub", "other"))),
        ("of an app that is not known", assertion(&house, &keys, |c| c.with("iss", "x").with("sub", "x"))),
        ("that has run out", assertion(&house, &keys, |c| c.with("exp", now - 90))),
        ("that holds for an hour", assertion(&house, &keys, |c| c.with("exp", now + 3_600))),
        ("from the future", assertion(&house, &keys, |c| c.with("iat", now + 600))),
        (
            "without jti",
            assertion(&house, &keys, |c| {
                let json = Json::parse(c.text(), Limits::DOOR).unwrap();
                let kept = json.root().members().filter(|(name, _)| name != "jti");
                kept.fold(Tree::object(), |tree, (name, value)| tree.with(&name, Tree::from(value)))
            }),
        ),
        ("that is none", "x.y.z".to_owned()),
    ] {
        let answer = backend(&house, &wrong, "system/*.rs");
        assert_eq!((answer.status, text(&answer, "error")), (401, "invalid_client".into()), "{what}");
    }
}

#[test]
fn row_31_a_program_for_research_sees_nobody_who_opted_out_in_search_counts_and_exports() {
    let house = House::new();
    let keys = lab(&house, "extract", "", "system/*.rs");
    let program = || {
        let answer = backend(&house, &assertion(&house, &keys, |claims| claims), "system/*.rs");
        house.bearer(&text(&answer, "access_token"))
    };
    let before = program();
    assert_eq!(before.get("Observation/v").status, 200);
    assert!(before.exported("$export?_type=Observation").contains("lungfish"));
    let wish = super::house::consent("opt-out", "");
    let at = wish.find("\"data\"").unwrap();
    let wish = format!("{}}}}}", wish[..at].trim_end().trim_end_matches(','));
    let noted = house.person("ann").send("POST", "Consent", &wish);
    assert_eq!(noted.status, 201, "{}", noted.body);
    assert_eq!(before.get("Observation/v").status, 404);
    assert_eq!(before.count("Observation?patient=p"), 0);
    let export = program().exported("$export?_type=Observation");
    assert!(export.contains("sturgeon") && !export.contains("lungfish"), "{export}");
    assert_eq!(house.person("ben").get("Observation/v").status, 200, "for care it is there");
}

#[test]
fn s_22_outside_its_scopes_an_app_is_refused_for_every_type_and_interaction() {
    let house = House::new();
    house.registers(app("growth", "user/*.cruds"));
    let ann = house.person("ann");
    let mut cells = 0;
    for (scope, letters) in
        [("user/Observation.r", "r"), ("user/Observation.s", "s"), ("user/Observation.c", "c")]
    {
        let code = house.code(&ann, "growth", scope, "");
        let app = house.bearer(&text(&house.exchange("growth", &code), "access_token"));
        for kind in
            fhir::definitions::RESOURCES.iter().filter(|kind| !["AuditEvent", "Parameters"].contains(*kind))
        {
            let body = super::matrix::sample(kind, "v");
            for (letter, method, path) in [
                ("r", "GET", format!("{kind}/v")),
                ("r", "GET", format!("{kind}/v/_history")),
                ("s", "GET", format!("{kind}?_count=1")),
                ("s", "POST", format!("{kind}/_search")),
                ("c", "POST", kind.to_string()),
                ("u", "PUT", format!("{kind}/v")),
                ("d", "DELETE", format!("{kind}/v")),
            ] {
                let answer = match path.ends_with("_search") {
                    true => app.ask(
                        "POST",
                        &format!("/fhir/{path}"),
                        "Content-Type: application/x-www-form-urlencoded\r\n",
                        "_count=1",
                    ),
                    false => app.send(method, &path, if method == "GET" { "" } else { &body }),
                };
                let is_granted = *kind == "Observation" && letters.contains(letter);
                assert_eq!(answer.status == 403, !is_granted, "{scope}: {method} {path}: {}", answer.status);
                cells += 1;
            }
        }
    }
    assert!(cells > 3_000, "{cells}");
    // What is granted is never more than the person may.
    house.registers(app("desk", "user/*.cruds"));
    let code = house.code(&house.person("rob"), "desk", "user/*.cruds", "");
    let answer = house.exchange("desk", &code);
    assert!(!text(&answer, "scope").contains('d'), "a receptionist deletes nothing: {}", answer.body);
    let app = house.bearer(&text(&answer, "access_token"));
    assert_eq!((app.get("Patient/p").status, app.get("Observation/v").status), (200, 404));
}

#[test]
fn only_pages_of_registered_apps_may_read_answers_in_a_browser() {
    let house = House::new();
    house.registers(app("growth", "patient/*.rs"));
    let ask = |method: &str, path: &str, origin: &str| {
        house.nobody().ask(method, path, &format!("Origin: {origin}\r\n"), "")
    };
    for path in ["/fhir/metadata", "/fhir/.well-known/smart-configuration", "/jwks"] {
        let known = ask("GET", path, "https://app.example");
        assert_eq!(known.header("access-control-allow-origin"), Some("https://app.example"), "{path}");
        assert_eq!(known.header("access-control-allow-credentials"), None);
        for origin in ["https://evil.example", "null", "https://app.example.evil.example"] {
            assert_eq!(
                ask("GET", path, origin).header("access-control-allow-origin"),
                None,
                "{path} {origin}"
            );
        }
    }
    let preflight = ask("OPTIONS", "/fhir/Patient", "https://app.example");
    assert_eq!(preflight.status, 204);
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("authorization"));
    assert_eq!(ask("OPTIONS", "/fhir/Patient", "https://evil.example").status, 401);
}

#[test]
fn s_22_what_an_app_asks_to_be_told_of_is_no_more_than_it_may_see_and_ends_with_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let house = House::telling(&[port]);
    house.registers(app("growth", "user/*.cruds"));
    let ann = house.person("ann");
    let code = house.code(&ann, "growth", "user/Subscription.crus user/Observation.rs", "");
    let app = house.bearer(&text(&house.exchange("growth", &code), "access_token"));
    let told = super::told::receiver(listener);
    let other = format!(
        r#"{{"resourceType":"Subscription","status":"requested","reason":"test","criteria":"Condition?code=hiv",
        "channel":{{"type":"rest-hook","endpoint":"http://127.0.0.1:{port}/told"}}}}"#
    );
    assert_eq!(app.send("POST", "Subscription", &other).status, 400, "of a type that it may not see");
    super::told::subscribe(&app, "Observation?code=hiv", port);
    let note = |word: &str| {
        let text = format!(
            r#"{{"resourceType":"Observation","status":"final","valueString":"{word}",
            "code":{{"coding":[{{"system":"urn:test","code":"hiv"}}]}},"subject":{{"reference":"Patient/q"}}}}"#
        );
        assert_eq!(ann.send("POST", "Observation", &text).status, 201);
    };
    let heard = |word: &str, seconds: u64| {
        let mut all = String::new();
        while let Ok(text) = told.recv_timeout(std::time::Duration::from_secs(seconds)) {
            all.push_str(&text);
            if all.contains(word) {
                return true;
            }
        }
        false
    };
    note("stickleback");
    assert!(heard("stickleback", 20));
    let sid = house.person("sid").session.unwrap();
    let author = sid.author("test", None);
    house.access.store().write(author, move |tx| access::end_app(tx, &sid, "growth")).unwrap();
    note("pilchard");
    assert!(!heard("pilchard", 2), "it goes on after the app has ended");
}
