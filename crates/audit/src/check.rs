//! Checking the trail against its heads, and proving single rows.

use crate::head::{Head, PublicKey};
use crate::keeper::{heads_after, last_head, newest};
use crate::trail::{self, Salt, Trail, content};
use crate::tree::{self, Edge, Hash};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fhir::{Json, Limits, Tree};
use record::{AuditRow, Instant, Kind, Reader, Refusal};

/// What was checked and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows of the trail.
    pub rows: u64,
    /// Heads of the record's own, and of witnesses.
    pub heads: usize,
    /// Rows after the last head: these are covered by the hash chain only.
    pub uncovered: u64,
    /// What is wrong, in sentences.
    pub findings: Vec<String>,
}

/// Checks every row against the heads that the record keeps and those that `witnessed` has. `trusted` are the keys
/// that may have signed; none for any. `progress` is told rows done and rows in all.
pub fn check(
    reader: &Reader,
    witnessed: &[Head],
    trusted: &[PublicKey],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Checked, Refusal> {
    let rows = newest(reader)?;
    let mut heads: Vec<(Head, &str)> =
        heads_after(reader, 0)?.into_iter().map(|head| (head, "The record's")).collect();
    heads.extend(witnessed.iter().map(|head| (head.clone(), "The witness's")));
    heads.sort_by_key(|(head, _)| head.size);
    let mut checked = Checked { rows, heads: heads.len(), ..Checked::default() };
    checked.uncovered = rows - heads.last().map_or(0, |(head, _)| head.size.min(rows));
    for (head, whose) in &heads {
        checked.findings.extend(
            wrong_in_itself(reader, head, trusted, rows)?
                .map(|what| format!("{whose} head over {} rows of {}: {what}", head.size, head.at)),
        );
    }
    let Some(salt) = Salt::read(reader)? else {
        if !heads.is_empty() {
            checked.findings.push("The secret of the tree is gone: no head can be checked.".into());
        }
        return Ok(checked);
    };
    let (mut edge, mut heads) = (Edge::default(), heads.iter().peekable());
    trail::each_row(reader, 0, rows, &mut |row| {
        edge.push(salt.leaf(row));
        if row.seq != edge.size() {
            checked.findings.push(format!("Row {} stands where row {} belongs.", row.seq, edge.size()));
        }
        while let Some((head, whose)) = heads.next_if(|(head, _)| head.size <= edge.size()) {
            if edge.root() != head.root {
                let (size, at) = (head.size, head.at);
                checked.findings.push(format!(
                    "{whose} head over {size} rows of {at} does not fit: one of these rows was changed, put in or \
                     taken out."
                ));
            }
        }
        if row.seq % 4_096 == 0 {
            progress(row.seq, rows);
        }
        Ok(())
    })?;
    Ok(checked)
}

/// What is wrong with a head whatever the rows are.
fn wrong_in_itself(
    reader: &Reader,
    head: &Head,
    trusted: &[PublicKey],
    rows: u64,
) -> Result<Option<String>, Refusal> {
    let (number, link) = head.commit;
    Ok(if !head.is_signed() {
        Some("its signature does not fit".into())
    } else if !trusted.is_empty() && !trusted.contains(&head.key) {
        Some(format!("the key {} is not among those that may sign", head.key.text()))
    } else if head.size > rows {
        Some(format!("the trail has only {rows} rows: its end was cut off"))
    } else if number > 0 && reader.commit_link(number)? != Some(link) {
        Some(format!("commit {number} is not the one that was there then: the log was rewritten or cut"))
    } else {
        None
    })
}

/// The proof that a row is on the trail under its newest head, as JSON that can be checked without the record:
/// [`check_proof`]. Not found when there is no such row; a conflict when no head covers it yet.
pub fn prove(reader: &Reader, seq: u64) -> Result<Tree, Refusal> {
    let row = reader.audit_after(seq.saturating_sub(1), 1)?.into_iter().find(|row| row.seq == seq);
    let row = row.ok_or_else(|| Refusal::not_found(&format!("Row {seq} of the audit trail")))?;
    let (head, salt) = match (last_head(reader)?, Salt::read(reader)?) {
        (Some(head), Some(salt)) if head.size >= seq => (head, salt),
        _ => {
            let text = format!("No signed head covers row {seq} yet. One is made each minute while serving.");
            return Err(Refusal::new(Kind::Conflict, text));
        }
    };
    let own = salt.of(seq);
    let path = tree::inclusion(&mut Trail::of(reader, salt), seq - 1, head.size)?;
    let path: Vec<Tree> = path.iter().map(|hash| Tree::from(STANDARD.encode(hash))).collect();
    Ok(Tree::object()
        .with("seq", row.seq as i64)
        .with("at", row.at.to_string())
        .with("who", row.who.as_str())
        .with("action", row.action.as_str())
        .maybe("commit", row.txn.map(|txn| txn as i64))
        .with("detail", row.detail.as_str())
        .with("salt", STANDARD.encode(own))
        .with("path", path)
        .with("head", head.line()))
}

/// The head that a proof leads to, when it does and is signed.
pub fn check_proof(text: &str) -> Result<Head, Refusal> {
    let wrong = |what: &str| Refusal::new(Kind::Invalid, format!("This is no proof: {what}."));
    let json = Json::parse(text, Limits::DOOR).map_err(|_| wrong("it is not JSON"))?;
    let root = json.root();
    let text = |name: &str| {
        root.str(name).map(|t| t.into_owned()).ok_or_else(|| wrong(&format!("{name} is missing")))
    };
    let number = |name: &str| root.get(name).and_then(|v| v.as_number()?.parse::<u64>().ok());
    let row = AuditRow {
        seq: number("seq").ok_or_else(|| wrong("seq is missing"))?,
        at: Instant::parse(&text("at")?).ok_or_else(|| wrong("at is no instant"))?,
        who: text("who")?,
        action: text("action")?,
        txn: number("commit"),
        detail: text("detail")?,
    };
    let salt = STANDARD.decode(text("salt")?).map_err(|_| wrong("salt is not base64"))?;
    let head = Head::read(&text("head")?).ok_or_else(|| wrong("its head cannot be read"))?;
    let path = root.get("path").into_iter().flat_map(|list| list.items());
    let path = path.map(|hash| Hash::try_from(STANDARD.decode(hash.as_str()?.as_bytes()).ok()?).ok());
    let path: Vec<Hash> = path.collect::<Option<_>>().ok_or_else(|| wrong("its path is not hashes"))?;
    let leaf = tree::leaf(&content(&row, &salt));
    if tree::root_by_inclusion(leaf, row.seq.wrapping_sub(1), head.size, &path) != Some(head.root) {
        return Err(wrong("the row does not lead to the head"));
    }
    if !head.is_signed() {
        return Err(wrong("the head's signature does not fit"));
    }
    Ok(head)
}
