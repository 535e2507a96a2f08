//! What the system says of processes: processor time, memory, files.

use std::fs;
use std::io;
use std::ops::Sub;
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

    /// Processor time of it and all its children, those that have ended among them.
    pub fn family_cpu(self) -> io::Result<Duration> {
        let alive: Duration = self.children().into_iter().filter_map(|child| child.cpu().ok()).sum();
        Ok(self.cpu()? + self.children_cpu()? + alive)
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
        self.bytes("status", "VmRSS:")
    }

    /// Memory that it and its children hold now, what several share counted once.
    pub fn family_bytes(self) -> u64 {
        let family = self.children().into_iter().chain([self]);
        family.map(|process| process.bytes("smaps_rollup", "Pss:")).sum()
    }

    fn bytes(self, file: &str, name: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.id)).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    /// Those that any of its threads has started and that are there.
    fn children(self) -> Vec<Process> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id)).into_iter().flatten().flatten();
        let texts = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        let ids: Vec<u32> = texts.flat_map(|text| numbers(&text)).collect();
        ids.into_iter().map(Process::of).collect()
    }
}

fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Processor time of a server, and of the database under it if that is a program of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    pub own: Duration,
    pub database: Option<Duration>,
}

impl Cpu {
    pub fn total(self) -> Duration {
        self.own + self.database.unwrap_or_default()
    }

    /// Of each of so many.
    pub fn each(self, number: f64) -> Cpu {
        let each = |time: Duration| time.div_f64(number.max(1.0));
        Cpu { own: each(self.own), database: self.database.map(each) }
    }
}

impl Sub for Cpu {
    type Output = Cpu;

    fn sub(self, before: Cpu) -> Cpu {
        // A child may end between two looks at its family, and so be missed by one of them.
        let more = |time: Duration| time.saturating_sub(before.database.unwrap_or_default());
        Cpu { own: self.own.saturating_sub(before.own), database: self.database.map(more) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_and_its_children_are_seen() {
        let ourselves = Process::of(std::process::id());
        assert!(ourselves.resident_bytes() > 1_000_000);
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(ourselves.children().iter().any(|process| process.id == child.id()));
        assert!(ourselves.family_bytes() > 1_000_000);
        child.kill().unwrap();
        child.wait().unwrap();
        let before = ourselves.family_cpu().unwrap();
        let count = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        assert!(Command::new("sh").args(["-c", count]).status().unwrap().success());
        assert!(ourselves.family_cpu().unwrap() > before);
    }

    #[test]
    fn processor_times_are_taken_apart_and_together() {
        let ms = Duration::from_millis;
        let (before, after) =
            (Cpu { own: ms(10), database: Some(ms(5)) }, Cpu { own: ms(30), database: Some(ms(45)) });
        let each = (after - before).each(10.0);
        assert_eq!(each, Cpu { own: ms(2), database: Some(ms(4)) });
        assert_eq!(each.total(), ms(6));
    }
}
