//! Vectors of the standards, our own keys, and tokens that try to pass for signed ones.

use crate::Keys;
use crate::jose::{Algorithm, Expected, Fault, Jwk, JwkSet, Jws, bytes, encoded};
use fhir::{Instant, Json, Limits, Tree};
use record::{Options, Place, Store};
use testbed::Home;

/// RFC 7515 appendix A.3.
const ES256_KEY: &str = r#"{"keys":[{"kty":"EC","crv":"P-256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.\
    eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
    DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

const ISSUER: &str = "https://care.example";
const HOUR: i64 = 3_600;

struct House {
    store: Store,
    keys: Keys,
    _home: Home,
}

impl House {
    fn new() -> House {
        let home = Home::new();
        let options = Options { durable: false, ..Options::default() };
        let store = Store::open(home.place().parse::<Place>().unwrap(), options).unwrap();
        House { keys: Keys::of(store.clone()), store, _home: home }
    }

    fn expected(&self) -> Expected<'static> {
        Expected { issuer: ISSUER, audience: "app", now: self.store.now(), longest: None }
    }

    fn claims(&self) -> Tree {
        let now = self.store.now().0 / 1_000;
        Tree::object().with("iss", ISSUER).with("aud", "app").with("iat", now).with("exp", now + HOUR)
    }

    fn public(&self) -> JwkSet {
        self.keys.public().unwrap()
    }

    fn check(&self, token: &str) -> Result<Json, Fault> {
        Jws::parse(token)?.checked(&self.public(), &[Algorithm::Es384], &self.expected())
    }

    /// The same token under a header of someone else's making.
    fn under(&self, header: &str) -> String {
        let token = self.keys.sign(Algorithm::Es384, "JWT", &self.claims()).unwrap();
        let rest = token.split_once('.').unwrap().1;
        format!("{}.{rest}", encoded(header))
    }
}

#[test]
fn the_vectors_of_the_standards_verify() {
    let keys = JwkSet::parse(ES256_KEY).unwrap();
    let claims = Jws::parse(ES256).unwrap().verified(&keys, &[Algorithm::Es256]).unwrap();
    assert_eq!(claims.root().str("iss").unwrap(), "joe");
    // RFC 8037 appendix A.4, whose message is no object.
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key = Jwk::read(Json::parse(key, Limits::DOOR).unwrap().root()).unwrap();
    let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert!(key.signed(Algorithm::EdDsa, message, &bytes(signature).unwrap()));
    assert!(!key.signed(Algorithm::EdDsa, b"another", &bytes(signature).unwrap()));
}

#[test]
fn what_we_sign_is_checked_with_what_we_publish() {
    let house = House::new();
    for algorithm in Keys::ALGORITHMS {
        let token = house.keys.sign(algorithm, "at+jwt", &house.claims()).unwrap();
        // As another would: from the text of the set.
        let published = JwkSet::parse(house.public().tree().text()).unwrap();
        let jws = Jws::parse(&token).unwrap();
        assert_eq!(jws.kind().unwrap(), "at+jwt");
        assert!(published.has(&jws.key_id().unwrap()));
        let claims = jws.checked(&published, &[algorithm], &house.expected()).unwrap();
        assert_eq!(claims.root().str("aud").unwrap(), "app");
    }
    for key in house.public().keys() {
        let text = key.tree().text();
        assert!(!text.contains("\"d\"") && !text.contains("\"p\""), "nothing private is published: {text}");
    }
}

