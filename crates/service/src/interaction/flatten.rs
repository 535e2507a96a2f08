//! A view run over all resources of its type: read by one thread, flattened and encoded by several, written by one,
//! in the order of the record, with few batches in memory at a time.

use super::Caller;
use access::Permission;
use record::{Batch, Instant, Kind, Reader, Refusal};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use view::write::{Output, Part};
use view::{Format, View};

/// Batches that wait for each thread, and parts that wait to be written.
const QUEUE: usize = 2;

/// A view of the record that its caller may have, as yet unread.
pub struct Flattening {
    reader: Reader,
}

/// How it is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// The format.
    pub format: Format,
    /// Rows at most.
    pub rows: Option<u64>,
    /// Threads that flatten.
    pub threads: usize,
}

/// How far it has come.
#[derive(Debug, Default)]
pub struct Flattened {
    /// Resources looked at.
    pub resources: AtomicU64,
    /// Rows written.
    pub rows: AtomicU64,
}

/// Opens the record for a view, as it is or was: by someone who may take many people's data out at once, within their
/// scope. That they do goes on the audit trail, with the state that they are shown; so it is known what they saw.
pub fn flatten(caller: &Caller<'_>, view: &View, at: Option<Instant>) -> Result<Flattening, Refusal> {
    let what =
        format!("ViewDefinition/$run of {} {}", view.resource(), view.name.as_deref().unwrap_or_default());
    let opened = caller.session.needs(Permission::Bulk).and_then(|()| {
        caller.may_look(Some(view.resource()), access::grant::Interaction::Search)?;
        match at {
            Some(at) => caller.access.store().reader_at(&caller.session.scope, at),
            None => caller.reader(),
        }
    });
    match opened {
        Ok(reader) => {
            caller.takes("view", &what, reader.txn());
            Ok(Flattening { reader })
        }
        Err(refusal) => Err(caller.refused("view", &what, refusal)),
    }
}

impl Flattening {
    /// Writes the rows of the view. What has been written when it fails is no whole answer.
    pub fn write<W: Write + Send>(
        &self,
        view: &View,
        wanted: Wanted,
        sink: W,
        told: &Flattened,
    ) -> Result<(), Refusal> {
        let mut output = Output::new(view, wanted.format, sink).map_err(unwritten)?;
        // Which rows are the first is known only where one thread makes all.
        let threads = if wanted.rows.is_some() { 1 } else { wanted.threads.max(1) };
        std::thread::scope(|scope| {
            let (mut batches, mut parts) = (Vec::new(), Vec::new());
            for _ in 0..threads {
                let (batch_in, batch_out) = sync_channel::<Batch>(QUEUE);
                let (part_in, part_out) = sync_channel(QUEUE);
                batches.push(batch_in);
                parts.push(part_out);
                scope.spawn(move || encode(view, wanted, &batch_out, &part_in));
            }
            let output = &mut output;
            let writing = scope.spawn(move || write(&parts, output, told));
            let read = self.read(view, &batches);
            drop(batches);
            let written = writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            written.and(read)
        })?;
        output.finish().map_err(unwritten)?;
        Ok(())
    }

    /// Gives each thread a batch in turn, until there is none or nobody takes it.
    fn read(&self, view: &View, batches: &[SyncSender<Batch>]) -> Result<(), Refusal> {
        let mut walk = self.reader.walk(view.resource());
        for thread in batches.iter().cycle() {
            let Some(batch) = walk.next()? else { return Ok(()) };
            if thread.send(batch).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Encoded rows, how many they are, and of how many resources.
struct Encoded {
    part: Part,
    rows: u64,
    resources: u64,
}

/// Flattens batch after batch, until there is none, nobody takes the rows, or there are as many as are wanted.
fn encode(
    view: &View,
    wanted: Wanted,
    batches: &Receiver<Batch>,
    parts: &SyncSender<Result<Encoded, Refusal>>,
) {
    let mut left = wanted.rows.unwrap_or(u64::MAX);
    while left > 0
        && let Ok(batch) = batches.recv()
    {
        let encoded = encoded(view, wanted.format, &batch, left);
        let failed = encoded.is_err();
        left -= encoded.as_ref().map_or(0, |encoded| encoded.rows);
        if parts.send(encoded).is_err() || failed {
            return;
        }
    }
}

fn encoded(view: &View, format: Format, batch: &Batch, left: u64) -> Result<Encoded, Refusal> {
    let mut documents = Vec::with_capacity(batch.len());
    for text in batch.texts() {
        documents.push(fhir::Json::parse(text?, fhir::Limits::FILE).map_err(|e| {
            let text =
                format!("A resource of the record cannot be read: {e}. `carespine verify` tells more.");
            Refusal::new(Kind::Fault, text)
        })?);
    }
    let mut rows = view.rows();
    for document in &documents {
        view.run(document.root(), &mut rows)?;
    }
    rows.truncate(usize::try_from(left).unwrap_or(usize::MAX));
    let part = view.encode(format, &rows)?;
    Ok(Encoded { part, rows: rows.len() as u64, resources: batch.len() as u64 })
}

/// Writes a part of each thread in turn. The first thread that gives none has come to the end, and so have all.
fn write<W: Write + Send>(
    parts: &[Receiver<Result<Encoded, Refusal>>],
    output: &mut Output<W>,
    told: &Flattened,
) -> Result<(), Refusal> {
    for thread in parts.iter().cycle() {
        let Ok(encoded) = thread.recv() else { return Ok(()) };
        let Encoded { part, rows, resources } = encoded?;
        output.write(part).map_err(unwritten)?;
        told.resources.fetch_add(resources, Relaxed);
        told.rows.fetch_add(rows, Relaxed);
    }
    Ok(())
}

fn unwritten(error: io::Error) -> Refusal {
    Refusal::new(
        Kind::Busy,
        format!("The rows could not be written: {error}. Make room, or write elsewhere."),
    )
}
