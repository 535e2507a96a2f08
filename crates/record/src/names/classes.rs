//! Access classes: sets of marks, each with a number; and the marks that were laid.

use crate::engine::{Conn, Result, Row};
use crate::marks::{Marks, holds, marks_of};
use std::collections::{HashMap, HashSet};

/// Classes that are committed. Class 0, which bears no mark, is not among them.
#[derive(Default)]
pub(super) struct Classes {
    numbers: HashMap<String, i64>,
    marks: HashMap<i64, Marks>,
    known: i64,
}

/// Marks that were laid, by resource and whether on all that concerns it.
pub(crate) type Laid = HashMap<(i64, bool), Marks>;

impl Classes {
    pub fn read(conn: &Conn) -> Result<Classes> {
        let mut classes = Classes::default();
        classes.refresh(conn)?;
        Ok(classes)
    }

    /// All numbers up to this one are here.
    pub fn known(&self) -> i64 {
        self.known
    }

    pub fn number(&self, text: &str) -> Option<i64> {
        self.numbers.get(text).copied()
    }

    pub fn marks(&self, number: i64) -> Option<&Marks> {
        self.marks.get(&number)
    }

    /// Takes in what has been added to the table.
    pub fn refresh(&mut self, conn: &Conn) -> Result<()> {
        for (number, text) in newer(conn, self.known)? {
            self.add(number, text);
        }
        Ok(())
    }

    pub fn add(&mut self, number: i64, text: String) {
        self.marks.insert(number, marks_of(&text));
        self.numbers.insert(text, number);
        while self.marks.contains_key(&(self.known + 1)) {
            self.known += 1;
        }
    }

    /// The classes whose marks are all held; class 0 is always among them.
    pub fn seen_by(&self, held: &Marks) -> HashSet<i64> {
        let seen = self.marks.iter().filter(|(_, marks)| marks.iter().all(|mark| holds(held, mark)));
        seen.map(|(number, _)| *number).chain([0]).collect()
    }
}

/// Classes with greater numbers.
pub(super) fn newer(conn: &Conn, known: i64) -> Result<Vec<(i64, String)>> {
    let read = |r: &Row<'_>| Ok((r.get(0)?, r.get(1)?));
    conn.all("SELECT number, marks FROM class WHERE number > ?1 ORDER BY number", &[known.into()], read)
}

/// All marks that were laid.
pub(super) fn laid(conn: &Conn) -> Result<Laid> {
    let read = |r: &Row<'_>| Ok(((r.get(0)?, r.get::<i64>(1)? != 0), marks_of(r.get(2)?)));
    Ok(conn.all("SELECT res, whole, marks FROM mark", &[], read)?.into_iter().collect())
}
