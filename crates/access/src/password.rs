//! Passwords: what they must be, and Argon2id over them.

use crate::secret;
use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use record::{Kind, Refusal};
use std::sync::{Condvar, Mutex};

/// OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes and one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes at one time: bounds memory and leaves the processors to those who are signed in.
const RUNNING_MAX: usize = 2;
/// Sign-ins that may wait for their turn; more are told to come back.
const WAITING_MAX: usize = 64;

/// NIST SP 800-63B 5.1.1.2: at least eight characters, no rules about their mixture, none that are well
/// known.
pub const LENGTH_MIN: usize = 8;
/// Long enough for any pass phrase.
pub const LENGTH_MAX: usize = 256;
/// Passwords of eight and more characters that attackers try first, in small letters, one a line.
const WELL_KNOWN: &str = include_str!("well_known.txt");

/// Says what is wrong with a password for this account.
pub fn check(password: &str, account: &str) -> Result<(), Refusal> {
    let length = password.chars().count();
    let small = password.to_lowercase();
    let mut letters = small.chars();
    let first = letters.next();
    let text = if length < LENGTH_MIN {
        format!(
            "Use at least {LENGTH_MIN} characters. Three or four words that do not belong together are good."
        )
    } else if length > LENGTH_MAX {
        format!("Use at most {LENGTH_MAX} characters.")
    } else if letters.all(|letter| Some(letter) == first) {
        "Use more than one character.".to_owned()
    } else if WELL_KNOWN.lines().any(|word| word == small) {
        "This password is one that attackers try first. Choose another.".to_owned()
    } else if small == account.to_lowercase() {
        "The password is the account name. Choose another.".to_owned()
    } else {
        return Ok(());
    };
    Err(Refusal::invalid("password", text))
}

/// Makes and compares hashes, a few at a time.
pub struct Hasher {
    argon: Argon2<'static>,
    /// The hash that is compared when there is no account, so that this takes the same time.
    nobody: String,
    queue: Mutex<Queue>,
    free: Condvar,
}

#[derive(Default)]
struct Queue {
    running: usize,
    waiting: usize,
}

impl Hasher {
    pub fn new() -> Result<Hasher, Refusal> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(fault)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon, &secret::new()?)?;
        Ok(Hasher { argon, nobody, queue: Mutex::default(), free: Condvar::new() })
    }

    /// The hash of a password in PHC form, with its salt and parameters.
    pub fn hash(&self, password: &str) -> Result<String, Refusal> {
        let _turn = self.turn()?;
        hash(&self.argon, password)
    }

    /// True when the password is that of the hash. Without a hash it is false after the same work.
    pub fn verify(&self, password: &str, known: Option<&str>) -> Result<bool, Refusal> {
        let _turn = self.turn()?;
        let parsed = PasswordHash::new(known.unwrap_or(&self.nobody)).map_err(fault)?;
        let right = self.argon.verify_password(password.as_bytes(), &parsed).is_ok();
        Ok(right && known.is_some())
    }

    fn turn(&self) -> Result<Turn<'_>, Refusal> {
        let mut queue = crate::held(&self.queue);
        if queue.waiting >= WAITING_MAX {
            return Err(Refusal::new(
                Kind::Busy,
                "Too many people are signing in. Try again in a few seconds.",
            ));
        }
        queue.waiting += 1;
        let mut queue = self
            .free
            .wait_while(queue, |queue| queue.running >= RUNNING_MAX)
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        queue.waiting -= 1;
        queue.running += 1;
        Ok(Turn { hasher: self })
    }
}

struct Turn<'h> {
    hasher: &'h Hasher,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        crate::held(&self.hasher.queue).running -= 1;
        self.hasher.free.notify_one();
    }
}

fn hash(argon: &Argon2<'_>, password: &str) -> Result<String, Refusal> {
    let mut salt = [0; 16];
    secret::random(&mut salt)?;
    let salt = SaltString::encode_b64(&salt).map_err(fault)?;
    Ok(argon.hash_password(password.as_bytes(), &salt).map_err(fault)?.to_string())
}

fn fault(error: impl std::fmt::Display) -> Refusal {
    tracing::error!(%error, "password hash");
    Refusal::new(
        Kind::Fault,
        "The password could not be checked. Nothing was changed. Try again, then tell support.",
    )
}
