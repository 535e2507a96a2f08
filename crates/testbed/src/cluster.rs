//! One PostgreSQL server: its folder, its life and its deaths.

use crate::database::{Database, ask, random};
use crate::processes::{self, PATIENCE, await_that, finish, is_gone, send};
use crate::programs;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const MEMORY: &str = "/dev/shm";
const ROOM_GB: u64 = 4;
/// Below the range from which Linux takes ports for outgoing connections, so that none of them has ours when
/// the server comes back after a kill.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// Between looking and taking a port somebody else may take it.
const TRIES: usize = 5;
/// What a server is to be like.
#[derive(Clone, Debug)]
pub struct Settings {
    options: Vec<(String, String)>,
    /// In which folder it gets its own.
    place: PathBuf,
}

impl Settings {
    /// Keeps its promises through the end of a process, not of the machine, for it lies in memory: for ordinary
    /// tests. Programs that ask whether it waits for the disk are told so, which costs nothing there.
    pub fn fast() -> Settings {
        let place = roomy_memory().unwrap_or_else(env::temp_dir);
        let settings = Settings { place, ..Settings::new("128MB") };
        settings.with("full_page_writes", "off").with("max_wal_size", "256MB")
    }

    /// As it is run in earnest: for what kills it, and what measures it.
    pub fn durable() -> Settings {
        Settings::new("256MB")
    }

    fn new(shared_buffers: &str) -> Settings {
        Settings { options: Vec::new(), place: env::temp_dir() }
            .with("shared_buffers", shared_buffers)
            .with("max_connections", "200")
            .with("listen_addresses", "127.0.0.1")
            // A standby that was away finds what it missed.
            .with("wal_keep_size", "256MB")
            // In the folder instead of in /dev/shm, where a server that is killed leaves them for good.
            .with("dynamic_shared_memory_type", "mmap")
    }

    /// The same with a line of postgresql.conf added.
    pub fn with(mut self, name: &str, value: &str) -> Settings {
        self.options.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A server in a temporary folder of its own; both go with the value, or with the process.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    guard: Child,
}

impl Cluster {
    /// Makes and starts one. Panics where PostgreSQL is not installed, and says what to do.
    pub fn start(settings: Settings) -> Cluster {
        let mut cluster = Cluster::in_new_folder(&settings.place);
        let mut initdb = command("initdb", &cluster.folder);
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        // What initdb writes need not survive the machine: the folder would not be found again anyway.
        initdb.args(["--data-checksums", "--no-sync", "--pgdata"]).arg(cluster.data());
        finish(&mut initdb);
        cluster.configure(&settings.options);
        cluster.start_on_free_port();
        cluster
    }

    /// A streaming hot standby of this server, which knows it by this name.
    pub fn replica(&self, name: &str) -> Cluster {
        let mut replica = Cluster::in_new_folder(&env::temp_dir());
        let mut backup = command("pg_basebackup", &replica.folder);
        backup.args(["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--no-sync"]);
        backup.arg(format!("--dbname={}&application_name={name}", self.url()));
        backup.arg("--pgdata").arg(replica.data());
        finish(&mut backup);
        replica.start_on_free_port();
        replica
    }

    /// A fresh, empty database, dropped with the value.
    pub fn database(&self) -> Database {
        Database::on(&self.url())
    }

    /// How to reach the database `postgres`, by socket.
    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&port={}&user=postgres", self.folder.display(), self.port)
    }

    /// What psql answers in the database `postgres`; see [`Database::sql`].
    pub fn sql(&self, statements: &str) -> Result<String, String> {
        ask(&self.url(), statements, &[])
    }

    /// A crash: the server and all its processes are killed at once, and nobody tidies up.
    pub fn kill(&self) {
        let lock = self.data().join("postmaster.pid");
        let text = fs::read_to_string(&lock).expect("a server that runs has a lock file");
        let mut lines = text.lines();
        let server = lines.next().expect("its first line is the process").trim();
        // "key id" of the shared memory, in the seventh line.
        let memory = lines.nth(5).and_then(|line| line.split_whitespace().nth(1));
        send("STOP", &[server]); // so that it neither starts nor warns another one
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"))
            .expect("Linux says which processes a process has");
        let all: Vec<&str> = children.split_whitespace().chain([server]).collect();
        send("KILL", &all);
        await_that("the killed server is gone", || all.iter().all(|process| is_gone(process)));
        // Not there after a crash of the machine either; left, it would be there until the machine's.
        if let Some(memory) = memory {
            let _ = Command::new("ipcrm").args(["-m", memory]).stderr(Stdio::null()).status();
        }
        // A number that another process may have by the time of the restart would keep the server from it.
        for lock in [lock, self.folder.join(format!(".s.PGSQL.{}.lock", self.port))] {
            fs::remove_file(lock).expect("the server that wrote it is gone");
        }
    }

