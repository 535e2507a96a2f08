//! What the system says of a process: processor time, memory, files.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Ticks of the processor's clock in a second, as `/proc` counts them. It is 100 on every Linux (`USER_HZ`).
const TICKS: u64 = 100;

/// A process that is looked at from outside.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    id: u32,
}

impl Process {
    pub fn of(id: u32) -> Process {
        Process { id }
    }

    /// Processor time that it has used, in user and system mode.
    pub fn cpu(self) -> io::Result<Duration> {
        self.ticks(11)
    }

    /// Processor time that its ended and awaited children have used.
    pub fn children_cpu(self) -> io::Result<Duration> {
        self.ticks(13)
    }

    /// The sum of two neighbours among the fields that follow the name; proc(5) counts from 3 there.
    fn ticks(self, field: usize) -> io::Result<Duration> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.id))?;
        // The name stands in parentheses and may hold anything.
        let after = text.rsplit_once(')').map_or("", |(_, after)| after);
        let numbers = after.split_whitespace().skip(field).take(2).filter_map(|n| n.parse::<u64>().ok());
        Ok(Duration::from_millis(numbers.sum::<u64>() * 1_000 / TICKS))
    }

    /// Memory that it holds now; 0 when the system does not tell.
    pub fn resident_bytes(self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }
}

/// Bytes of all files below a folder.
pub fn bytes_below(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { bytes_below(&entry.path())? } else { meta.len() };
    }
    Ok(bytes)
}
