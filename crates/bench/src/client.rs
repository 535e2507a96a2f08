//! An HTTP/1.1 client that costs next to nothing: one connection kept alive, requests written beforehand, answers
//! counted and thrown away.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection that gives no byte for so long is given up.
const PATIENCE: Duration = Duration::from_secs(600);
const BUFFER: usize = 64 * 1024;

/// A request as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Request(Vec<u8>);

impl Request {
    /// `headers` are whole lines without line ends.
    pub fn get(path: &str, headers: &[String]) -> Request {
        Request(head("GET", path, headers).into_bytes())
    }

    pub fn post(path: &str, headers: &[String], body: &[u8]) -> Request {
        Request::with_body("POST", path, headers, body)
    }

    pub fn put(path: &str, headers: &[String], body: &[u8]) -> Request {
        Request::with_body("PUT", path, headers, body)
    }

    fn with_body(method: &str, path: &str, headers: &[String], body: &[u8]) -> Request {
        let mut headers = headers.to_vec();
        headers.push("Content-Type: application/fhir+json".to_owned());
        headers.push(format!("Content-Length: {}", body.len()));
        let mut bytes = head(method, path, &headers).into_bytes();
        bytes.extend_from_slice(body);
        Request(bytes)
    }
}

fn head(method: &str, path: &str, headers: &[String]) -> String {
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n")
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether what was asked for was done.
    pub fn is_good(&self) -> bool {
        matches!(self.status, 200 | 201)
    }
}

/// One connection.
pub struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Connection { stream: BufReader::with_capacity(BUFFER, stream) })
    }

    /// Sends a request and waits for the whole answer. `answer` is used again and again.
    pub fn ask(&mut self, request: &Request, answer: &mut Answer) -> io::Result<()> {
        self.stream.get_mut().write_all(&request.0)?;
        answer.body.clear();
        answer.status = self.status()?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().map_err(|_| wrong("Content-Length"))?,
                "transfer-encoding" => chunked = value.trim().eq_ignore_ascii_case("chunked"),
                _ => {}
            }
        }
        if !chunked {
            return self.take(length, &mut answer.body);
        }
        loop {
            let size = self.line()?;
            let size = u64::from_str_radix(size.trim(), 16).map_err(|_| wrong("the size of a chunk"))?;
            self.take(size, &mut answer.body)?;
            self.line()?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn status(&mut self) -> io::Result<u16> {
        let line = self.line()?;
        line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| wrong("the status line"))
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }

    fn take(&mut self, length: u64, body: &mut Vec<u8>) -> io::Result<()> {
        let read = self.stream.by_ref().take(length).read_to_end(body)? as u64;
        if read < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} of an answer cannot be read"))
}

/// One request on a connection of its own.
pub fn once(address: SocketAddr, request: &Request) -> io::Result<Answer> {
    let mut answer = Answer { status: 0, body: Vec::new() };
    Connection::open(address)?.ask(request, &mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// Serves one connection with these answers, one for each request.
    fn server(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            for answer in answers {
                let mut line = String::new();
                while stream.read_line(&mut line).unwrap() > 2 {
                    line.clear();
                }
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        address
    }

    #[test]
    fn answers_are_read_one_after_the_other_however_their_length_is_said() {
        let address = server(&[
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive",
            "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nnot\r\nA\r\n there now\r\n0\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
        ]);
        let mut connection = Connection::open(address).unwrap();
        let mut answer = Answer { status: 0, body: Vec::new() };
        for (status, body) in [(200, "alive"), (404, "not there now"), (204, "")] {
            connection.ask(&Request::get("/", &[]), &mut answer).unwrap();
            assert_eq!((answer.status, answer.body.as_slice()), (status, body.as_bytes()));
        }
    }

    #[test]
    fn an_answer_that_ends_early_is_an_error() {
        let address = server(&["HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nalive"]);
        assert!(once(address, &Request::get("/", &[])).is_err());
    }
}
