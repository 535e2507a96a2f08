//! Copying a store while it is in use.

use crate::sqlite::FILE;
use crate::{Kind, Refusal, blob, fault};
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::path::Path;

/// Pages copied between two reports of progress: 8 MiB.
const STEP_PAGES: i32 = 2_048;

/// Copies the database in `folder` and the files beside it into the new folder `to`.
pub(crate) fn copy(folder: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Refusal> {
    if fs::read_dir(to).is_ok_and(|mut d| d.next().is_some()) {
        let text = format!("{} is not empty. Name a new folder for the backup.", to.display());
        return Err(Refusal::new(Kind::Conflict, text));
    }
    fs::create_dir_all(to).map_err(|e| fault("make the backup's folder", e))?;
    let target = to.join(FILE);
    copy_database(&folder.join(FILE), &target, progress).map_err(|e| fault("copy the database", e))?;
    // Files are never changed once written, and all that the copied database names are older than it.
    let blobs = folder.join(blob::FOLDER);
    copy_folder(&blobs, &to.join(blob::FOLDER)).map_err(|e| fault("copy the files", e))?;
    let flush = || File::open(&target)?.sync_all().and_then(|()| File::open(to)?.sync_all());
    flush().map_err(|e: std::io::Error| fault("flush the backup", e))
}

fn copy_database(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> rusqlite::Result<()> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // An open read pins one state, so that commits meanwhile neither tear nor restart the copy.
    source.execute_batch("BEGIN")?;
    source.query_row("SELECT count(*) FROM type", [], |_| Ok(()))?;
    let mut target = Connection::open(to)?;
    {
        let backup = Backup::new(&source, &mut target)?;
        loop {
            let step = backup.step(STEP_PAGES)?;
            let p = backup.progress();
            progress((p.pagecount - p.remaining) as u64, p.pagecount as u64);
            if step == rusqlite::backup::StepResult::Done {
                break;
            }
        }
    }
    target.close().map_err(|(_, e)| e)
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else if entry.path().extension().is_none() {
            // Files still being written end in .part and belong to no commit.
            fs::copy(entry.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    File::open(to)?.sync_all()
}
