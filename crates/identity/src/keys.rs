//! The keys that this installation signs with.

use crate::jose::{Algorithm, Jwk, JwkSet, bytes, encoded};
use fhir::{Json, Limits, Tree};
use record::{Author, Instant, Kind, Refusal, Scope, Store};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RsaKeyPair, RsaPublicKeyComponents,
};
use rsa::Generate;
use rsa::pkcs8::EncodePrivateKey;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keys by the name of the algorithm they are for; those that were replaced by `-` and their `kid` behind it.
const SPACE: &str = "signing-key";
/// How long a replaced key is still published, so that what it has signed can be checked to its end.
const PUBLISHED_MS: i64 = 48 * 3_600_000;
/// How long a key is believed to be the current one without looking again.
const BELIEVED_MS: i64 = 1_000;

/// Signs, and publishes what that is checked with. Clones share it.
#[derive(Clone)]
pub struct Keys {
    store: Store,
    held: Arc<Mutex<Vec<Held>>>,
}

#[derive(Clone)]
struct Held {
    algorithm: Algorithm,
    pair: Arc<Pair>,
    public: Jwk,
    checked: Instant,
}

enum Pair {
    P384(Box<EcdsaKeyPair>),
    Rsa(Box<RsaKeyPair>),
}

impl Keys {
    /// The keys that are kept in this record.
    pub fn of(store: Store) -> Keys {
        Keys { store, held: Arc::default() }
    }

    /// The algorithms that we sign with.
    /// RS512 is for issuers that want nothing else (NHS login); its key is made and published when it is first used.
    pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Es384, Algorithm::Rs256, Algorithm::Rs384];

    /// A token with these claims. `kind` is the `typ` of its header, e.g. `JWT`, `at+jwt`.
    pub fn sign(&self, algorithm: Algorithm, kind: &str, claims: &Tree) -> Result<String, Refusal> {
        let held = self.current(algorithm)?;
        let header = Tree::object()
            .with("alg", algorithm.name())
            .with("typ", kind)
            .maybe("kid", held.public.kid.as_deref());
        let signed = format!("{}.{}", encoded(header.text()), encoded(claims.text()));
        let signature = held.pair.sign(algorithm, signed.as_bytes())?;
        Ok(format!("{signed}.{}", encoded(signature)))
    }

    /// What our tokens are checked with: the keys of all algorithms, and those that were replaced not long ago.
    pub fn public(&self) -> Result<JwkSet, Refusal> {
        for algorithm in Keys::ALGORITHMS {
            self.current(algorithm)?;
        }
        let now = self.store.now();
        let kept = self.store.reader(&Scope::all())?.kept_all(SPACE, "")?;
        let keys = kept.iter().map(|(_, value)| read(value, now)).collect::<Result<Vec<_>, _>>()?;
        Ok(JwkSet::of(keys.into_iter().map(|held| held.public).collect()))
    }

    /// The key of one algorithm, as an issuer that we are a client of wants it.
    pub fn published(&self, algorithm: Algorithm) -> Result<JwkSet, Refusal> {
        Ok(JwkSet::of(vec![self.current(algorithm)?.public]))
    }

    /// Makes a new key for an algorithm. The old one signs nothing more and is published for two more days.
    pub fn replace(&self, algorithm: Algorithm) -> Result<(), Refusal> {
        let old = self.current(algorithm)?;
        let (now, fresh) = (self.store.now(), made(algorithm)?);
        let name = format!("{}-{}", algorithm.name(), old.public.kid.unwrap_or_default());
        self.store.write(Author::system("identity.replace-key"), move |tx| {
            if let Some(value) = tx.kept(SPACE, algorithm.name())? {
                tx.keep(SPACE, &name, &value, Some(Instant(now.0 + PUBLISHED_MS)))?;
            }
            tx.keep(SPACE, algorithm.name(), fresh.text().as_bytes(), None)
        })?;
        lock(&self.held).retain(|held| held.algorithm != algorithm);
        Ok(())
    }

    /// The key that signs now; made if there is none yet, by one node for all.
    fn current(&self, algorithm: Algorithm) -> Result<Held, Refusal> {
        if !Keys::ALGORITHMS.contains(&algorithm) && algorithm != Algorithm::Rs512 {
            let text = format!("Nothing is signed with {} here.", algorithm.name());
            return Err(Refusal::new(Kind::Unsupported, text));
        }
        let now = self.store.now();
        let known = lock(&self.held).iter().find(|held| held.algorithm == algorithm).cloned();
        if let Some(known) = known.filter(|held| (0..BELIEVED_MS).contains(&(now.0 - held.checked.0))) {
            return Ok(known);
        }
        let value = match self.store.kept(SPACE, algorithm.name())? {
            Some(value) => value,
            None => {
                let fresh = made(algorithm)?;
                self.store.write(Author::system("identity.make-key"), move |tx| {
                    if let Some(other) = tx.kept(SPACE, algorithm.name())? {
                        return Ok(other);
                    }
                    tx.keep(SPACE, algorithm.name(), fresh.text().as_bytes(), None)?;
                    Ok(fresh.text().into_bytes())
                })?
            }
        };
        let current = read(&value, now)?;
        let mut held = lock(&self.held);
        held.retain(|held| held.algorithm != algorithm);
        held.push(current.clone());
        Ok(current)
    }
}

