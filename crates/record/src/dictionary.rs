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
    let number = store.names().dictionaries.next();
    let samples = store.reader(&Scope::all())?.newest_bodies(SAMPLES)?;
    let bytes = zstd::dict::from_samples(&samples, BYTES).map_err(|e| fault("train a dictionary", e))?;
    let added = store.write(Author::system("record.dictionary"), {
        let bytes = bytes.clone();
        move |tx| tx.add_dictionary(number, &bytes)
    })?;
    if added {
        store.names().dictionaries.add(number, &bytes);
    }
    Ok(())
}

impl crate::Tx<'_> {
    /// False when another node was first.
    fn add_dictionary(&mut self, number: i64, bytes: &[u8]) -> Result<bool, Refusal> {
        let conn = self.conn()?;
        let last = conn.one("SELECT coalesce(max(number), 1) FROM dictionary", &[], |r| r.get::<i64>(0));
        if last.map_err(|e| fault("find the last dictionary", e))? >= number {
            self.names().dictionaries.refresh(conn).map_err(|e| fault("read the dictionaries", e))?;
            return Ok(false);
        }
        conn.execute(
            "INSERT INTO dictionary (number, bytes) VALUES (?1, ?2)",
            &[number.into(), bytes.into()],
        )
        .map_err(|e| fault("keep a dictionary", e))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{Desk, place};
    use crate::{Author, Options, Store};

    #[test]
    fn of_two_nodes_that_train_a_dictionary_the_first_gives_it() {
        let desk = Desk::new();
        let other = Store::open(place(&desk.home), Options { durable: false, ..Options::default() }).unwrap();
        let add = |store: &Store| {
            let dictionary = zstd::dict::from_samples(&vec![[7_u8; 64]; 100], 1_024).unwrap_or(vec![7; 64]);
            store
                .write(Author::system("test"), move |tx| tx.add_dictionary(super::FIRST, &dictionary))
                .unwrap()
        };
        assert_eq!((add(&desk.store), add(&other)), (true, false));
        assert!(other.names().dictionaries.knows(super::FIRST));
    }
}
