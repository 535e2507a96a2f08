//! Asking and timing.

use crate::client::{Answer, Connection, Request};
use crate::process::Cpu;
use crate::scenario::{Asks, Scenario};
use crate::server::Server;
use std::io;
use std::time::{Duration, Instant};

/// Answers that are looked into before anything is timed.
const LOOKED_AT: usize = 100;
/// The status of a server that has too much to do, and how long a client then waits before it asks again.
const BUSY: u16 = 503;
const WAIT: Duration = Duration::from_millis(2);
/// What part of the time goes to warming up beforehand.
const WARMING: u32 = 10;

/// What a scenario showed.
pub struct Figure {
    pub name: &'static str,
    /// Resources and bytes of an answer, on average.
    pub resources: f64,
    pub bytes: f64,
    pub points: Vec<Point>,
}

/// One line of it.
pub struct Point {
    pub concurrency: usize,
    /// Answers in a second.
    pub rate: f64,
    /// Processor time of the server, and of its database, for one answer.
    pub cpu: Cpu,
    /// Half of the answers came as fast as this, and 99 of 100.
    pub half: Duration,
    pub most: Duration,
    /// For one answer, how often the server told a client to come again later.
    pub busy: f64,
}

/// What came of asking for some time.
#[derive(Default)]
struct Asked {
    /// How long each answer took, with the waiting when it was to be asked for again.
    times: Vec<Duration>,
    busy: usize,
}

/// Asks the questions of a scenario over and over, over ever more connections at the same time.
pub fn scenario(
    server: &Server,
    scenario: Scenario,
    concurrency: &[usize],
    time: Duration,
) -> io::Result<Figure> {
    let (resources, bytes) = look(server, &scenario)?;
    let mut points = Vec::new();
    for &concurrency in concurrency {
        drive(server, &scenario.asks, concurrency, time / WARMING)?;
        let (before, began) = (server.cpu()?, Instant::now());
        let Asked { mut times, busy } = drive(server, &scenario.asks, concurrency, time)?;
        let (cpu, took) = (server.cpu()? - before, began.elapsed());
        times.sort_unstable();
        points.push(Point {
            concurrency,
            rate: times.len() as f64 / took.as_secs_f64(),
            cpu: cpu.each(times.len() as f64),
            half: share(&times, 50),
            most: share(&times, 99),
            busy: busy as f64 / times.len().max(1) as f64,
        });
    }
    Ok(Figure { name: scenario.name, resources, bytes, points })
}

/// Checks that the server answers, and what: how many resources and bytes on average.
fn look(server: &Server, scenario: &Scenario) -> io::Result<(f64, f64)> {
    let mut connection = Connection::open(server.address)?;
    let mut answer = Answer { status: 0, body: Vec::new() };
    let (mut resources, mut bytes, mut looked) = (0, 0, 0);
    for n in 0..scenario.asks.different().min(LOOKED_AT) {
        connection.ask(&scenario.asks.nth(n), &mut answer)?;
        let text = String::from_utf8_lossy(&answer.body);
        if !answer.is_good() {
            return Err(io::Error::other(format!("{}: {} {text}", scenario.name, answer.status)));
        }
        resources += match text.matches("\"fullUrl\"").count() {
            0 => usize::from(text.contains("\"versionId\"")),
            several => several,
        };
        bytes += answer.body.len();
        looked += 1;
    }
    let each = |sum: usize| sum as f64 / f64::from(looked.max(1));
    Ok((each(resources), each(bytes)))
}

/// Asks for some time over so many connections.
fn drive(server: &Server, asks: &Asks, connections: usize, time: Duration) -> io::Result<Asked> {
    let until = Instant::now() + time;
    let work = |start: usize| -> io::Result<Asked> {
        let mut connection = Connection::open(server.address)?;
        let mut answer = Answer { status: 0, body: Vec::new() };
        let mut asked = Asked::default();
        for n in start.. {
            let request = asks.nth(n);
            let began = Instant::now();
            if began >= until {
                break;
            }
            asked.busy += insist(&mut connection, &request, &mut answer)?;
            asked.times.push(began.elapsed());
        }
        Ok(asked)
    };
    std::thread::scope(|scope| {
        // Each begins elsewhere, so that not all ask the same at the same time.
        let starts = (0..connections).map(|n| n * (asks.different() / connections));
        let threads: Vec<_> = starts.map(|start| scope.spawn(move || work(start))).collect();
        let mut all = Asked::default();
        for thread in threads {
            let asked = thread.join().expect("asking does not panic")?;
            all.times.extend(asked.times);
            all.busy += asked.busy;
        }
        Ok(all)
    })
}

/// Asks until the server is not too busy; how often it was.
pub fn insist(connection: &mut Connection, request: &Request, answer: &mut Answer) -> io::Result<usize> {
    let mut busy = 0;
    connection.ask(request, answer)?;
    while answer.status == BUSY {
        busy += 1;
        std::thread::sleep(WAIT);
        connection.ask(request, answer)?;
    }
    if answer.is_good() {
        return Ok(busy);
    }
    let text = String::from_utf8_lossy(&answer.body);
    Err(io::Error::other(format!("{} under load: {text}", answer.status)))
}

/// The time that so many of a hundred sorted times do not pass.
pub fn share(times: &[Duration], percent: usize) -> Duration {
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_the_sorted_times() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(share(&times, 50), Duration::from_millis(100));
        assert_eq!(share(&times, 99), Duration::from_millis(198));
        assert_eq!(share(&times[..1], 99), Duration::from_millis(1));
        assert_eq!(share(&[], 99), Duration::ZERO);
    }
}
