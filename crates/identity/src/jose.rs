//! JSON Web Signatures in the compact form (RFC 7515) with claims (RFC 7519), after the best practice of RFC 8725:
//! the checker names the algorithms, the key names its own, and nothing in the token says where keys are.

mod key;

pub use key::{Jwk, JwkSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fhir::{Instant, Json, Limits};
use std::fmt;

/// The longest token that is looked at.
const LENGTH_MAX: usize = 32 * 1024;
/// How far the clocks of two machines may be apart.
const LEEWAY: i64 = 60;

/// How a token is signed (RFC 7518 section 3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// RSA PKCS 1 with SHA-256.
    Rs256,
    /// RSA PKCS 1 with SHA-384.
    Rs384,
    /// RSA PKCS 1 with SHA-512.
    Rs512,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All there are.
    pub const ALL: [Algorithm; 6] = [
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::EdDsa,
    ];

    /// The name in `alg`.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Es256 => "ES256",
            Algorithm::Es384 => "ES384",
            Algorithm::Rs256 => "RS256",
            Algorithm::Rs384 => "RS384",
            Algorithm::Rs512 => "RS512",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of this name.
    pub fn named(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// Why a token does not count. For our own log and tests: whoever sent it is told only that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not three parts of base64url, the first two JSON objects.
    Form,
    /// Its algorithm is none of those that are allowed here.
    Algorithm,
    /// It asks for something that must be understood and is not (`crit`).
    Critical,
    /// None of the keys is the one it names.
    Key,
    /// The signature is not that of the key.
    Signature,
    /// It is from another issuer.
    Issuer,
    /// It is for somebody else.
    Audience,
    /// It has run out, or has no end.
    Over,
    /// It does not hold yet, or was issued in the future.
    Early,
    /// It holds for longer than it may.
    Long,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Form => "the token is not a signed token in the compact form",
            Fault::Algorithm => "the token is signed with an algorithm that is not accepted here",
            Fault::Critical => "the token asks for an extension that is not known here",
            Fault::Key => "the key that the token names is not known",
            Fault::Signature => "the signature of the token is wrong",
            Fault::Issuer => "the token is from another issuer",
            Fault::Audience => "the token is for another recipient",
            Fault::Over => "the token has run out",
            Fault::Early => "the token does not hold yet",
            Fault::Long => "the token holds for too long",
        })
    }
}

impl std::error::Error for Fault {}

/// What the claims of a token must say (RFC 7519 section 4.1).
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// `iss`, to the letter.
    pub issuer: &'a str,
    /// `aud` must be this or hold it.
    pub audience: &'a str,
    /// The time now.
    pub now: Instant,
    /// Seconds that `exp` may lie ahead at most, if there is such a rule.
    pub longest: Option<i64>,
}

/// A token whose signature has not been looked at. Nothing of it counts yet.
pub struct Jws {
    header: Json,
    claims: Json,
    signed: String,
    signature: Vec<u8>,
}

impl Jws {
    /// Takes a token apart.
    pub fn parse(token: &str) -> Result<Jws, Fault> {
        if token.len() > LENGTH_MAX {
            return Err(Fault::Form);
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { return Err(Fault::Form) };
        Ok(Jws {
            header: object(header)?,
            claims: object(claims)?,
            signed: format!("{header}.{claims}"),
            signature: bytes(signature).ok_or(Fault::Form)?,
        })
    }

    /// `kid` of the header.
    pub fn key_id(&self) -> Option<String> {
        self.header.root().str("kid").map(|kid| kid.into_owned())
    }

    /// `typ` of the header, as it stands there.
    pub fn kind(&self) -> Option<String> {
        self.header.root().str("typ").map(|kind| kind.into_owned())
    }

    /// `iss` as the token claims it, to find out whose keys to check it with. It proves nothing.
    pub fn claimed_issuer(&self) -> Option<String> {
        self.claims.root().str("iss").map(|issuer| issuer.into_owned())
    }

    /// The claims, if one of the keys signed the token with one of the algorithms. `alg` of the token only chooses
    /// among what key and checker allow both; a token that names a key is checked with no other.
    pub fn verified(self, keys: &JwkSet, allowed: &[Algorithm]) -> Result<Json, Fault> {
        let header = self.header.root();
        if header.get("crit").is_some() {
            return Err(Fault::Critical);
        }
        let algorithm = header.str("alg").and_then(|name| Algorithm::named(&name)).ok_or(Fault::Algorithm)?;
        if !allowed.contains(&algorithm) {
            return Err(Fault::Algorithm);
        }
        let named = header.str("kid");
        let mut fitting = keys.fitting(named.as_deref(), algorithm).peekable();
        if fitting.peek().is_none() {
            return Err(Fault::Key);
        }
        match fitting.any(|key| key.signed(algorithm, self.signed.as_bytes(), &self.signature)) {
            true => Ok(self.claims),
            false => Err(Fault::Signature),
        }
    }

    /// The same, if the claims are as they must be, too.
    pub fn checked(
        self,
        keys: &JwkSet,
        allowed: &[Algorithm],
        expected: &Expected<'_>,
    ) -> Result<Json, Fault> {
        let claims = self.verified(keys, allowed)?;
        expected.hold(&claims)?;
        Ok(claims)
    }
}

impl Expected<'_> {
    fn hold(&self, claims: &Json) -> Result<(), Fault> {
        let root = claims.root();
        if root.str("iss").as_deref() != Some(self.issuer) {
            return Err(Fault::Issuer);
        }
        let audience = root.get("aud").ok_or(Fault::Audience)?;
        let is_ours = audience.as_str().as_deref() == Some(self.audience)
            || audience.items().any(|one| one.as_str().as_deref() == Some(self.audience));
        if !is_ours {
            return Err(Fault::Audience);
        }
        let now = self.now.0 / 1_000;
        let until = seconds(claims, "exp").flatten().ok_or(Fault::Over)?;
        if until.saturating_add(LEEWAY) <= now {
            return Err(Fault::Over);
        }
        if self.longest.is_some_and(|longest| until > now.saturating_add(longest).saturating_add(LEEWAY)) {
            return Err(Fault::Long);
        }
        for name in ["nbf", "iat"] {
            match seconds(claims, name) {
                Some(Some(at)) if at <= now.saturating_add(LEEWAY) => {}
                None => {}
                Some(_) => return Err(Fault::Early),
            }
        }
        Ok(())
    }
}

/// A time of the claims in whole seconds; parts of a second count for nothing. The outer is empty when it is not
/// there, the inner when it is no time.
fn seconds(claims: &Json, name: &str) -> Option<Option<i64>> {
    let value = claims.root().get(name)?;
    Some(value.as_number().and_then(|text| text.split('.').next()?.parse().ok()))
}

/// Bytes as base64url without padding, as everything in a token is written.
pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The reverse of [`encoded`].
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn object(part: &str) -> Result<Json, Fault> {
    let json = Json::parse(bytes(part).ok_or(Fault::Form)?, Limits::DOOR).map_err(|_| Fault::Form)?;
    match json.root().kind() {
        fhir::json::Kind::Object => Ok(json),
        _ => Err(Fault::Form),
    }
}