impl Pair {
    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Refusal> {
        let random = SystemRandom::new();
        match self {
            Pair::P384(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| fault("signing"))?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                let way = match algorithm {
                    Algorithm::Rs512 => &RSA_PKCS1_SHA512,
                    Algorithm::Rs384 => &RSA_PKCS1_SHA384,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(way, &random, message, &mut signature).map_err(|_| fault("signing"))?;
                Ok(signature)
            }
        }
    }
}

/// A new private key, as it is kept.
fn made(algorithm: Algorithm) -> Result<Tree, Refusal> {
    let key = match algorithm {
        Algorithm::Es384 => {
            let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &SystemRandom::new());
            key.map_err(|_| fault("making a key"))?.as_ref().to_vec()
        }
        // 3072 bits, which NIST SP 800-57 part 1 has enough beyond 2030.
        _ => {
            let key = rsa::PrivateKey::try_generate().map_err(|_| fault("making a key"))?.to_pkcs8_der();
            key.map_err(|_| fault("making a key"))?.as_bytes().to_vec()
        }
    };
    Ok(Tree::object().with("alg", algorithm.name()).with("key", encoded(key)))
}

fn read(value: &[u8], now: Instant) -> Result<Held, Refusal> {
    let json = Json::parse(value, Limits::DOOR).map_err(|_| fault("reading a key"))?;
    let text = |name: &str| json.root().str(name).ok_or_else(|| fault("reading a key"));
    let algorithm = Algorithm::named(&text("alg")?).ok_or_else(|| fault("reading a key"))?;
    let key = bytes(&text("key")?).ok_or_else(|| fault("reading a key"))?;
    let (pair, public) = match algorithm {
        Algorithm::Es384 => {
            let random = SystemRandom::new();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &key, &random);
            let pair = pair.map_err(|_| fault("reading a key"))?;
            let public = Jwk::p384(pair.public_key().as_ref());
            (Pair::P384(Box::new(pair)), public)
        }
        _ => {
            let pair = RsaKeyPair::from_pkcs8(&key).map_err(|_| fault("reading a key"))?;
            let public: RsaPublicKeyComponents<Vec<u8>> = pair.public().into();
            let public = Jwk::rsa(&public.n, &public.e);
            (Pair::Rsa(Box::new(pair)), public)
        }
    };
    Ok(Held { algorithm, pair: Arc::new(pair), public: public.only(algorithm), checked: now })
}

fn fault(what: &str) -> Refusal {
    tracing::error!(what, "signing keys");
    Refusal::new(Kind::Fault, "The key to sign with cannot be used. Nothing was changed. Tell support.")
}

fn lock(held: &Mutex<Vec<Held>>) -> MutexGuard<'_, Vec<Held>> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
