//! Marks: laying and lifting them, and the class that each resource has by them.

use super::{Before, Tx};
use crate::engine::{self, Row as Columns, Value};
use crate::keys::{self, Row};
use crate::marks::{self, CUSTODIAN, Marks, OF_CUSTODIAN, Over};
use crate::names::Laid;
use crate::{Kind, Prepared, Refusal, fault};
use fhir::{Json, Limits, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The largest number of a class: its column has two bytes.
const CLASSES_MAX: i64 = i16::MAX as i64;

/// A resource whose class may change.
struct Affected {
    kind: &'static str,
    patient: i64,
    class: i64,
    /// Its index rows, packed.
    rec: Option<Vec<u8>>,
    /// What it bears by itself: its custodian's, and what is laid on it and on its patients.
    own: Marks,
    /// What its versions point at, along which marks pass.
    targets: BTreeSet<i64>,
}

const HEAD: &str = "SELECT type, ver, vid, patient, class, rec FROM head WHERE res = ?1";
const OF_PATIENT: &str = "SELECT res FROM head WHERE patient = ?1 AND ver > 0";
const POINTING: &str = "SELECT res FROM idx WHERE param = ?1 AND value = ?2
     UNION SELECT res FROM idx_past WHERE param = ?1 AND value = ?2";

impl Tx<'_> {
    /// Lays these marks on a resource, in the place of those that were laid on it; none lifts them. What points at it
    /// bears them from now on, too, where marks of their kind pass on. How many resources are now seen by others than
    /// before. Not found when the author does not see the resource.
    pub fn mark(&mut self, kind: &str, id: &str, over: Over, marks: &Marks) -> Result<u64, Refusal> {
        marks::check(marks)?;
        if over == Over::Whole && kind != "Patient" {
            return Err(Refusal::new(
                Kind::Invalid,
                "Only of a patient everything can be marked. Name the Patient.",
            ));
        }
        let number = self.core.names.type_number(kind).unwrap_or(0);
        let before = self.before(kind, id)?.filter(|b| b.ver > 0);
        let seen = before.filter(|b| self.core.sees(&self.lens, number, b.patient, b.class));
        let Some(before) = seen else { return Err(Refusal::not_found(&format!("{kind}/{id}"))) };
        let key = (before.res, over == Over::Whole);
        self.laid.insert(key, marks.clone());
        self.mine.get_mut().marks.insert(key, marks.clone());
        let changed = self.spread(before.res, over)?;
        let over = if over == Over::Whole { "whole" } else { "itself" };
        let listed: Vec<Tree> = marks.iter().map(|mark| Tree::from(mark.as_str())).collect();
        let detail = Tree::object()
            .with("ids", vec![Tree::from(format!("{kind}/{id}"))])
            .with("over", over)
            .with("marks", listed)
            .with("changed", changed as i64);
        let who = self.author.who.clone();
        let audit = self.core.audit(&who, "mark", None, detail.text());
        self.mine.get_mut().audits.push(audit);
        Ok(changed)
    }

    /// The marks that are laid on a resource; on all that concerns it with [`Over::Whole`]. None when the author does
    /// not see it.
    pub fn marks(&self, kind: &str, id: &str, over: Over) -> Result<Marks, Refusal> {
        let number = self.core.names.type_number(kind).unwrap_or(0);
        let before =
            self.before(kind, id)?.filter(|b| self.core.sees(&self.lens, number, b.patient, b.class));
        Ok(before.map(|b| self.laid_on(b.res, over == Over::Whole)).unwrap_or_default())
    }

    /// Gives all their classes that hang on the marks of a resource. How many have another now.
    fn spread(&mut self, res: i64, over: Over) -> Result<u64, Refusal> {
        self.flush()?;
        let mut affected = self.affected(res, over)?;
        let classes = self.settled(&affected)?;
        affected.retain(|res, one| classes[res] != one.class);
        self.rewrite(&affected, &classes)?;
        Ok(affected.len() as u64)
    }

    /// Sees to it that what points at a resource bears what it passes on since it was filed with another class.
    pub(super) fn pass_on(&mut self, before: &Before, class: i64) -> Result<(), Refusal> {
        if before.class == class || self.nothing_laid() {
            return Ok(());
        }
        let (had, has) = (self.marks_of(before.class), self.marks_of(class));
        if marks::passed(&had).ne(marks::passed(&has)) {
            self.spread(before.res, Over::Itself)?;
        }
        Ok(())
    }

    /// What this command has laid, for the commands after it.
    pub(crate) fn take_laid(&mut self) -> Laid {
        std::mem::take(&mut self.laid)
    }

    fn laid_on(&self, res: i64, whole: bool) -> Marks {
        let key = (res, whole);
        let fresh = self.laid.get(&key).or_else(|| self.core.fresh.laid.get(&key));
        fresh.cloned().or_else(|| self.core.names.laid(res, whole)).unwrap_or_default()
    }

    fn nothing_laid(&self) -> bool {
        self.laid.is_empty() && self.core.fresh.laid.is_empty() && self.core.names.none_laid()
    }

    /// The class of a resource that is being filed.
    pub(super) fn class_of(
        &mut self,
        resource: &Prepared,
        res: i64,
        rows: &[Row],
        patient: i64,
        before: Option<&Before>,
    ) -> Result<i64, Refusal> {
        let before = before.filter(|b| b.ver > 0);
        if self.nothing_laid() {
            return match (before, &self.author.custodian) {
                (Some(before), _) => Ok(before.class),
                (None, None) => Ok(0),
                (None, Some(custodian)) => {
                    self.class_number(&Marks::from([format!("{CUSTODIAN}{custodian}")]))
                }
            };
        }
        let had = before.map(|b| self.marks_of(b.class)).unwrap_or_default();
        let custodian = match before {
            Some(_) => custodian_of(&had).map(str::to_owned),
            None => self.author.custodian.clone(),
        };
        let mut bears = self.own(resource.kind, res, patient, custodian.as_deref());
        let passing = self.core.names.passing().clone();
        let along = rows.iter().filter(|row| passing.contains(&row.param));
        let mut targets: BTreeSet<i64> = along.filter_map(|row| keys::local_of(&row.value)).collect();
        match before {
            // What is put right was never of the other patient's record, and does not bear what that bears.
            Some(before) if before.patient != patient => {
                self.flush()?;
                self.earlier_targets(before.vid, &mut targets)?;
            }
            // What an earlier version points at stays in its history.
            _ => bears.extend(marks::passed(&had).cloned()),
        }
        for target in targets.into_iter().filter(|target| *target != res) {
            bears.extend(self.passed_by(target)?);
        }
        self.class_number(&bears)
    }

    /// What a resource bears by itself.
    fn own(&self, kind: &str, res: i64, patient: i64, custodian: Option<&str>) -> Marks {
        let mut laid = self.laid_on(res, false);
        if kind != "Patient" {
            for patient in self.patients_behind(patient) {
                laid.extend(self.laid_on(patient, true));
            }
        }
        let of_custodian = |mark: String| match (mark.ends_with(OF_CUSTODIAN), custodian) {
            (false, _) => Some(mark),
            (true, Some(custodian)) => Some(format!("{mark}{custodian}")),
            (true, None) => None,
        };
        let own = laid.into_iter().filter_map(of_custodian);
        own.chain(custodian.map(|custodian| format!("{CUSTODIAN}{custodian}"))).collect()
    }

    fn patients_behind(&self, key: i64) -> Vec<i64> {
        let fresh = self.core.fresh.several.iter().find(|(_, number)| **number == -key);
        fresh.map_or_else(|| self.core.names.patients_behind(key), |(patients, _)| patients.clone())
    }

    /// The marks that a resource passes on.
    fn passed_by(&self, res: i64) -> Result<Vec<String>, Refusal> {
        let written = self.mine.borrow().heads.get(&res).map(|head| (head.kind, head.class));
        let written = written
            .or_else(|| self.core.pending.borrow().heads.get(&res).map(|head| (head.kind, head.class)));
        let (kind, class) = match written {
            Some(head) => head,
            None => {
                let read = |r: &Columns<'_>| Ok((r.get::<i64>(0)?, r.get::<i64>(1)?));
                let sql = "SELECT type, class FROM head WHERE res = ?1";
                let head = self.core.conn.first(sql, &[res.into()], read);
                head.map_err(|e| fault("read the class of a resource", e))?.unwrap_or_default()
            }
        };
        if class == 0 || !marks::is_passed_by(self.core.names.kind(kind)) {
            return Ok(Vec::new());
        }
        Ok(marks::passed(&self.marks_of(class)).cloned().collect())
    }

    fn marks_of(&self, class: i64) -> Marks {
        let fresh = self.core.fresh.classes.iter().find(|(_, number)| **number == class);
        let fresh = fresh.map(|(text, _)| marks::marks_of(text));
        fresh.or_else(|| self.core.names.marks(class)).unwrap_or_default()
    }

    /// The number of a class, which is given when it has none.
    fn class_number(&mut self, bears: &Marks) -> Result<i64, Refusal> {
        if bears.is_empty() {
            return Ok(0);
        }
        let text = marks::text_of(bears);
        let known = self.core.names.class(&text).or_else(|| self.core.fresh.classes.get(&text).copied());
        if let Some(number) = known {
            return Ok(number);
        }
        let number = self.core.next.class;
        if number > CLASSES_MAX {
            let text =
                "There are too many different sets of marks in this record. Lift some that are not needed.";
            return Err(Refusal::new(Kind::Conflict, text));
        }
        self.core.next.class += 1;
        self.mine.get_mut().classes.push((number, text.clone()));
        self.core.fresh.classes.insert(text, number);
        self.see_fresh();
        Ok(number)
    }

    /// Takes the classes into the author's sight that are not committed yet.
    pub(super) fn see_fresh(&mut self) {
        let Some(held) = &self.author.scope.marks else { return };
        let seen_by = |held: &Marks| {
            let fresh = self.core.fresh.classes.iter();
            let seen =
                fresh.filter(|(text, _)| marks::marks_of(text).iter().all(|mark| marks::holds(held, mark)));
            seen.map(|(_, number)| *number).collect::<Vec<_>>()
        };
        let seen = seen_by(held);
        let opened = self.author.scope.opened.as_ref().map(|opened| seen_by(&(&**held | &opened.marks)));
        if let Some(classes) = &mut self.lens.classes {
            Arc::make_mut(classes).extend(seen);
        }
        if let (Some((_, classes)), Some(opened)) = (&mut self.lens.opened, opened) {
            Arc::make_mut(classes).extend(opened);
        }
    }

    /// All whose class hangs on the marks of a resource: itself or all that concerns it, and whatever points at these,
    /// however far away.
    fn affected(&self, res: i64, over: Over) -> Result<BTreeMap<i64, Affected>, Refusal> {
        let core = &*self.core;
        let mut waiting: Vec<i64> = vec![res];
        if over == Over::Whole {
            let mut keys = vec![res];
            keys.extend(core.names.several_with(&core.conn, res)?);
            for key in keys {
                let rows = core.conn.all(OF_PATIENT, &[key.into()], |r| r.get::<i64>(0));
                waiting.extend(rows.map_err(|e| fault("list what is of a patient", e))?);
            }
        }
        let mut affected = BTreeMap::new();
        while let Some(res) = waiting.pop() {
            if affected.contains_key(&res) {
                continue;
            }
            let Some(one) = self.one(res)? else { continue };
            if marks::is_passed_by(one.kind) {
                let value = keys::local(res);
                for param in core.names.passing() {
                    let rows =
                        core.conn.all(POINTING, &[(*param).into(), (&value).into()], |r| r.get::<i64>(0));
                    waiting.extend(rows.map_err(|e| fault("find what points at a resource", e))?);
                }
            }
            affected.insert(res, one);
        }
        Ok(affected)
    }

    fn one(&self, res: i64) -> Result<Option<Affected>, Refusal> {
        let read = |r: &Columns<'_>| {
            let numbers =
                (r.get::<i64>(0)?, r.get::<i64>(1)?, r.get::<i64>(2)?, r.get::<i64>(3)?, r.get::<i64>(4)?);
            Ok((numbers, r.get::<Option<Vec<u8>>>(5)?))
        };
        let head = self.core.conn.first(HEAD, &[res.into()], read);
        let Some(((kind, ver, vid, patient, class), rec)) = head.map_err(|e| fault("read a resource", e))?
        else {
            return Ok(None);
        };
        if ver == 0 {
            return Ok(None);
        }
        let kind = self.core.names.kind(kind);
        let had = self.marks_of(class);
        let own = self.own(kind, res, patient, custodian_of(&had));
        let mut targets = self.along(keys::unpack(rec.as_deref().unwrap_or_default()));
        if ver > 1 {
            self.earlier_targets(vid, &mut targets)?;
        }
        targets.remove(&res);
        Ok(Some(Affected { kind, patient, class, rec, own, targets }))
    }

    fn along<'r>(&self, rows: impl Iterator<Item = (i64, &'r [u8])>) -> BTreeSet<i64> {
        let passing = self.core.names.passing();
        rows.filter(|(param, _)| passing.contains(param))
            .filter_map(|(_, value)| keys::local_of(value))
            .collect()
    }

    /// What the versions of a resource point at, from the newest back.
    fn earlier_targets(&self, vid: i64, targets: &mut BTreeSet<i64>) -> Result<(), Refusal> {
        let core = &*self.core;
        let mut next = Some(vid);
        while let Some(vid) = next {
            let read = |r: &Columns<'_>| {
                Ok((r.get::<i64>(0)?, r.get::<Option<Vec<u8>>>(1)?, r.get::<Option<i64>>(2)?))
            };
            let sql = "SELECT pack, body, prev FROM version WHERE vid = ?1";
            let (pack, body, prev) =
                core.conn.one(sql, &[vid.into()], read).map_err(|e| fault("read a version", e))?;
            next = prev;
            let Some(body) = body else { continue };
            let text = core.names.unpack(&core.conn, pack, &body)?;
            let json = Json::parse(text.as_str(), Limits::FILE).map_err(|e| fault("read a body", e))?;
            for entry in fhir::search::extract(json.root()) {
                let passes = core.names.passing().contains(&core.names.params()[usize::from(entry.param)]);
                if let fhir::search::SearchValue::Reference(fhir::search::Target::Local(kind, id)) =
                    &entry.value
                    && passes
                    && let Some(before) = self.before(kind, id)?
                {
                    targets.insert(before.res);
                }
            }
        }
        Ok(())
    }

    /// The class of each, from what it bears by itself and what it inherits; along circles nothing stays that no one
    /// of them bears by itself.
    fn settled(&mut self, affected: &BTreeMap<i64, Affected>) -> Result<BTreeMap<i64, i64>, Refusal> {
        let mut bears: BTreeMap<i64, Marks> = BTreeMap::new();
        for (res, one) in affected {
            let mut own = one.own.clone();
            for target in one.targets.iter().filter(|target| !affected.contains_key(target)) {
                own.extend(self.passed_by(*target)?);
            }
            bears.insert(*res, own);
        }
        loop {
            let mut grown = false;
            for (res, one) in affected {
                let inherited = one.targets.iter().filter(|target| {
                    affected.get(target).is_some_and(|target| marks::is_passed_by(target.kind))
                });
                let inherited = inherited.flat_map(|target| marks::passed(&bears[target]).cloned());
                let inherited: Vec<String> = inherited.filter(|mark| !bears[res].contains(mark)).collect();
                grown |= !inherited.is_empty();
                bears.entry(*res).or_default().extend(inherited);
            }
            if !grown {
                break;
            }
        }
        bears.iter().map(|(res, marks)| Ok((*res, self.class_number(marks)?))).collect()
    }

    /// Gives each its class: in its head and in its rows of the index.
    fn rewrite(
        &mut self,
        affected: &BTreeMap<i64, Affected>,
        classes: &BTreeMap<i64, i64>,
    ) -> Result<(), Refusal> {
        let conn = self.conn()?;
        let heads: Vec<Value<'_>> =
            affected.keys().flat_map(|res| [Value::Int(*res), classes[res].into()]).collect();
        let write = |bulk, rows: &[Value<'_>]| conn.bulk(bulk, rows).map_err(|e| fault("give a class", e));
        write(&engine::HEAD_CLASS, &heads)?;
        for (res, one) in affected {
            let rows = keys::unpack(one.rec.as_deref().unwrap_or_default());
            let rows: Vec<Value<'_>> = rows
                .flat_map(|(param, value)| {
                    [param.into(), value.into(), one.patient.into(), Value::Int(*res), classes[res].into()]
                })
                .collect();
            write(&engine::INDEX_CLASS, &rows)?;
        }
        Ok(())
    }
}

fn custodian_of(marks: &Marks) -> Option<&str> {
    marks.iter().find_map(|mark| mark.strip_prefix(CUSTODIAN))
}
