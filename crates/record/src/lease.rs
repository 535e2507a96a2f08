//! Leases: one of several nodes does a job, until it says so no more.
//!
//! A lease has a number that grows with each change of hands. A job names it in every transaction it makes
//! ([`Tx::fence`]), so that one which was stalled and has lost its lease meanwhile can do nothing any more.

use crate::{Instant, Kind, Refusal, Tx};

const SPACE: &str = "lease";

/// A job's lease, as it is kept.
struct Lease {
    number: u64,
    until: i64,
    holder: String,
}

impl Lease {
    fn read(kept: &[u8]) -> Option<Lease> {
        let text = std::str::from_utf8(kept).ok()?;
        let mut parts = text.splitn(3, ' ');
        let (number, until) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Lease { number, until, holder: parts.next()?.to_owned() })
    }
}

impl Tx<'_> {
    /// Takes the lease of a job for `holder`, or holds it longer: until so many milliseconds from now. Its number;
    /// nothing when another has it. A lease that has run out can be taken by anyone.
    pub fn lease(&mut self, job: &str, holder: &str, milliseconds: i64) -> Result<Option<u64>, Refusal> {
        let before = self.kept(SPACE, job)?.and_then(|kept| Lease::read(&kept));
        let now = self.now().0;
        let number = match &before {
            Some(lease) if lease.holder == holder && lease.until >= now => lease.number,
            Some(lease) if lease.until >= now => return Ok(None),
            Some(lease) => lease.number + 1,
            None => 1,
        };
        let text = format!("{number} {} {holder}", now + milliseconds);
        self.keep(SPACE, job, text.as_bytes(), None)?;
        Ok(Some(number))
    }

    /// Gives the lease of a job back, so that another can take it at once.
    pub fn end_lease(&mut self, job: &str, number: u64) -> Result<(), Refusal> {
        self.fence(job, number)?;
        let text = format!("{number} {} -", Instant(i64::MIN).0);
        self.keep(SPACE, job, text.as_bytes(), None)
    }

    /// Forgets the lease of a job that is done for good and never comes again.
    pub fn close_lease(&mut self, job: &str, number: u64) -> Result<(), Refusal> {
        self.fence(job, number)?;
        self.forget(SPACE, job)
    }

    /// Refuses to go on for a job whose lease has this number no more.
    pub fn fence(&self, job: &str, number: u64) -> Result<(), Refusal> {
        let lease = self.kept(SPACE, job)?.and_then(|kept| Lease::read(&kept));
        if lease.is_some_and(|lease| lease.number == number && lease.until >= self.now().0) {
            return Ok(());
        }
        let text = format!("The job {job} is done elsewhere by now. Nothing was changed.");
        Err(Refusal::new(Kind::Conflict, text))
    }
}
