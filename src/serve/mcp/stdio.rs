//! Standard input and output: a message a line, and nothing else.
//!
//! What is no message is answered with an error, however long it is, and never kept as a whole if it is too long. An agent
//! that asks and asks without reading the answers is not listened to any further until it reads.

use std::collections::HashSet;
use std::io::{self, BufRead};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, JsonRpcError, JsonRpcMessage, RequestId,
    ServerJsonRpcMessage,
};
use rmcp::transport::Transport;
use tokio::sync::{Notify, mpsc};

use super::message::{self, MOST_BYTES, NumberFinder};

/// How many requests can be under way.
const MOST_OPEN: usize = 256;

/// How many messages are between the threads that read and write and the one that answers.
const BETWEEN: usize = 16;

/// Standard input and output.
pub(super) struct Stdio {
    incoming: mpsc::Receiver<ClientJsonRpcMessage>,
    /// None once it is closed.
    outgoing: Option<mpsc::Sender<Vec<u8>>>,
    open: Arc<Open>,
}

/// The requests that are under way.
#[derive(Default)]
struct Open {
    ids: Mutex<HashSet<RequestId>>,
    fewer: Notify,
}

impl Open {
    fn ids(&self) -> MutexGuard<'_, HashSet<RequestId>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_full(&self) -> bool {
        self.ids().len() >= MOST_OPEN
    }

    fn end(&self, id: Option<&RequestId>) {
        if id.is_some_and(|id| self.ids().remove(id)) {
            self.fewer.notify_one();
        }
    }
}

/// Lines to be written, until there are no more.
pub(super) struct Lines(mpsc::Receiver<Vec<u8>>);

impl Stdio {
    /// Begins to read. What is to be written comes out as lines.
    pub(super) fn new() -> io::Result<(Self, Lines)> {
        let (read, incoming) = mpsc::channel(BETWEEN);
        let (outgoing, lines) = mpsc::channel(BETWEEN);
        let refusals = outgoing.clone();
        thread::Builder::new()
            .name("reader".into())
            .spawn(move || {
                if let Err(error) = read_all(io::stdin().lock(), &read, &refusals) {
                    tracing::warn!(%error, "cannot read standard input any further");
                }
            })?;
        let stdio = Self {
            incoming,
            outgoing: Some(outgoing),
            open: Arc::default(),
        };
        Ok((stdio, Lines(lines)))
    }
}

impl Lines {
    /// Writes the lines, until there are no more or one can't be written.
    pub(super) fn write(mut self, mut write: impl FnMut(&[u8]) -> io::Result<()>) {
        while let Some(line) = self.0.blocking_recv() {
            if let Err(error) = write(&line) {
                tracing::warn!(%error, "cannot write to standard output any more");
                return;
            }
        }
    }
}

impl Transport<RoleServer> for Stdio {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let outgoing = self.outgoing.clone();
        let open = Arc::clone(&self.open);
        async move {
            let id = match &message {
                JsonRpcMessage::Response(response) => Some(response.id.clone()),
                JsonRpcMessage::Error(error) => error.id.clone(),
                _ => None,
            };
            let line = line(&message)?;
            let sent = match outgoing {
                Some(outgoing) => outgoing.send(line).await.is_ok(),
                None => false,
            };
            open.end(id.as_ref());
            if sent {
                Ok(())
            } else {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        // Whatever is waited for here can be given up at any moment without anything being lost.
        while self.open.is_full() {
            self.open.fewer.notified().await;
        }
        let message = self.incoming.recv().await?;
        match &message {
            JsonRpcMessage::Request(request) => {
                self.open.ids().insert(request.id.clone());
            }
            JsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) =
                    &notification.notification
                {
                    // It gets no answer.
                    self.open.end(cancelled.params.request_id.as_ref());
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        Some(message)
    }

    async fn close(&mut self) -> io::Result<()> {
        self.outgoing = None;
        Ok(())
    }
}

/// A message as a line.
fn line(message: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

/// Reads messages until there are no more, or nobody wants them.
fn read_all(
    mut input: impl BufRead,
    messages: &mpsc::Sender<ClientJsonRpcMessage>,
    refusals: &mpsc::Sender<Vec<u8>>,
) -> io::Result<()> {
    let refuse = |refusal: &JsonRpcError| {
        tracing::debug!(message = %refusal.error.message, "a message is refused");
        let line = line(refusal)?;
        let sent = refusals.blocking_send(line);
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    };
    let mut buffer = Vec::new();
    loop {
        match read_line(&mut input, &mut buffer, MOST_BYTES)? {
            Line::End => return Ok(()),
            Line::TooLong(id) => refuse(&message::too_long(id))?,
            Line::Whole => match message::parse(&buffer) {
                Ok(None) => {}
                Ok(Some(message)) => {
                    if messages.blocking_send(message).is_err() {
                        return Ok(());
                    }
                }
                Err(refusal) => refuse(&refusal)?,
            },
        }
    }
}

/// A line that was read.
#[derive(Debug, PartialEq)]
enum Line {
    /// It is in the buffer.
    Whole,
    /// It is too long for that; and the number of the request that it was.
    TooLong(Option<RequestId>),
    /// There are no more.
    End,
}

/// Reads a line of at most so many bytes into a buffer; what is longer is passed over.
fn read_line(input: &mut impl BufRead, buffer: &mut Vec<u8>, most: usize) -> io::Result<Line> {
    buffer.clear();
    // A long line may have taken much.
    buffer.shrink_to(MOST_BYTES / 8);
    let mut finder: Option<NumberFinder> = None;
    loop {
        let bytes = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            bytes => bytes?,
        };
        let is_over = bytes.is_empty();
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let read = end.map_or(bytes.len(), |end| end + 1);
        match &mut finder {
            Some(finder) => finder.read(part),
            None if buffer.len() + part.len() <= most => buffer.extend_from_slice(part),
            None => {
                let finder = finder.insert(NumberFinder::default());
                finder.read(buffer);
                finder.read(part);
                buffer.clear();
            }
        }
        input.consume(read);
        if end.is_some() || is_over {
            return Ok(match finder {
                Some(finder) => Line::TooLong(finder.found()),
                // The last line may lack its end.
                None if is_over && buffer.is_empty() => Line::End,
                None => Line::Whole,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_one_by_one_and_long_ones_are_passed_over() {
        let long = format!(r#"{{"id":7,"text":"{}"}}"#, "a".repeat(100));
        let text = format!("one\n\n{long}\ntwo\n{long}\nthree");
        let mut input = io::BufReader::with_capacity(5, text.as_bytes());
        let mut buffer = Vec::new();
        let mut read = Vec::new();
        loop {
            match read_line(&mut input, &mut buffer, 50).unwrap() {
                Line::End => break,
                Line::Whole => read.push(String::from_utf8(buffer.clone()).unwrap()),
                Line::TooLong(id) => read.push(format!("{id:?}")),
            }
        }
        let seven = format!("{:?}", Some(RequestId::Number(7)));
        assert_eq!(read, ["one", "", &seven, "two", &seven, "three"]);
    }
}
