//! What was done, by whom: durable before its effect can be seen.

use crate::Refusal;
use fhir::Instant;

/// One act to put on the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Account, client or system name.
    pub who: String,
    /// `read`, `search`, `history`, `sign-in`, `sign-in-failed`, `refused`, `export` ...
    pub action: &'static str,
    /// What it was about, as a JSON object in text: ids and versions that went out, the query, the count,
    /// the outcome, the request id. Never clinical content.
    pub detail: String,
}

/// A promise that an act is, or will in a moment be, on disk.
pub struct Ticket(pub(crate) tokio::sync::oneshot::Receiver<Result<(), Refusal>>);

impl Ticket {
    /// Waits until the act is on disk. For callers that may block.
    pub fn wait(self) -> Result<(), Refusal> {
        self.0.blocking_recv().unwrap_or_else(|e| Err(crate::fault("wait for audit", e)))
    }

    /// The same for callers that may not block.
    pub async fn durable(self) -> Result<(), Refusal> {
        self.0.await.unwrap_or_else(|e| Err(crate::fault("wait for audit", e)))
    }
}

/// One row of the audit trail as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Position, without gaps.
    pub seq: u64,
    /// When.
    pub at: Instant,
    /// Who.
    pub who: String,
    /// What.
    pub action: String,
    /// The commit it describes, for writes.
    pub txn: Option<u64>,
    /// The detail of [`Act`].
    pub detail: String,
}
