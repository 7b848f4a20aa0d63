// What the page says while it waits for a server that is busy or gone.

import { element } from './dom.js';

const waiting = new Set();

/** Waits some seconds, or until somebody asks to try now, or the signal gives up. */
export function wait(message, seconds, signal) {
  element('notice-text').textContent = message;
  element('notice-now').hidden = false;
  element('notice').hidden = false;
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      waiting.delete(done);
      signal?.removeEventListener('abort', give);
      resolve();
    };
    const give = () => {
      clearTimeout(timer);
      waiting.delete(done);
      if (!waiting.size) element('notice').hidden = true;
      reject(signal.reason);
    };
    const timer = setTimeout(done, seconds * 1000);
    waiting.add(done);
    signal?.addEventListener('abort', give);
  });
}

/** How long something is said that nobody waits for. */
const TOLD_MS = 6000;

/** Says what went wrong with something that was asked beside the view. */
export function tell(message) {
  element('notice-text').textContent = message;
  element('notice-now').hidden = true;
  element('notice').hidden = false;
  setTimeout(answered, TOLD_MS);
}

/** The server has answered. */
export function answered() {
  if (!waiting.size) element('notice').hidden = true;
}

const tryNow = () => { for (const done of [...waiting]) done(); };
element('notice-now').addEventListener('click', tryNow);
addEventListener('online', tryNow);