    /// Stops in order, and breaks off what runs.
    pub fn stop(&self) {
        self.control(pg_ctl(&self.folder, "stop").arg("--mode=fast"))
            .unwrap_or_else(|reason| panic!("{reason}"));
    }

    /// Starts again after [`kill`](Self::kill) or [`stop`](Self::stop), on the same folder and port, and waits
    /// until it takes connections.
    pub fn restart(&self) {
        let mut restart = pg_ctl(&self.folder, "restart");
        self.control(restart.arg("--mode=fast")).unwrap_or_else(|reason| panic!("{reason}"));
    }

    /// From now on a commit waits until the standby of this name has it on its disk, also when that is away.
    pub fn require_standby(&self, name: &str) {
        self.set_synchronous(name);
    }

    /// From now on a commit waits for no standby; those that wait go on.
    pub fn require_no_standby(&self) {
        self.set_synchronous("");
    }

    /// Where its data and its log are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn set_synchronous(&self, names: &str) {
        const CHANGE: &str =
            "ALTER SYSTEM SET synchronous_standby_names = :'names'; SELECT pg_reload_conf();";
        let expect = |outcome: Result<String, String>| outcome.unwrap_or_else(|reason| panic!("{reason}"));
        expect(ask(&self.url(), CHANGE, &[("names", names)]));
        // A session that sees the change was begun after all others were told, the checkpointer among them,
        // which passes it on to those that commit; it does so before the next checkpoint.
        await_that("the server reads its configuration", || {
            expect(self.sql("SHOW synchronous_standby_names")) == names
        });
        expect(self.sql("CHECKPOINT"));
    }

    fn in_new_folder(place: &Path) -> Cluster {
        let folder = tempfile::Builder::new().prefix("carespine-postgres-").tempdir_in(place);
        let folder = folder.expect("a temporary folder can be made");
        let guard = processes::guard(folder.path(), &program("pg_ctl"));
        processes::hand_over(folder.path());
        Cluster { folder: folder.keep(), port: 0, guard } // from now on it is the guard that removes it
    }

    fn start_on_free_port(&mut self) {
        for left in (0..TRIES).rev() {
            self.port = free_port();
            let place = [
                ("port", self.port.to_string()),
                ("unix_socket_directories", self.folder.display().to_string()),
            ];
            self.configure(&place.map(|(name, value)| (name.to_owned(), value)));
            match self.control(&mut pg_ctl(&self.folder, "start")) {
                Ok(()) => return,
                Err(reason) if left == 0 || !reason.contains("Address already in use") => panic!("{reason}"),
                Err(_) => {}
            }
        }
    }

    /// Adds to postgresql.conf, where the last line on something counts.
    fn configure(&self, options: &[(String, String)]) {
        let path = self.data().join("postgresql.conf");
        let mut file = OpenOptions::new().append(true).open(path).expect("initdb has made it");
        for (name, value) in options {
            let value = value.replace('\'', "''");
            writeln!(file, "{name} = '{value}'").expect("the folder is ours");
        }
    }

    fn control(&self, command: &mut Command) -> Result<(), String> {
        processes::run(command).map_err(|reason| {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            format!("{reason}\n{}", lines[lines.len().saturating_sub(20)..].join("\n"))
        })
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

fn command(name: &str, folder: &Path) -> Command {
    processes::command(&program(name), folder)
}

fn program(name: &str) -> PathBuf {
    programs::find(name).unwrap_or_else(|reason| panic!("{reason}"))
}

/// PostgreSQL's own tool to start and stop a server; it waits until that is done.
fn pg_ctl(folder: &Path, word: &str) -> Command {
    let mut command = command("pg_ctl", folder);
    command.arg(word).arg("--pgdata").arg(folder.join("data")).arg("--log").arg(folder.join("log"));
    command.arg("--wait").arg(format!("--timeout={}", PATIENCE.as_secs()));
    command
}

/// Linux's folder in memory, in which a database is made in a tenth of the time, if there is room for the
/// largest tests.
fn roomy_memory() -> Option<PathBuf> {
    let asked = Command::new("df").args(["--output=avail", "--block-size=1G", MEMORY]).output().ok()?;
    let free: u64 = String::from_utf8(asked.stdout).ok()?.lines().nth(1)?.trim().parse().ok()?;
    (free >= ROOM_GB).then(|| PathBuf::from(MEMORY))
}

fn free_port() -> u16 {
    let ports = std::iter::repeat_with(|| PORTS.start + (random() % PORTS.len() as u64) as u16);
    let mut free = ports.take(1000).filter(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    free.next().expect("not all ports are taken")
}
