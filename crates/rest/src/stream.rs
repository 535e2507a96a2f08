//! A body that is made while it is sent, so that it need not fit in memory.

use axum::body::{Body, Bytes};
use http_body::Frame;
use record::{Kind, Refusal};
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// Bytes that are sent at once.
const CHUNK: usize = 64 << 10;
/// Chunks that wait for the client.
const CHUNKS: usize = 8;
/// How long a client may take nothing. Then it is let go, since it holds a snapshot of the record.
const STALL: Duration = Duration::from_secs(60);

type Job = Box<dyn FnOnce(&mut (dyn Write + Send)) -> Result<(), Refusal> + Send>;

/// What will write the body, once.
#[derive(Clone)]
pub(crate) struct Stream(Arc<Mutex<Option<Job>>>);

impl Stream {
    pub fn new(job: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), Refusal> + Send + 'static) -> Stream {
        Stream(Arc::new(Mutex::new(Some(Box::new(job)))))
    }

    /// Writes the body.
    pub fn run(&self, sink: &mut (dyn Write + Send)) -> Result<(), Refusal> {
        let job = self.0.lock().ok().and_then(|mut job| job.take());
        let job = job.ok_or_else(|| Refusal::new(Kind::Fault, "The answer has been written already."))?;
        job(sink)
    }

    /// The body as it goes out. It is made on a thread that may wait, when `turn` has waited for its turn, and
    /// breaks off where it cannot be made whole.
    pub fn body<T>(self, turn: impl FnOnce(&Handle) -> T + Send + 'static) -> Body {
        let (sender, receiver) = mpsc::channel(CHUNKS);
        let handle = Handle::current();
        tokio::task::spawn_blocking(move || {
            let _turn = turn(&handle);
            let mut sink = BufWriter::with_capacity(CHUNK, Sink { handle, sender: sender.clone() });
            let made = self.run(&mut sink).map_err(|refusal| refusal.to_string());
            match made.and_then(|()| sink.flush().map_err(|e| e.to_string())) {
                // Who has gone away needs no end.
                Ok(()) => drop(sender.blocking_send(Piece::End)),
                Err(error) => tracing::warn!(error, "a body broke off"),
            }
        });
        Body::new(Pieces { receiver, ended: false })
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl PartialEq for Stream {
    fn eq(&self, other: &Stream) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Stream {}

enum Piece {
    Bytes(Bytes),
    End,
}

struct Sink {
    handle: Handle,
    sender: mpsc::Sender<Piece>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.sender.send(Piece::Bytes(Bytes::copy_from_slice(bytes)));
        match self.handle.block_on(async { tokio::time::timeout(STALL, sent).await }) {
            Ok(Ok(())) => Ok(bytes.len()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone away")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Pieces {
    receiver: mpsc::Receiver<Piece>,
    ended: bool,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.receiver.poll_recv(context).map(|piece| match piece {
            Some(Piece::Bytes(bytes)) => Some(Ok(Frame::data(bytes))),
            Some(Piece::End) => {
                self.ended = true;
                None
            }
            // Whoever made it is gone without an end: so it must not look whole.
            None => {
                self.ended = true;
                Some(Err(io::Error::other("the body could not be made whole")))
            }
        })
    }
}
