//! The words of texts: taken in behind the log, so that no write waits for them, and read by searches for words.
//!
//! They are candidates only. What a search finds by them is read and asked itself, and versions that are not taken in
//! yet are candidates all of them; so a search is never behind, and a damaged table shows nothing that is not so.

use crate::engine::{self, Row, Value};
use crate::{Author, Refusal, Scope, Store, fault};
use fhir::search::{Where, texts_of};
use fhir::{Json, Limits};
use std::collections::BTreeMap;

/// Versions that are taken in at a time.
const BATCH: i64 = if cfg!(test) { 7 } else { 4_000 };
/// Bytes of a word; longer ones are the same when they begin the same.
const WORD_BYTES: usize = 40;
/// The word that says how far words are taken in.
pub(crate) const END: &[u8] = b"";

const NEXT: &str = "SELECT vid, pack, body FROM guarded_version WHERE vid > ?1 ORDER BY vid LIMIT ?2";
const LAST: &str = "SELECT last FROM guarded_word WHERE word = ?1 ORDER BY last DESC LIMIT 1";
const LAST_WRITTEN: &str = "SELECT last FROM word WHERE word = ?1 ORDER BY last DESC LIMIT 1";

/// A version and its text, if it has one.
type Text = (i64, Option<String>);

/// A word as the table has it.
pub(crate) fn key(word: &str) -> Vec<u8> {
    let cut = (0..=word.len().min(WORD_BYTES)).rev().find(|end| word.is_char_boundary(*end)).unwrap_or(0);
    word.as_bytes()[..cut].to_vec()
}

impl Store {
    /// Takes in the words of the next versions; true when there are more to come. For a job that runs while nothing
    /// else is to be done.
    pub fn take_in_words(&self) -> Result<bool, Refusal> {
        let (from, versions) = self.reader(&Scope::all())?.next_texts()?;
        let Some(last) = versions.last().map(|(vid, _)| *vid) else { return Ok(false) };
        let more = versions.len() as i64 == BATCH;
        let mut words: BTreeMap<Vec<u8>, Vec<i64>> = BTreeMap::new();
        for (vid, text) in versions {
            let Some(json) = text.and_then(|text| Json::parse(text, Limits::FILE).ok()) else { continue };
            for word in texts_of(json.root(), Where::Everywhere).into_iter().flatten() {
                let vids = words.entry(key(&word)).or_default();
                if vids.last() != Some(&vid) {
                    vids.push(vid);
                }
            }
        }
        let mut rows: Vec<(Vec<u8>, Vec<u8>)> =
            words.into_iter().map(|(word, vids)| (word, packed(&vids))).collect();
        rows.push((END.to_vec(), Vec::new()));
        self.write(Author::system("record.words"), move |tx| tx.add_words(from, last, &rows))?;
        Ok(more)
    }

    /// Forgets all words, to take them in anew.
    pub fn forget_words(&self) -> Result<(), Refusal> {
        self.write(Author::system("record.words"), |tx| {
            tx.conn()?.execute("DELETE FROM word", &[]).map(drop).map_err(|e| fault("forget words", e))
        })
    }
}

impl crate::Reader {
    /// How far words are taken in, and the texts of the next versions; nothing for a deletion.
    fn next_texts(&self) -> Result<(i64, Vec<Text>), Refusal> {
        let from = last(self.conn(), LAST)?;
        let read = |r: &Row<'_>| Ok((r.get::<i64>(0)?, r.get::<i64>(1)?, r.get::<Option<Vec<u8>>>(2)?));
        let rows = self.conn().all(NEXT, &[from.into(), BATCH.into()], read);
        let rows = rows.map_err(|e| fault("read the log", e))?;
        let text = |(vid, pack, body): (i64, i64, Option<Vec<u8>>)| {
            Ok((vid, body.map(|body| self.unpacked(pack, &body)).transpose()?))
        };
        Ok((from, rows.into_iter().map(text).collect::<Result<_, Refusal>>()?))
    }
}

impl crate::Tx<'_> {
    /// Does nothing when another node was first.
    fn add_words(&mut self, from: i64, to: i64, rows: &[(Vec<u8>, Vec<u8>)]) -> Result<(), Refusal> {
        let conn = self.conn()?;
        if last(conn, LAST_WRITTEN)? != from {
            return Ok(());
        }
        let values: Vec<Value<'_>> =
            rows.iter().flat_map(|(word, vids)| [word.into(), to.into(), vids.into()]).collect();
        conn.bulk(&engine::WORDS, &values).map_err(|e| fault("take in words", e))
    }
}

fn last(conn: &engine::Conn, sql: &'static str) -> Result<i64, Refusal> {
    let last = conn.first(sql, &[END.into()], |r| r.get(0));
    last.map(|last| last.unwrap_or(0)).map_err(|e| fault("find how far words are taken in", e))
}

/// Numbers in rising order, each as the step from the one before: seven bits a byte, least first.
pub(crate) fn packed(vids: &[i64]) -> Vec<u8> {
    let (mut out, mut before) = (Vec::with_capacity(vids.len() * 2), 0);
    for vid in vids {
        let mut step = (vid - before) as u64;
        while step >= 0x80 {
            out.push(step as u8 | 0x80);
            step >>= 7;
        }
        out.push(step as u8);
        before = *vid;
    }
    out
}

