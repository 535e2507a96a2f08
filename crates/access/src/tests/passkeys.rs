//! Stories of keys that sign, and of those that sign something else.

use super::{DESK, House, MINUTE, PASSWORD, refused};
use crate::{Answered, Challenge, Entered, Kind, Owed, Strength};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

const ORIGIN: &str = "https://care.example";
const ID: &str = "AAECAwQFBgcICQoLDA0ODw";

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An authenticator with one key.
struct Token {
    pair: EcdsaKeyPair,
    count: u32,
}

/// What a browser says, and how it may be wrong.
struct Said<'a> {
    kind: &'a str,
    challenge: &'a str,
    origin: &'a str,
    host: &'a str,
    flags: u8,
}

impl<'a> Said<'a> {
    fn get(challenge: &'a Challenge) -> Said<'a> {
        let (kind, challenge) = ("webauthn.get", challenge.challenge.as_str());
        Said { kind, challenge, origin: ORIGIN, host: "care.example", flags: 0b101 }
    }
}

impl Token {
    fn new() -> Token {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
        Token { pair, count: 0 }
    }

    /// `clientDataJSON`, `authenticatorData`, and the signature over both.
    fn sign(&mut self, said: &Said<'_>) -> [String; 3] {
        self.count += 1;
        let Said { kind, challenge, origin, host, flags } = said;
        let client = format!(
            "{{\"type\":\"{kind}\",\"challenge\":\"{challenge}\",\"origin\":\"{origin}\",\"crossOrigin\":false}}"
        );
        let mut data = digest(&SHA256, host.as_bytes()).as_ref().to_vec();
        data.push(*flags);
        data.extend(self.count.to_be_bytes());
        let signed = [&data[..], digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        [encoded(client), encoded(data), encoded(signature)]
    }

    /// The public key as browsers give it.
    fn public(&self) -> String {
        let prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        let prefix: Vec<u8> =
            (0..26).map(|n| u8::from_str_radix(&prefix[2 * n..2 * n + 2], 16).unwrap()).collect();
        encoded([&prefix[..], self.pair.public_key().as_ref()].concat())
    }
}

/// Dr Okafor with a passkey.
fn enrolled() -> (House, Token) {
    let house = House::staffed();
    let mut token = Token::new();
    let cookie = house.sign_in().cookie;
    let challenge = house.access.begin_passkey(&cookie).unwrap();
    let [client, authenticator, _] = token.sign(&Said { kind: "webauthn.create", ..Said::get(&challenge) });
    let proof = token.public();
    let answered = Answered { id: ID, client: &client, authenticator: &authenticator, proof: &proof };
    let Entered::SignedIn(fresh) = house.access.confirm_passkey(&cookie, ORIGIN, &answered, DESK).unwrap()
    else {
        panic!("signed in")
    };
    assert_eq!((fresh.session.strength, house.stands(&cookie)), (Strength::Passkey, "nobody"));
    (house, token)
}

fn owing(house: &House) -> String {
    match house.access.enter("a.okafor", PASSWORD, DESK).unwrap() {
        Entered::Owing { cookie, owing } if owing.owed == Owed::Factor => cookie,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_signs_its_owner_in() {
    let (house, mut token) = enrolled();
    let half = owing(&house);
    let challenge = house.access.ask_passkey(&half).unwrap();
    assert_eq!((challenge.who.as_str(), challenge.keys.as_slice()), ("a.okafor", &[ID.to_owned()][..]));
    let [client, authenticator, proof] = token.sign(&Said::get(&challenge));
    let answered = Answered { id: ID, client: &client, authenticator: &authenticator, proof: &proof };
    let Entered::SignedIn(signed_in) = house.access.prove_passkey(&half, ORIGIN, &answered, DESK).unwrap()
    else {
        panic!("signed in")
    };
    assert_eq!(signed_in.session.strength, Strength::Passkey);
    let again = owing(&house);
    assert!(house.access.prove_passkey(&again, ORIGIN, &answered, DESK).is_err(), "an answer counts once");
}

#[test]
fn an_answer_to_another_question_or_for_another_address_does_not_count() {
    let (house, mut token) = enrolled();
    let mut stranger = Token::new();
    let mut tried = 0;
    let mut attempt = |change: &dyn Fn(&mut Said<'_>), signer: &mut Token, id: &str| {
        tried += 1;
        let half = owing(&house);
        let challenge = house.access.ask_passkey(&half).unwrap();
        let mut said = Said::get(&challenge);
        change(&mut said);
        let [client, authenticator, proof] = signer.sign(&said);
        let answered = Answered { id, client: &client, authenticator: &authenticator, proof: &proof };
        house.access.prove_passkey(&half, ORIGIN, &answered, &format!("10.0.0.{tried}")).map(|_| ())
    };
    for change in [
        (&|said: &mut Said<'_>| said.kind = "webauthn.create") as &dyn Fn(&mut Said<'_>),
        &|said| said.challenge = "another",
        &|said| said.origin = "https://evil.example",
        &|said| said.host = "evil.example",
        &|said| said.flags = 0b001,
    ] {
        assert_eq!(refused(attempt(change, &mut token, ID)).kind, Kind::Invalid);
    }
    assert!(attempt(&|_| (), &mut stranger, ID).is_err(), "another key");
    assert!(attempt(&|_| (), &mut token, "AAAAAAAAAAAAAAAAAAAAAA").is_err(), "a key that is not kept");
    assert!(attempt(&|_| (), &mut token, ID).is_ok());
    token.count = 1;
    assert!(attempt(&|_| (), &mut token, ID).is_err(), "a copy of the key that is behind");
}

#[test]
fn a_question_waits_five_minutes() {
    let (house, mut token) = enrolled();
    let half = owing(&house);
    let challenge = house.access.ask_passkey(&half).unwrap();
    house.later(5 * MINUTE);
    let [client, authenticator, proof] = token.sign(&Said::get(&challenge));
    let answered = Answered { id: ID, client: &client, authenticator: &authenticator, proof: &proof };
    assert!(house.access.prove_passkey(&half, ORIGIN, &answered, DESK).is_err());
}
