//! A small demo on a free port of this machine, for what looks at the finished program.

use crate::{shell, workspace};
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

const START_SECONDS_MAX: u64 = 120;
const PEOPLE: &str = "60";

/// A demo that runs until it goes out of scope; its data go with it.
pub struct Demo<'a> {
    /// Its address, `http://127.0.0.1:8080`.
    pub base: String,
    folder: &'a Path,
    process: Child,
}

impl<'a> Demo<'a> {
    pub fn start(folder: &'a Path) -> Result<Demo<'a>, String> {
        clear(folder)?;
        let program = program()?;
        let address = free_address()?;
        let data = folder.join("data").display().to_string();
        let words = ["demo", "--data", &data, "--listen", &address, "--people", PEOPLE];
        let log = fs::File::create(folder.join("demo.log")).map_err(|e| format!("The demo's log: {e}"))?;
        let errors = log.try_clone().map_err(|e| format!("The demo's log: {e}"))?;
        let mut command = shell::command(&program, &words);
        let process = command.stdout(log).stderr(errors).spawn().map_err(|e| format!("{program}: {e}"))?;
        let mut demo = Demo { base: format!("http://{address}"), folder, process };
        demo.wait(&address)?;
        Ok(demo)
    }

    fn wait(&mut self, address: &str) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(START_SECONDS_MAX) {
            if ready(address).unwrap_or(false) {
                println!("The demo is ready after {:.1} s at {}", start.elapsed().as_secs_f64(), self.base);
                return Ok(());
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("`carespine demo` ended with {status}:\n{}", self.log()));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!("`carespine demo` was not ready after {START_SECONDS_MAX} s:\n{}", self.log()))
    }

    /// A bearer token of a role.
    pub fn token(&self, role: &str) -> Result<String, String> {
        let data = self.folder.join("data").display().to_string();
        let printed = shell::capture(&program()?, &["token", "--data", &data, "--role", role])?;
        Ok(printed.trim().to_owned())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("demo.log")).unwrap_or_default()
    }
}

impl Drop for Demo<'_> {
    fn drop(&mut self) {
        // Both fail only when the process has already ended, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> Result<String, String> {
    Ok(workspace::target()?.join("debug/carespine").display().to_string())
}

fn clear(folder: &Path) -> Result<(), String> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|e| format!("Could not remove {}: {e}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|e| format!("Could not create {}: {e}", folder.display()))
}

/// A loopback address that was free a moment ago.
fn free_address() -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("No free port on 127.0.0.1: {e}"))?;
    listener.local_addr().map(|address| address.to_string()).map_err(|e| e.to_string())
}

fn ready(address: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(
        format!("GET /ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )?;
    let mut answer = String::new();
    stream.take(1024).read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}
