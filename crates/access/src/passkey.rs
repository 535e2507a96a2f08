//! Passkeys as a second factor (Web Authentication Level 2): a key that the browser or a token of its owner holds, and
//! that signs only for this installation's address, after its owner has unlocked it.
//!
//! No attestation is asked for, so any make of authenticator will do; what counts is that the same key comes back.
//! Browsers give the public key in plain (`getPublicKey`), so no CBOR is read here.

use crate::account::number;
use crate::enter::{Entered, Way};
use crate::factor::{FACTOR, Owed, factor_key};
use crate::{Access, Standing, Strength, secret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::{Json, Limits, Tree};
use record::{Instant, Refusal, Scope, Tx};
use ring::digest::{SHA256, digest};
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm};

/// Challenges that wait for their answer, by account.
const CHALLENGE: &str = "passkey-challenge";
const CHALLENGE_MS: i64 = 5 * 60_000;
/// SubjectPublicKeyInfo of a P-256 and of an Ed25519 key, up to the key itself (RFC 5480, RFC 8410).
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const ED: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Flags of the authenticator's data: somebody was there, and it was its owner (section 6.1).
const PRESENT_AND_VERIFIED: u8 = 0b101;
/// Passkeys of one account.
const PASSKEYS_MAX: usize = 10;

/// What a browser is asked to sign or to make a key for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// In base64url, as all that goes to the browser.
    pub challenge: String,
    /// The account: the user handle of a new key.
    pub who: String,
    /// The keys that there are, by their ids: those to choose from, or those not to make again.
    pub keys: Vec<String>,
}

/// What a browser answers, each in base64url.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answered<'a> {
    /// The id of the key.
    pub id: &'a str,
    /// `clientDataJSON`.
    pub client: &'a str,
    /// `authenticatorData`.
    pub authenticator: &'a str,
    /// The signature; for a new key, the key itself (`getPublicKey`).
    pub proof: &'a str,
}

impl Access {
    /// Asks for a new key, of someone who is signed in or must set up a second factor.
    pub fn begin_passkey(&self, cookie: &str) -> Result<Challenge, Refusal> {
        let who = match self.session(cookie)? {
            Standing::SignedIn(session) => session.who,
            Standing::Owing(owing) if owing.owed == Owed::Enrolment => owing.who,
            _ => return Err(crate::enter::over()),
        };
        self.challenge(who)
    }

    /// Asks someone who owes their second factor to sign with one of their keys.
    pub fn ask_passkey(&self, cookie: &str) -> Result<Challenge, Refusal> {
        let (_, account) = self.owing_factor(cookie)?;
        self.challenge(account.name)
    }

    /// Keeps a new key. `origin` is the address of this installation. The session goes on under a new cookie.
    pub fn confirm_passkey(
        &self,
        cookie: &str,
        origin: &str,
        answered: &Answered<'_>,
        from: &str,
    ) -> Result<Entered, Refusal> {
        let span = match self.session(cookie)? {
            Standing::SignedIn(session) => Some((session.since, session.until)),
            Standing::Owing(owing) if owing.owed == Owed::Enrolment => None,
            _ => return Err(crate::enter::over()),
        };
        let (kept, account) = self.kept_session(cookie)?;
        self.is_answer(&account.name, origin, "webauthn.create", answered)?;
        let key = bytes(answered.proof).filter(|key| public(key).is_some()).ok_or_else(wrong)?;
        let (who, id, now) = (account.name.clone(), answered.id.to_owned(), self.now());
        let is_id = bytes(&id).is_some_and(|id| (16..=1023).contains(&id.len()));
        if !is_id || self.passkeys(&who)?.len() >= PASSKEYS_MAX {
            return Err(wrong());
        }
        self.store().write(crate::author(&account.name, "access.confirm-passkey"), move |tx| {
            keep(tx, &who, &id, &URL_SAFE_NO_PAD.encode(key), 0)
        })?;
        self.audit(&account.name, "enrol-passkey", Tree::object().with("from", from))?;
        let action = if span.is_some() { "step-up" } else { "sign-in" };
        let (old, profile) = (Some(secret::hash(cookie)), account.profile(&kept.profile, now));
        let (account, strength) = (&account, Strength::Passkey);
        self.go_on(Way { action, account, profile, strength, from, old, span })
    }

    /// Takes the signature of one of someone's keys for their second factor. Each challenge counts once.
    pub fn prove_passkey(
        &self,
        cookie: &str,
        origin: &str,
        answered: &Answered<'_>,
        from: &str,
    ) -> Result<Entered, Refusal> {
        let (kept, account) = self.owing_factor(cookie)?;
        let tries = factor_key(&account.name);
        self.may_try(&tries, from)?;
        let proved = self.is_answer(&account.name, origin, "webauthn.get", answered);
        let proved = proved.and_then(|count| self.is_signed(&account.name, answered, count));
        if let Err(no) = proved {
            self.audit(&account.name, "second-factor-failed", Tree::object().with("from", from))?;
            return Err(no);
        }
        self.forget_tries(&tries, from);
        self.factor_shown(cookie, &kept, &account, Strength::Passkey, from)
    }

