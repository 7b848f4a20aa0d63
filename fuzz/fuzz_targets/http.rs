#![no_main]

//! Requests to `topoi serve`. The input is a byte for the method and the kind of the body, a line for the address, and the body.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::OnceLock;

use topoi_fuzz::served;
use ureq::http::{Request, header};

const METHODS: [&str; 4] = ["GET", "POST", "DELETE", "PUT"];

static SERVER: OnceLock<(SocketAddr, ureq::Agent)> = OnceLock::new();

fn server() -> (SocketAddr, ureq::Agent) {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0);
    (served::http(), config.build().into())
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((how, rest)) = input.split_first() else {
        return;
    };
    let end = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(rest.len());
    let (line, body) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
    let (address, client) = SERVER.get_or_init(server);
    let mut target = format!("http://{address}/");
    for byte in line {
        // What couldn't stand in a request is written as programs write it.
        match byte {
            b'"'
            | b'#'
            | b'<'
            | b'>'
            | b'\\'
            | b'^'
            | b'`'
            | b'{'
            | b'|'
            | b'}'
            | ..=b' '
            | 127.. => {
                let _ = write!(target, "%{byte:02X}");
            }
            _ => target.push(char::from(*byte)),
        }
    }
    let method = METHODS[usize::from(how & 3)];
    let kind = if how & 4 == 0 {
        "application/json"
    } else {
        "application/octet-stream"
    };
    let request = || {
        let request = Request::builder()
            .method(method)
            .uri(&target)
            .header(header::CONTENT_TYPE, kind);
        request.body(body).ok()
    };
    let Some(first) = request() else {
        return;
    };
    // A server that hasn't read a body closes the connection behind its answer, which the client may learn too late.
    let answer = client
        .run(first)
        .or_else(|_| client.run(request().expect("the same request")));
    let mut answer = answer.expect("an answer");
    let said = answer.body_mut().read_to_vec().expect("the whole answer");
    let status = answer.status().as_u16();
    assert!(status < 500, "{status}: {}", String::from_utf8_lossy(&said));
});
