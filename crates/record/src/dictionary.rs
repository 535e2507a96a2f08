//! The compression dictionary: FHIR bodies of one store look much alike, and a dictionary trained on some of
//! them makes the others three to five times smaller than compression alone.

use crate::{Author, Refusal, Scope, Store, fault};

/// Number of the first dictionary.
pub(crate) const FIRST: i64 = 2;
/// Bodies that are looked at; training waits for so many.
pub(crate) const SAMPLES: usize = 2_000;
/// Size of the dictionary.
const BYTES: usize = 64 << 10;

/// Trains a dictionary on the newest bodies and puts it to use.
pub(crate) fn train(store: &Store) -> Result<(), Refusal> {
    let samples = store.reader(&Scope::all())?.newest_bodies(SAMPLES)?;
    let bytes = zstd::dict::from_samples(&samples, BYTES).map_err(|e| fault("train a dictionary", e))?;
    let number = store.write(Author::system("record.dictionary"), {
        let bytes = bytes.clone();
        move |tx| tx.add_dictionary(&bytes)
    })?;
    store.names().dictionaries.add(number, &bytes);
    Ok(())
}

impl crate::Tx<'_> {
    fn add_dictionary(&mut self, bytes: &[u8]) -> Result<i64, Refusal> {
        let number = self.names().dictionaries.next();
        self.conn()?
            .execute("INSERT INTO dictionary (number, bytes) VALUES (?1, ?2)", &[number.into(), bytes.into()])
            .map_err(|e| fault("keep a dictionary", e))?;
        Ok(number)
    }
}
