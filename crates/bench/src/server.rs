//! Starting and stopping the servers that are measured.

use crate::client::{Request, once};
use crate::engine::Place;
use crate::process::{Cpu, Process};
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const START_MAX: Duration = Duration::from_secs(120);
/// How long it may take to end.
const STOP_MAX: Duration = Duration::from_secs(30);
/// How often it is looked whether it does.
const ASK_EVERY: Duration = Duration::from_millis(5);
/// The largest body that Carespine is told to take: a transaction of 50,000 resources has about 55 MB.
const BODY_MAX: usize = 256 << 20;

/// Which server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Carespine,
    /// Helios FHIR server, and the file of search parameters that it reads.
    Helios {
        search_parameters: PathBuf,
    },
}

impl Kind {
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Carespine => "carespine",
            Kind::Helios { .. } => "helios",
        }
    }
}

/// A server's program.
#[derive(Clone, Debug)]
pub struct Program {
    pub kind: Kind,
    pub file: PathBuf,
    /// What Carespine is told besides in its configuration, as lines of TOML.
    pub settings: String,
}

/// A server that answers. It is stopped when dropped.
pub struct Server {
    pub address: SocketAddr,
    pub process: Process,
    /// The process of the database under it that all others of the database are children of.
    pub database: Option<Process>,
    /// From the start of the program to its first answer.
    pub started: Duration,
    /// What stands before the path of a FHIR request.
    pub base: &'static str,
    /// Headers of every FHIR request.
    pub headers: Vec<String>,
    child: Child,
}

impl Server {
    /// Processor time so far, the database's apart.
    pub fn cpu(&self) -> io::Result<Cpu> {
        let database = self.database.map(Process::family_cpu).transpose()?;
        Ok(Cpu { own: self.process.cpu()?, database })
    }

    /// Memory that it holds now, and that the database holds.
    pub fn memory(&self) -> (u64, Option<u64>) {
        (self.process.resident_bytes(), self.database.map(Process::family_bytes))
    }
}

impl Program {
    /// Starts the server on the store of a place, which is made if it is not there, and waits until it answers.
    pub fn start(&self, place: &Place<'_>) -> io::Result<Server> {
        let address = free_address()?;
        let log_file = place.folder().join("log");
        let log = fs::File::create(&log_file)?;
        let mut command = self.command(place, address)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let began = Instant::now();
        let mut child = command.spawn()?;
        let health = Request::get("/health", &[]);
        while !once(address, &health).is_ok_and(|answer| answer.status == 200) {
            if child.try_wait()?.is_some() || began.elapsed() > START_MAX {
                let text = fs::read_to_string(log_file).unwrap_or_default();
                return Err(io::Error::other(format!("{} does not answer.\n{text}", self.kind.name())));
            }
            std::thread::sleep(ASK_EVERY);
        }
        let (process, started) = (Process::of(child.id()), began.elapsed());
        let base = if self.kind == Kind::Carespine { "/fhir" } else { "" };
        let headers = vec!["Accept: application/fhir+json".to_owned()];
        let database = place.database_process();
        let mut server = Server { address, process, database, started, base, headers, child };
        if self.kind == Kind::Carespine {
            server.headers.push(format!("Authorization: Bearer {}", self.token(place)?));
        }
        Ok(server)
    }

    fn command(&self, place: &Place<'_>, address: SocketAddr) -> io::Result<Command> {
        let mut command = Command::new(&self.file);
        match &self.kind {
            Kind::Carespine => {
                let config = place.folder().join("carespine.toml");
                fs::write(&config, format!("body_bytes = {BODY_MAX}\n{}", self.settings))?;
                command.arg("serve").arg("--config").arg(config);
                command.arg("--data").arg(place.address()).arg("--listen").arg(address.to_string());
            }
            Kind::Helios { search_parameters } => {
                let data = place.data();
                fs::copy(search_parameters, data.join("search-parameters-r4.json"))?;
                command.arg("--port").arg(address.port().to_string()).arg("--host").arg("127.0.0.1");
                match place.database_url() {
                    Some(url) => command.args(["--storage-backend", "postgres", "--database-url", &url]),
                    None => command.arg("--database-url").arg(data.join("record.sqlite")),
                };
                command.arg("--data-dir").arg(&data).current_dir(&data);
                command.arg("--log-level").arg("error").env("HFS_UI_ENABLED", "false");
            }
        }
        Ok(command)
    }

    /// The command that loads files into the store of a place.
    pub fn load(&self, place: &Place<'_>, paths: &[PathBuf]) -> Command {
        let mut command = Command::new(&self.file);
        command.args(["load", "--quiet", "--data"]).arg(place.address()).args(paths);
        command
    }

    /// Puts the files of a folder into the store of a place as a FHIR package.
    pub fn add_package(&self, place: &Place<'_>, folder: &Path, name: &str, version: &str) -> io::Result<()> {
        let mut command = Command::new(&self.file);
        command.args(["package", "--data"]).arg(place.address()).arg("add").arg(folder);
        said(command.args(["--name", name, "--version", version])).map(drop)
    }

    /// Runs a view over the store of a place; what the command says when it is done.
    pub fn run_view(&self, place: &Place<'_>, view: &Path, out: &Path) -> io::Result<String> {
        let mut command = Command::new(&self.file);
        command.args(["view", "run", "--quiet", "--data"]).arg(place.address()).arg("--out").arg(out);
        let output = succeeded(command.arg(view).stdin(Stdio::null()).output()?)?;
        Ok(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }

    /// A token of the role that may load data as well as read it.
    fn token(&self, place: &Place<'_>) -> io::Result<String> {
        let mut command = Command::new(&self.file);
        said(command.args(["token", "--role", "system", "--minutes", "600", "--data"]).arg(place.address()))
    }
}

/// What a command prints.
fn said(command: &mut Command) -> io::Result<String> {
    let output = succeeded(command.output()?)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What came of a command, or its complaint.
fn succeeded(output: Output) -> io::Result<Output> {
    if output.status.success() {
        return Ok(output);
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// A port that nobody listens on at the moment.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

impl Drop for Server {
    /// Asks it to end, so that it leaves its files in order, and makes it if it does not.
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        let began = Instant::now();
        while asked.is_ok() && began.elapsed() < STOP_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(ASK_EVERY);
        }
        // One that has ended in the meantime is what is wanted, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
