#![no_main]

//! Messages to `topoi mcp`, which go on being answered whatever came before.

use std::io::{self, PipeWriter, Write};
use std::sync::{Mutex, OnceLock, mpsc};

use serde_json::{Value, json};
use topoi_fuzz::served;

struct Agent {
    input: PipeWriter,
    answers: mpsc::Receiver<Vec<u8>>,
    asked: u64,
}

static AGENT: OnceLock<Mutex<Agent>> = OnceLock::new();

impl Agent {
    fn begin() -> Mutex<Self> {
        let (output, input) = io::pipe().expect("a pipe");
        rustix::stdio::dup2_stdin(&output).expect("standard input");
        let answers = served::agent();
        let mut agent = Self {
            input,
            answers,
            asked: 0,
        };
        let client = json!({"name": "fuzz", "version": "0"});
        let parameters =
            json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        agent.ask(
            &json!({"jsonrpc": "2.0", "id": "begin", "method": "initialize", "params": parameters}),
        );
        agent.wait_for("begin");
        agent.ask(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        Mutex::new(agent)
    }

    fn say(&mut self, message: &[u8]) {
        self.input
            .write_all(message)
            .and_then(|()| self.input.write_all(b"\n"))
            .expect("somebody reads");
    }

    fn ask(&mut self, message: &Value) {
        self.say(message.to_string().as_bytes());
    }

    /// Reads answers up to that to a question. Each is a message of the protocol.
    fn wait_for(&self, id: &str) -> Value {
        loop {
            let line = self.answers.recv().expect("an answer");
            let answer: Value = serde_json::from_slice(&line).expect("JSON");
            assert_eq!(answer["jsonrpc"], "2.0");
            if answer["id"] == id {
                return answer;
            }
        }
    }
}

libfuzzer_sys::fuzz_target!(|message: &[u8]| {
    let mut agent = AGENT.get_or_init(Agent::begin).lock().expect("one thread");
    agent.say(message);
    // A question waits behind those before it.
    agent.asked += 1;
    let id = format!("after {}", agent.asked);
    let call = json!({"name": "sources", "arguments": {}});
    agent.ask(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call}));
    let answer = agent.wait_for(&id);
    assert!(answer["result"]["content"].is_array(), "{answer}");
});