    /// The ids of someone's keys.
    pub fn passkeys(&self, who: &str) -> Result<Vec<String>, Refusal> {
        let prefix = key_name(who, "");
        let kept = self.store().reader(&Scope::all())?.kept_all(FACTOR, &prefix)?;
        Ok(kept.into_iter().map(|(name, _)| name[prefix.len()..].to_owned()).collect())
    }

    fn challenge(&self, who: String) -> Result<Challenge, Refusal> {
        let challenge = secret::new()?;
        let until = Instant(self.now().0 + CHALLENGE_MS);
        let value = Tree::object().with("challenge", challenge.as_str()).with("until", until.0).text();
        let key = who.clone();
        self.store().write(crate::author(&who, "access.challenge"), move |tx| {
            tx.keep(CHALLENGE, &key, value.as_bytes(), Some(until))
        })?;
        Ok(Challenge { challenge, keys: self.passkeys(&who)?, who })
    }

    /// Checks what an answer says of itself (sections 7.1 and 7.2): of what kind it is, to which challenge and for
    /// whose address, and that the owner of the key was there. Answers the key's count of signatures.
    fn is_answer(
        &self,
        who: &str,
        origin: &str,
        kind: &str,
        answered: &Answered<'_>,
    ) -> Result<i64, Refusal> {
        let key = who.to_owned();
        let waiting = self.store().write(crate::author(who, "access.answer"), move |tx| {
            let waiting = tx.kept(CHALLENGE, &key)?;
            tx.forget(CHALLENGE, &key)?;
            Ok(waiting)
        })?;
        let waiting = waiting.and_then(|value| Json::parse(value, Limits::DOOR).ok());
        let waiting = waiting.filter(|w| number(w, "until").is_some_and(|until| self.now().0 < until));
        let challenge =
            waiting.and_then(|w| Some(w.root().str("challenge")?.into_owned())).ok_or_else(wrong)?;
        let client = bytes(answered.client).and_then(|text| Json::parse(text, Limits::DOOR).ok());
        let client = client.ok_or_else(wrong)?;
        let says = |name: &str, value: &str| client.root().str(name).is_some_and(|said| said == value);
        let is_ours = says("type", kind) && says("challenge", &challenge) && says("origin", origin);
        let is_framed = client.root().get("crossOrigin").and_then(|framed| framed.as_bool()) == Some(true);
        let data = bytes(answered.authenticator).filter(|data| data.len() >= 37).ok_or_else(wrong)?;
        let host = origin.split("://").nth(1).unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        let is_for_us = data[..32] == *digest(&SHA256, host.as_bytes()).as_ref();
        let is_verified = data[32] & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED;
        if !is_ours || is_framed || !is_for_us || !is_verified {
            return Err(wrong());
        }
        Ok(data[33..37].iter().fold(0, |count, byte| count << 8 | i64::from(*byte)))
    }

    /// Checks the signature with the key that is kept, and that the key has not been copied: its count only grows.
    fn is_signed(&self, who: &str, answered: &Answered<'_>, count: i64) -> Result<(), Refusal> {
        let name = key_name(who, answered.id);
        let kept = self.kept(FACTOR, &name)?.and_then(|value| Json::parse(value, Limits::DOOR).ok());
        let kept = kept.ok_or_else(wrong)?;
        let text = kept.root().str("key").ok_or_else(wrong)?.into_owned();
        let key = bytes(&text).ok_or_else(wrong)?;
        let (way, point) = public(&key).ok_or_else(wrong)?;
        let client = bytes(answered.client).ok_or_else(wrong)?;
        let mut signed = bytes(answered.authenticator).ok_or_else(wrong)?;
        signed.extend_from_slice(digest(&SHA256, &client).as_ref());
        let signature = bytes(answered.proof).ok_or_else(wrong)?;
        UnparsedPublicKey::new(way, point).verify(&signed, &signature).map_err(|_| wrong())?;
        let (who, id) = (who.to_owned(), answered.id.to_owned());
        self.store().write(crate::author(&who.clone(), "access.prove-passkey"), move |tx| {
            let last = tx.kept(FACTOR, &name)?.and_then(|value| Json::parse(value, Limits::DOOR).ok());
            let last = last.and_then(|last| number(&last, "count")).ok_or_else(wrong)?;
            // Those that do not count say 0 always.
            if (last > 0 || count > 0) && count <= last {
                return Err(wrong());
            }
            keep(tx, &who, &id, &text, count)
        })
    }
}

fn keep(tx: &mut Tx<'_>, who: &str, id: &str, key: &str, count: i64) -> Result<(), Refusal> {
    let value = Tree::object().with("key", key).with("count", count).text();
    tx.keep(FACTOR, &key_name(who, id), value.as_bytes(), None)
}

fn key_name(who: &str, id: &str) -> String {
    format!("{who}|passkey|{id}")
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// How to check with a key, and the key itself; nothing for kinds that are not taken.
fn public(key: &[u8]) -> Option<(&'static dyn VerificationAlgorithm, &[u8])> {
    if let Some(point) = key.strip_prefix(P256).filter(|point| point.len() == 65) {
        return Some((&ECDSA_P256_SHA256_ASN1, point));
    }
    let point = key.strip_prefix(ED).filter(|point| point.len() == 32)?;
    Some((&ED25519, point))
}

fn wrong() -> Refusal {
    Refusal::invalid("passkey", "The passkey does not count here. Try again, or use a code.")
}