#[test]
fn every_node_signs_with_the_same_key() {
    let house = House::new();
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let sign = || {
            let keys = Keys::of(house.store.clone());
            keys.sign(Algorithm::Es384, "JWT", &house.claims()).unwrap()
        };
        let all: Vec<_> = (0..8).map(|_| scope.spawn(sign)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let first = Jws::parse(&tokens[0]).unwrap().key_id();
    assert!(
        tokens.iter().all(|token| Jws::parse(token).unwrap().key_id() == first && house.check(token).is_ok())
    );
}

#[test]
fn a_replaced_key_signs_no_more_and_still_checks() {
    let house = House::new();
    let old = house.keys.sign(Algorithm::Es384, "JWT", &house.claims()).unwrap();
    house.keys.replace(Algorithm::Es384).unwrap();
    let new = house.keys.sign(Algorithm::Es384, "JWT", &house.claims()).unwrap();
    let name = |token: &str| Jws::parse(token).unwrap().key_id();
    assert_ne!(name(&old), name(&new));
    assert!(house.check(&old).is_ok() && house.check(&new).is_ok());
}

#[test]
fn a_token_that_was_altered_or_signed_otherwise_is_none() {
    let house = House::new();
    let token = house.keys.sign(Algorithm::Es384, "JWT", &house.claims()).unwrap();
    assert!(house.check(&token).is_ok());
    let parts: Vec<&str> = token.split('.').collect();
    let kid = Jws::parse(&token).unwrap().key_id().unwrap();
    let altered = String::from_utf8(bytes(parts[1]).unwrap()).unwrap().replace("app", "apq");
    // A shared secret that everybody knows: the published key.
    let header = |alg: &str| format!("{{\"alg\":\"{alg}\",\"kid\":\"{kid}\"}}");
    for (token, fault) in [
        (format!("{}.{}.{}", parts[0], encoded(altered), parts[2]), Fault::Signature),
        (format!("{}.{}.", parts[0], parts[1]), Fault::Signature),
        (format!("{}.{}.{}", parts[0], parts[1], encoded([0; 96])), Fault::Signature),
        (house.under(&header("none")), Fault::Algorithm),
        (house.under(&header("None")), Fault::Algorithm),
        (house.under(&header("HS256")), Fault::Algorithm),
        (house.under(&header("HS384")), Fault::Algorithm),
        (house.under(&header("RS256")), Fault::Algorithm),
        (house.under("{\"alg\":\"ES384\",\"kid\":\"../../dev/null\"}"), Fault::Key),
        (house.under("{\"alg\":\"ES384\",\"jku\":\"https://evil.example/keys\"}"), Fault::Signature),
        (
            house.under(&format!("{{\"alg\":\"ES384\",\"kid\":\"{kid}\",\"crit\":[\"b64\"],\"b64\":false}}")),
            Fault::Critical,
        ),
        (house.under("{}"), Fault::Algorithm),
        (format!("{}.{}", parts[0], parts[1]), Fault::Form),
        (format!("{token}.x"), Fault::Form),
        (format!("{}=.{}.{}", parts[0], parts[1], parts[2]), Fault::Form),
        (String::new(), Fault::Form),
        ("a".repeat(40_000), Fault::Form),
    ] {
        assert_eq!(house.check(&token).err(), Some(fault), "{token:.80}");
    }
}

#[test]
fn a_key_of_another_kind_or_for_another_algorithm_checks_nothing() {
    let house = House::new();
    let token = house.keys.sign(Algorithm::Rs256, "JWT", &house.claims()).unwrap();
    let kid = Jws::parse(&token).unwrap().key_id().unwrap();
    let check = |keys: &JwkSet, allowed: &[Algorithm]| {
        Jws::parse(&token).unwrap().checked(keys, allowed, &house.expected()).err()
    };
    assert_eq!(check(&house.public(), &[Algorithm::Rs256]), None);
    assert_eq!(check(&house.public(), &[Algorithm::Rs384, Algorithm::Es384]), Some(Fault::Algorithm));
    let only_ec: Vec<Jwk> =
        house.public().keys().iter().filter(|key| key.kid.as_deref() != Some(&kid)).cloned().collect();
    assert_eq!(check(&JwkSet::of(only_ec), &[Algorithm::Rs256]), Some(Fault::Key));
}

#[test]
fn claims_must_be_from_the_issuer_for_us_and_of_this_time() {
    let house = House::new();
    let now = house.store.now().0 / 1_000;
    let token = |claims: Tree| house.keys.sign(Algorithm::Es384, "JWT", &claims).unwrap();
    let with = |name: &str, value: Tree| token(house.claims().with(name, value));
    for (token, fault) in [
        (with("iss", "https://care.example/".into()), Some(Fault::Issuer)),
        (with("aud", "another".into()), Some(Fault::Audience)),
        (with("aud", vec![Tree::from("another"), "app".into()].into()), None),
        (with("aud", vec![Tree::from("another")].into()), Some(Fault::Audience)),
        (with("exp", (now - 61).into()), Some(Fault::Over)),
        (with("exp", (now - 30).into()), None),
        (with("exp", "tomorrow".into()), Some(Fault::Over)),
        (token(Tree::object().with("iss", ISSUER).with("aud", "app")), Some(Fault::Over)),
        (with("nbf", (now + 600).into()), Some(Fault::Early)),
        (with("iat", (now + 600).into()), Some(Fault::Early)),
        (with("iat", (now + 30).into()), None),
    ] {
        assert_eq!(house.check(&token).err(), fault);
    }
    let jws = Jws::parse(&token(house.claims())).unwrap();
    let short = Expected { longest: Some(300), ..house.expected() };
    let fault = jws.checked(&house.public(), &[Algorithm::Es384], &short).err();
    assert_eq!(fault, Some(Fault::Long));
    let later = Expected { now: Instant(house.store.now().0 + 2 * HOUR * 1_000), ..house.expected() };
    let jws = Jws::parse(&token(house.claims())).unwrap();
    assert_eq!(jws.checked(&house.public(), &[Algorithm::Es384], &later).err(), Some(Fault::Over));
}

#[test]
fn keys_that_are_not_for_signatures_are_passed_over() {
    let set = r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},
        {"kty":"OKP","crv":"Ed25519","use":"enc","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty":"OKP","crv":"Ed25519","alg":"ES256","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty":"OKP","crv":"Ed25519","kid":"good","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let set = JwkSet::parse(set).unwrap();
    assert_eq!(set.keys().iter().map(|key| key.kid.as_deref()).collect::<Vec<_>>(), [Some("good")]);
    assert!(JwkSet::parse("{}").is_none() && JwkSet::parse("[]").is_none());
}
