//! Links to files of jobs, signed: nobody makes one up, and each ends when its file does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use record::{Author, Instant, Kind, Refusal, Store};
use sha2::Sha256;

const SPACE: &str = "key";
const KEY: &str = "jobs";

/// The key that the links of a store are signed with.
pub(super) struct Seal([u8; 32]);

impl Seal {
    /// The store's key, made when there is none.
    pub fn of(store: &Store) -> Result<Seal, Refusal> {
        let kept = match store.kept(SPACE, KEY)? {
            Some(kept) => kept,
            None => {
                let mut fresh = [0; 32];
                getrandom::fill(&mut fresh).map_err(|_| {
                    Refusal::new(Kind::Fault, "The machine has no random numbers to give. Tell support.")
                })?;
                store.write(Author::system("jobs.key"), move |tx| {
                    if let Some(kept) = tx.kept(SPACE, KEY)? {
                        return Ok(kept);
                    }
                    tx.keep(SPACE, KEY, &fresh, None)?;
                    Ok(fresh.to_vec())
                })?
            }
        };
        let key = kept.try_into();
        key.map(Seal).map_err(|_| Refusal::new(Kind::Fault, "The key of links cannot be read. Tell support."))
    }

    fn mac(&self, job: &str, name: &str, until: Instant) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{job}\n{name}\n{}", until.0).as_bytes());
        mac
    }

    /// The query of a link to a file that may be fetched until then.
    pub fn query(&self, job: &str, name: &str, until: Instant) -> String {
        let signature = URL_SAFE_NO_PAD.encode(self.mac(job, name, until).finalize().into_bytes());
        format!("expires={}&signature={signature}", until.0)
    }

    /// Whether a link is one of ours, and still stands.
    pub fn holds(&self, job: &str, name: &str, expires: &str, signature: &str, now: Instant) -> bool {
        let (Ok(until), Ok(bytes)) = (expires.parse().map(Instant), URL_SAFE_NO_PAD.decode(signature)) else {
            return false;
        };
        self.mac(job, name, until).verify_slice(&bytes).is_ok() && now < until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_for_its_file_and_its_time_only() {
        let seal = Seal([7; 32]);
        let query = seal.query("j", "a", Instant(10));
        let signature = query.split_once("signature=").unwrap().1;
        let holds = |job, name, expires, signature: &str, now| {
            seal.holds(job, name, expires, signature, Instant(now))
        };
        assert!(holds("j", "a", "10", signature, 9));
        assert!(!holds("j", "a", "10", signature, 10), "run out");
        assert!(!holds("j", "a", "11", signature, 9), "longer than given");
        assert!(!holds("j", "b", "10", signature, 9), "another file");
        assert!(!holds("k", "a", "10", signature, 9), "another job");
        assert!(!holds("j", "a", "10", "", 9));
        assert!(!holds("j", "a", "x", signature, 9));
        assert!(!Seal([8; 32]).holds("j", "a", "10", signature, Instant(9)), "another store");
    }
}
