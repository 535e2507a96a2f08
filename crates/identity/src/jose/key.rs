//! Public keys as JSON (RFC 7517, 7518 section 6, 8037).

use super::{Algorithm, bytes, encoded};
use fhir::{Json, Limits, Tree, Value};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

/// Keys of one set that are looked at; more than any issuer has.
const KEYS_MAX: usize = 100;

/// A public key to check signatures with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// The name that tokens call it by, if it has one.
    pub kid: Option<String>,
    /// The one algorithm that it is for, if it says so.
    pub algorithm: Option<Algorithm>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// `0x04`, then both coordinates.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// The keys of an issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// These keys.
    pub fn of(keys: Vec<Jwk>) -> JwkSet {
        JwkSet(keys)
    }

    /// A published set. Keys that are not for signatures, or of a kind that is not known, are passed over
    /// (RFC 7517 section 5). Nothing when it is no set.
    pub fn parse(text: impl Into<Vec<u8>>) -> Option<JwkSet> {
        let json = Json::parse(text, Limits::DOOR).ok()?;
        JwkSet::read(json.root())
    }

    /// The same from JSON that has been read.
    pub fn read(value: Value<'_>) -> Option<JwkSet> {
        let keys = value.get("keys").filter(|keys| keys.kind() == fhir::json::Kind::Array)?;
        Some(JwkSet(keys.items().take(KEYS_MAX).filter_map(Jwk::read).collect()))
    }

    /// As it is published.
    pub fn tree(&self) -> Tree {
        Tree::object().with("keys", Tree::Array(self.0.iter().map(Jwk::tree).collect()))
    }

    /// The keys.
    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }

    /// True when there is a key of this name.
    pub fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// The keys that a token of this algorithm can be checked with; all that fit when it names none.
    pub(super) fn fitting<'a>(
        &'a self,
        kid: Option<&'a str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &'a Jwk> {
        self.0.iter().filter(move |key| key.fits(algorithm) && (kid.is_none() || key.kid.as_deref() == kid))
    }
}

impl Jwk {
    /// A key that is for signatures; nothing for every other.
    pub fn read(value: Value<'_>) -> Option<Jwk> {
        if value.str("use").is_some_and(|used| used != "sig") {
            return None;
        }
        let algorithm = match value.str("alg") {
            Some(name) => Some(Algorithm::named(&name)?),
            None => None,
        };
        let part = |name: &str| bytes(&value.str(name)?);
        let point = |size: usize| {
            let (x, y) = (part("x")?, part("y")?);
            (x.len() == size && y.len() == size).then(|| [vec![4], x, y].concat())
        };
        let curve = value.str("crv");
        let material = match (value.str("kty")?.as_ref(), curve.as_deref()) {
            ("RSA", _) => Material::Rsa { modulus: part("n")?, exponent: part("e")? },
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(part("x").filter(|x| x.len() == 32)?),
            _ => return None,
        };
        let kid = value.str("kid").map(|kid| kid.into_owned());
        let key = Jwk { kid, algorithm: None, material };
        let fits = algorithm.is_none_or(|algorithm| key.fits(algorithm));
        fits.then_some(Jwk { algorithm, ..key })
    }

    /// The public half of a P-384 key, by its point as `ring` writes it.
    pub(crate) fn p384(point: &[u8]) -> Jwk {
        Jwk { kid: None, algorithm: None, material: Material::P384(point.to_vec()) }.thumbed()
    }

    /// The public half of an RSA key, by modulus and exponent.
    pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Jwk {
        let material = Material::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() };
        Jwk { kid: None, algorithm: None, material }.thumbed()
    }

    /// For this algorithm and no other.
    pub(crate) fn only(self, algorithm: Algorithm) -> Jwk {
        Jwk { algorithm: Some(algorithm), ..self }
    }

    /// Named by its thumbprint (RFC 7638).
    fn thumbed(self) -> Jwk {
        // Members in the order of their names, without blanks: that is what is hashed.
        let members = match &self.material {
            Material::Rsa { modulus, exponent } => {
                format!("{{\"e\":\"{}\",\"kty\":\"RSA\",\"n\":\"{}\"}}", encoded(exponent), encoded(modulus))
            }
            Material::P256(point) | Material::P384(point) => {
                let (crv, (x, y)) = (self.curve(), halves(point));
                format!(
                    "{{\"crv\":\"{crv}\",\"kty\":\"EC\",\"x\":\"{}\",\"y\":\"{}\"}}",
                    encoded(x),
                    encoded(y)
                )
            }
            Material::Ed25519(x) => {
                format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{}\"}}", encoded(x))
            }
        };
        let digest = ring::digest::digest(&ring::digest::SHA256, members.as_bytes());
        Jwk { kid: Some(encoded(digest)), ..self }
    }

    fn curve(&self) -> &'static str {
        match self.material {
            Material::P256(_) => "P-256",
            Material::P384(_) => "P-384",
            Material::Ed25519(_) => "Ed25519",
            Material::Rsa { .. } => "",
        }
    }

    /// As it is published.
    pub fn tree(&self) -> Tree {
        let tree = match &self.material {
            Material::Rsa { modulus, exponent } => {
                Tree::object().with("kty", "RSA").with("n", encoded(modulus)).with("e", encoded(exponent))
            }
            Material::P256(point) | Material::P384(point) => {
                let (x, y) = halves(point);
                Tree::object()
                    .with("kty", "EC")
                    .with("crv", self.curve())
                    .with("x", encoded(x))
                    .with("y", encoded(y))
            }
            Material::Ed25519(x) => {
                Tree::object().with("kty", "OKP").with("crv", "Ed25519").with("x", encoded(x))
            }
        };
        tree.with("use", "sig")
            .maybe("kid", self.kid.as_deref())
            .maybe("alg", self.algorithm.map(Algorithm::name))
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => {
                matches!(self.material, Material::Rsa { .. })
            }
            Algorithm::Es256 => matches!(self.material, Material::P256(_)),
            Algorithm::Es384 => matches!(self.material, Material::P384(_)),
            Algorithm::EdDsa => matches!(self.material, Material::Ed25519(_)),
        };
        kind && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// True when the key made this signature of the message. RSA keys of fewer than 2048 bits make none that counts.
    pub fn signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.fits(algorithm) {
            return false;
        }
        let by = |way: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(way, key).verify(message, signature).is_ok()
        };
        match &self.material {
            Material::Rsa { modulus, exponent } => {
                let way: &RsaParameters = match algorithm {
                    Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(way, message, signature).is_ok()
            }
            Material::P256(point) => by(&ECDSA_P256_SHA256_FIXED, point),
            Material::P384(point) => by(&ECDSA_P384_SHA384_FIXED, point),
            Material::Ed25519(key) => by(&ED25519, key),
        }
    }
}

/// The coordinates of a point.
fn halves(point: &[u8]) -> (&[u8], &[u8]) {
    let both = point.get(1..).unwrap_or_default();
    both.split_at(both.len() / 2)
}
