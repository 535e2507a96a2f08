//! Random secrets, of which only a hash is kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use record::{Kind, Refusal};
use sha2::{Digest, Sha256};

/// SHA-256 of a secret. Fast hashing is enough here: the secret is 256 random bits, not a word that can be
/// tried.
pub type Hash = [u8; 32];

/// Characters of a public name: 72 bits.
const NAME_LENGTH: usize = 12;

/// A new secret of 256 random bits, fit for cookies and headers.
pub fn new() -> Result<String, Refusal> {
    let mut bytes = [0; 32];
    random(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Fills with random bytes of the operating system.
pub fn random(bytes: &mut [u8]) -> Result<(), Refusal> {
    getrandom::fill(bytes).map_err(|error| {
        tracing::error!(%error, "no random bytes");
        Refusal::new(
            Kind::Fault,
            "The machine has no random numbers to give. Nothing was changed. Tell support.",
        )
    })
}

/// The hash of a secret.
pub fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// A hash as the key of a kept fact.
pub fn key(hash: &Hash) -> String {
    URL_SAFE_NO_PAD.encode(hash)
}

/// A public name of the holder of a secret: enough of the hash to tell sessions apart, useless for signing
/// in.
pub fn name(hash: &Hash) -> String {
    name_of_key(&key(hash))
}

/// The same from the key of a kept fact.
pub fn name_of_key(key: &str) -> String {
    key.chars().take(NAME_LENGTH).collect()
}

/// A second secret that can be made from the first again and says nothing about it.
pub fn derived(purpose: &str, secret: &str) -> String {
    let digest = Sha256::new().chain_update(purpose).chain_update([0]).chain_update(secret).finalize();
    URL_SAFE_NO_PAD.encode(digest)
}