/// The numbers again, as far as they are sound.
pub(crate) fn unpacked(bytes: &[u8]) -> Vec<i64> {
    let (mut out, mut before, mut step, mut shift) = (Vec::new(), 0_i64, 0_i64, 0);
    for byte in bytes {
        if shift > 56 {
            break;
        }
        step |= i64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            before += step;
            out.push(before);
            (step, shift) = (0, 0);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Desk, prepared};
    use crate::{Page, Prepared};
    use fhir::search::{Handling, Query};

    #[test]
    fn packed_numbers_come_back() {
        for vids in [vec![], vec![1], vec![1, 2, 300, 70_000, 1 << 40]] {
            assert_eq!(unpacked(&packed(&vids)), vids);
        }
        unpacked(&[0xFF; 40]);
    }

    #[test]
    fn a_word_is_cut_where_a_letter_ends() {
        assert_eq!(key("abc"), b"abc");
        assert!(key(&"é".repeat(50)).len() == 40 && key(&format!("a{}", "é".repeat(50))).len() == 39);
    }

    fn letter(i: usize, text: &str) -> Prepared {
        prepared(&format!(r#"{{"resourceType":"Basic","id":"b{i}","code":{{"text":"{text}"}}}}"#))
    }

    fn found(store: &Store, words: &str) -> usize {
        let pairs = [("_content".to_owned(), words.to_owned())];
        let query = Query::parse(Some("Basic"), &pairs, Handling::Strict, fhir::Instant(0), "").unwrap();
        let page = Page { count: 50, total: false };
        store.reader(&Scope::all()).unwrap().search(&query, &page).unwrap().matches.len()
    }

    #[test]
    fn what_is_written_is_found_at_once_whether_its_words_are_taken_in_or_not() {
        let desk = Desk::new();
        let put = |i: usize, text: &'static str| {
            let resource = letter(i, text);
            desk.store.write(Author::system("test"), move |tx| tx.put(resource, None)).unwrap();
        };
        // More than are read without an index.
        (0..400).for_each(|i| put(i, if i % 100 == 0 { "rare thing" } else { "plain thing" }));
        while desk.store.take_in_words().unwrap() {}
        assert_eq!(found(&desk.store, "rare"), 4);
        put(1, "rare too");
        put(100, "plain now");
        assert_eq!(found(&desk.store, "rare"), 4);
        assert_eq!(found(&desk.store, "\"rare too\""), 1);
        while desk.store.take_in_words().unwrap() {}
        assert!(!desk.store.take_in_words().unwrap());
        assert_eq!((found(&desk.store, "rare"), found(&desk.store, "rar*")), (4, 4));
        desk.store.forget_words().unwrap();
        let pairs = [("_content".to_owned(), "rare".to_owned())];
        let query = Query::parse(Some("Basic"), &pairs, Handling::Strict, fhir::Instant(0), "").unwrap();
        let page = Page { count: 50, total: false };
        let refused = desk.store.reader(&Scope::all()).unwrap().search(&query, &page).unwrap_err();
        assert!(refused.to_string().contains("narrows the search"), "{refused}");
        while desk.store.take_in_words().unwrap() {}
        assert_eq!(found(&desk.store, "rare"), 4, "taken in anew");
    }

    #[test]
    fn words_of_what_is_hidden_lead_nowhere() {
        let desk = Desk::new();
        let scope = crate::tests::only(&["a"]);
        let search = |kind: &str, name: &str, total: bool| {
            let pairs = [(name.to_owned(), "secret".to_owned())];
            let query = Query::parse(Some(kind), &pairs, Handling::Strict, fhir::Instant(0), "").unwrap();
            let results =
                desk.store.reader(&scope).unwrap().search(&query, &Page { count: 5, total }).unwrap();
            (results.matches.into_iter().map(|body| body.id).collect::<Vec<_>>().join(" "), results.total)
        };
        for patient in ["a", "b"] {
            let who = prepared(&format!(r#"{{"resourceType":"Patient","id":"{patient}"}}"#));
            desk.store.write(Author::system("test"), move |tx| tx.put(who, None)).unwrap();
        }
        for i in 0..30 {
            let patient = if i == 7 { "a" } else { "b" };
            let what = prepared(&format!(
                r#"{{"resourceType":"Condition","id":"c{i}","code":{{"text":"a secret"}},
                    "subject":{{"reference":"Patient/{patient}"}}}}"#
            ));
            desk.store.write(Author::system("test"), move |tx| tx.put(what, None)).unwrap();
        }
        for _ in 0..2 {
            for total in [false, true] {
                assert_eq!(search("Condition", "_content", total), ("c7".to_owned(), Some(1)));
                assert_eq!(search("Patient", "_has:Condition:subject:_content", total).0, "a");
            }
            // Once more with all words taken in.
            while desk.store.take_in_words().unwrap() {}
        }
    }
}
