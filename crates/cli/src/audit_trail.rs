//! The audit trail: verify, prove, check.

use crate::AuditCommand;
use crate::keep::bar;
use audit::{PublicKey, Trail};
use record::{Kind, Place, Reader, Refusal, Scope};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) fn command(command: &AuditCommand) -> Result<ExitCode, Refusal> {
    match command {
        AuditCommand::Verify { data, witness, key } => verify(data, witness, &keys(key)?),
        AuditCommand::Prove { data, row, patient } => prove(data, *row, patient.as_deref()),
        AuditCommand::Check { file, key } => check(file, &keys(key)?),
    }
}

fn keys(texts: &[String]) -> Result<Vec<PublicKey>, Refusal> {
    let read = |text: &String| {
        let wrong = || {
            Refusal::new(Kind::Invalid, format!("{text:?} is no public key. Copy it from `audit verify`."))
        };
        PublicKey::read(text).ok_or_else(wrong)
    };
    texts.iter().map(read).collect()
}

fn read(path: &Path) -> Result<String, Refusal> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|e| Refusal::new(Kind::NotFound, format!("{} cannot be read: {e}.", path.display())))
}

fn reader(data: &Place) -> Result<Reader, Refusal> {
    crate::open_existing(data)?.reader(&Scope::all())
}

fn verify(data: &Place, witnesses: &[PathBuf], trusted: &[PublicKey]) -> Result<ExitCode, Refusal> {
    let mut witnessed = Vec::new();
    for path in witnesses {
        let heads = audit::heads_in(&read(path)?);
        if heads.is_empty() {
            let text = format!("{} holds no head of an audit trail.", path.display());
            return Err(Refusal::new(Kind::Invalid, text));
        }
        witnessed.extend(heads);
    }
    let reader = reader(data)?;
    let checking = bar("Verifying");
    let checked = audit::check(&reader, &witnessed, trusted, &mut |done, all| {
        checking.set_length(all);
        checking.set_position(done);
    })?;
    checking.finish_and_clear();
    checked.findings.iter().for_each(|finding| println!("{finding}"));
    println!(
        "{} rows, {} heads, {} rows after the last head: {}.",
        checked.rows,
        checked.heads,
        checked.uncovered,
        if checked.findings.is_empty() { "sound" } else { "NOT SOUND" }
    );
    if let Some(head) = audit::last_head(&reader)? {
        println!("Signed by {}", head.key.text());
    }
    Ok(if checked.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn prove(data: &Place, row: Option<u64>, patient: Option<&str>) -> Result<ExitCode, Refusal> {
    let reader = reader(data)?;
    let mut rows: Vec<u64> = row.into_iter().collect();
    if let Some(patient) = patient {
        let about = record::About::Patient(patient.to_owned());
        Trail::each(&reader, &mut |row| {
            if about.meets(row) {
                rows.push(row.seq);
            }
        })?;
        if rows.is_empty() {
            return Err(Refusal::new(
                Kind::NotFound,
                format!("No row of the trail names the patient {patient}."),
            ));
        }
    }
    for row in rows {
        println!("{}", audit::prove(&reader, row)?.text());
    }
    Ok(ExitCode::SUCCESS)
}

fn check(file: &Path, trusted: &[PublicKey]) -> Result<ExitCode, Refusal> {
    let mut proofs = 0;
    for line in read(file)?.lines().filter(|line| !line.trim().is_empty()) {
        let head = audit::check_proof(line)?;
        if !trusted.is_empty() && !trusted.contains(&head.key) {
            let text = format!("Proof {} is signed by {}, which may not sign.", proofs + 1, head.key.text());
            return Err(Refusal::new(Kind::Invalid, text));
        }
        proofs += 1;
    }
    if proofs == 0 {
        return Err(Refusal::new(Kind::Invalid, format!("{} holds no proof.", file.display())));
    }
    println!("{proofs} proofs hold.");
    Ok(ExitCode::SUCCESS)
}
