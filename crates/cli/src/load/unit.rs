//! A piece of a file, filed whole or resource by resource.

use super::{Loader, Refused};
use fhir::{Json, Limits, Value};
use record::Refusal;
use service::interaction::{self, Caller, Done, Item};

/// How a unit's text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One JSON value: a bundle or a resource.
    Whole,
    /// One JSON value a line.
    Lines,
}

/// A piece of a file.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub file: String,
    /// The line it begins at, counted from 1.
    pub line: usize,
    pub form: Form,
    pub text: Vec<u8>,
}

/// What came of a unit.
#[derive(Default)]
pub(super) struct Filed {
    /// Type of each resource that is there now, and whether that is new.
    pub done: Vec<(&'static str, bool)>,
    pub refused: Vec<Refused>,
    /// For each resource that is there though something speaks against it, what.
    pub warned: Vec<String>,
    /// What may be taken later, and why it was not now.
    pub waits: Vec<(Unit, Refused)>,
}

impl Unit {
    /// Files it.
    pub fn file(self, loader: &Loader<'_>) -> Filed {
        let caller = loader.caller();
        match self.form {
            Form::Whole => self.whole(&caller),
            Form::Lines => self.lines(&caller),
        }
    }

    fn refused(&self, position: String, reason: impl ToString) -> Refused {
        Refused { file: self.file.clone(), position, reason: reason.to_string() }
    }

    fn whole(mut self, caller: &Caller<'_>) -> Filed {
        let mut filed = Filed::default();
        let json = match Json::parse(std::mem::take(&mut self.text), Limits::FILE) {
            Ok(json) => json,
            Err(e) => {
                filed.refused.push(self.refused(format!("line {}, column {}", e.line, e.column), &e.reason));
                return filed;
            }
        };
        match take(caller, &json) {
            Ok(done) => self.done(&done, &mut filed),
            Err(refusal) if interaction::waits(&refusal) => {
                let refused = self.refused(String::new(), refusal);
                self.text = json.text().as_bytes().to_vec();
                filed.waits.push((self, refused));
            }
            Err(refusal) => filed.refused.extend(self.each_issue(&refusal)),
        }
        filed
    }

    /// Notes what is there now, and what speaks against it.
    fn done(&self, done: &[Done], filed: &mut Filed) {
        for one in done {
            let Done::Wrote(written, told) = one else { continue };
            filed.done.push((written.kind, written.changed));
            let warnings = told.iter().filter(|issue| issue.severity() == "warning");
            let texts: Vec<String> = warnings.map(|issue| format!("{}: {}", issue.at, issue.text)).collect();
            if !texts.is_empty() {
                let named = format!("{}, {}/{}", self.file, written.kind, written.id);
                filed.warned.push(format!("{named} was taken with warnings: {}", texts.join(" ")));
            }
        }
    }

    /// One line for each place, so that a long bundle's faults can be found one by one.
    fn each_issue(&self, refusal: &Refusal) -> Vec<Refused> {
        refusal.issues.iter().map(|issue| self.refused(issue.at.clone(), &issue.text)).collect()
    }

    /// Single resources share a commit; bundles among them are filed by themselves.
    fn lines(self, caller: &Caller<'_>) -> Filed {
        let mut filed = Filed::default();
        let mut documents = Vec::new();
        for (i, line) in self.text.split(|c| *c == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match Json::parse(line, Limits::FILE) {
                Ok(json) => documents.push((self.line + i, json)),
                Err(e) => {
                    let position = format!("line {}, column {}", self.line + i, e.column);
                    filed.refused.push(self.refused(position, &e.reason));
                }
            }
        }
        let is_bundle = |json: &Json| json.root().str("resourceType").as_deref() == Some("Bundle");
        let (bundles, singles): (Vec<_>, Vec<_>) =
            documents.into_iter().partition(|(_, json)| is_bundle(json));
        let items: Vec<Item<'_>> = singles.iter().map(|(_, json)| single(json)).collect();
        match interaction::load_each(caller, &items) {
            Ok(fates) => {
                for ((line, json), fate) in singles.iter().zip(fates) {
                    self.settle(*line, json, fate.map(|done| vec![done]), &mut filed);
                }
            }
            Err(refusal) => filed.refused.push(self.refused(format!("line {}", self.line), refusal)),
        }
        for (line, json) in &bundles {
            self.settle(*line, json, take(caller, json), &mut filed);
        }
        filed
    }

    fn settle(&self, line: usize, json: &Json, fate: Result<Vec<Done>, Refusal>, filed: &mut Filed) {
        match fate {
            Ok(done) => self.done(&done, filed),
            Err(refusal) => {
                let waits = interaction::waits(&refusal);
                let refused = self.refused(format!("line {line}"), refusal);
                if waits {
                    let text = json.text().as_bytes().to_vec();
                    filed
                        .waits
                        .push((Unit { file: self.file.clone(), line, form: Form::Lines, text }, refused));
                } else {
                    filed.refused.push(refused);
                }
            }
        }
    }
}

fn single(json: &Json) -> Item<'_> {
    Item { resource: json.root(), full_url: None, place: String::new() }
}

/// Files a document whole or not at all. Bundles that only create and replace are filed under the ids they
/// have, so that doing it again changes nothing; others are carried out as transactions.
fn take(caller: &Caller<'_>, json: &Json) -> Result<Vec<Done>, Refusal> {
    let root = json.root();
    if root.str("resourceType").as_deref() != Some("Bundle") {
        return interaction::load_whole(caller, &[single(json)]);
    }
    if root.str("type").as_deref() == Some("transaction") && !root.get("entry").is_some_and(only_files) {
        return interaction::transaction(caller, json, None).map(|outcome| outcome.done);
    }
    interaction::load_whole(caller, &interaction::items(json)?)
}

/// True when each entry only brings a resource: POST, or PUT to its own id, without conditions.
fn only_files(entries: Value<'_>) -> bool {
    entries.items().all(|entry| {
        let Some(resource) = entry.get("resource") else { return false };
        let Some(request) = entry.get("request") else { return true };
        let text = |name: &str| request.str(name).unwrap_or_default();
        let conditional =
            ["ifNoneExist", "ifMatch", "ifNoneMatch"].iter().any(|name| request.get(name).is_some());
        let kind = resource.str("resourceType").unwrap_or_default();
        let own = resource.str("id").map(|id| format!("{kind}/{id}"));
        !conditional
            && (text("method") == "POST" || (text("method") == "PUT" && own.as_deref() == Some(&text("url"))))
    })
}
