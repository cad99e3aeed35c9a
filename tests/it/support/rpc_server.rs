//! Starts impacket's RPC server (`tests/probe/server.py`), which shares no code with the probe. `.ci/setup` installs it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server on 127.0.0.1 that answers ServerAlive2 until it is dropped.
pub struct RpcServer {
    process: Child,
    pub port: u16,
}

impl RpcServer {
    /// Starts a server with a mode of `server.py` and the bindings that it answers.
    pub fn start(mode: &str, bindings: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new("python3")
            .arg(root.join("tests/probe/server.py"))
            .args(["--mode", mode])
            .args(bindings)
            .env("PYTHONPATH", root.join("target/python"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let port = line.trim().parse().expect("the port; .ci/setup installs impacket");
        Self { process, port }
    }
}

impl Drop for RpcServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
