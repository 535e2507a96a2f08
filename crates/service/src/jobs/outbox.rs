//! Lines of NDJSON on their way to files: collected by type, written when there are enough.

use super::job::Purpose;
use super::run::Run;
use fhir::resource::{Subset, subset};
use fhir::{Json, Limits, Tree};
use record::{Body, Refusal};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

#[derive(Default)]
struct Lines {
    text: String,
    count: u64,
}

impl Lines {
    fn end_line(&mut self) {
        self.text.push('\n');
        self.count += 1;
    }
}

/// What waits to be written.
pub(super) struct Outbox<'e> {
    elements: &'e [String],
    found: BTreeMap<&'static str, Lines>,
    deleted: Lines,
}

impl Outbox<'_> {
    /// Only these elements of resources are taken; all when there are none.
    pub fn new(elements: &[String]) -> Outbox<'_> {
        Outbox { elements, found: BTreeMap::new(), deleted: Lines::default() }
    }

    /// A resource that goes out.
    pub fn add(&mut self, body: &Body) {
        let mine = self.elements.iter().filter_map(|name| match name.split_once('.') {
            Some((kind, name)) => (kind == body.kind).then(|| name.to_owned()),
            None => Some(name.clone()),
        });
        let elements: Vec<String> = mine.collect();
        let lines = self.found.entry(body.kind).or_default();
        let json = (!elements.is_empty()).then(|| Json::parse(body.text.as_str(), Limits::FILE));
        match json {
            Some(Ok(json)) => subset(json.root(), Subset::Elements(&elements), &mut lines.text),
            // The record's own text is sound; if it is not, its reader is to see that.
            Some(Err(_)) | None => lines.text.push_str(&body.text),
        }
        lines.end_line();
    }

    /// A resource that was deleted, as the entry of a transaction that deletes it (Bulk Data Access IG 2.0,
    /// "deleted").
    pub fn add_deleted(&mut self, body: &Body) {
        let url = format!("{}/{}", body.kind, body.id);
        let request = Tree::object().with("method", "DELETE").with("url", url);
        let entry = vec![Tree::object().with("request", request)];
        Tree::resource("Bundle")
            .with("type", "transaction")
            .with("entry", entry)
            .write(&mut self.deleted.text);
        self.deleted.end_line();
    }

    fn bytes(&self) -> usize {
        self.found.values().map(|lines| lines.text.len()).sum::<usize>() + self.deleted.text.len()
    }

    /// Writes the files if that is worth while.
    pub fn flush_if_due(&mut self, run: &mut Run<'_>) -> Result<(), Refusal> {
        if self.bytes() >= run.pace.file_bytes { self.flush(run) } else { Ok(()) }
    }

    /// Writes the files, has them on the audit trail, and then lets the job have them.
    pub fn flush(&mut self, run: &mut Run<'_>) -> Result<(), Refusal> {
        let session = run.session()?;
        let found = std::mem::take(&mut self.found).into_iter();
        let found = found.map(|(kind, lines)| (Purpose::Output, kind, lines));
        let deleted = (Purpose::Deleted, "Bundle", std::mem::take(&mut self.deleted));
        for (purpose, kind, lines) in found.chain([deleted]).filter(|(_, _, lines)| lines.count > 0) {
            run.put(purpose, kind, lines.count, lines.text.as_bytes())?;
            let digest = crate::once::hex(&Sha256::digest(lines.text.as_bytes()));
            // With the instant and the scope the log can make the file again: its digest says that it is the same.
            let detail = Tree::object()
                .with("job", run.job.id.as_str())
                .with("list", purpose.list())
                .with("kind", kind)
                .with("count", lines.count as i64)
                .with("as-at", run.job.at.to_string())
                .with("sha256", digest);
            run.access.store().audit(session.act("export", detail)).wait()?;
        }
        let count: u64 = run.job.files.iter().map(|file| file.count).sum();
        run.job.progress = format!("{count} resources in {} files", run.job.files.len());
        run.save()
    }
}
