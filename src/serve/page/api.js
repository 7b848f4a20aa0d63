// Asking the server. A request goes on until it is answered or given up: it waits where the server is busy or gone, and
// asks for the token where one is needed.

import { answered, wait } from './notice.js';
import { library } from './route.js';
import { askToken } from './session.js';

/** How long to wait where the server doesn't say, in seconds, and at most. */
const WAIT = 2;
const LONGEST_WAIT = 30;

/** What the server says when it refuses. */
export class Refused extends Error {
  constructor(status, error) {
    super(error?.message ?? `The server answered ${status}.`);
    this.status = status;
    this.param = error?.param ?? null;
  }
}

const retryAfter = (response) => Math.min(Math.max(Number(response.headers.get('retry-after')) || WAIT, 0.5), LONGEST_WAIT);

/** The address of a resource, in the library that is looked at. Relative, since the server may stand behind a prefix. */
export function address(path, params = {}) {
  const given = new URLSearchParams();
  const pairs = params instanceof URLSearchParams ? [...params] : Object.entries(params);
  for (const [name, value] of [...pairs, ['library', library()]]) {
    if (value !== null && value !== undefined && value !== '') given.set(name, value);
  }
  return `v1/${path}${given.size ? `?${given}` : ''}`;
}

/** Sends a request and waits for an answer that isn't a refusal. */
export async function send(url, options = {}) {
  for (let tries = 0; ; tries++) {
    let response;
    try {
      response = await fetch(url, options);
    } catch (error) {
      if (options.signal?.aborted) throw error;
      await wait('The server can’t be reached. Trying again.', Math.min(WAIT ** tries, LONGEST_WAIT), options.signal);
      continue;
    }
    if (response.status === 503) {
      await wait('The server is busy. Trying again.', retryAfter(response), options.signal);
      continue;
    }
    answered();
    if (response.status === 401 && await askToken()) continue;
    if (response.ok) return response;
    throw new Refused(response.status, (await response.json().catch(() => null))?.error);
  }
}

/** What is at a path, as JSON. */
export async function get(path, params, signal) {
  return (await send(address(path, params), { signal })).json();
}

/** Asks with a body of JSON, where an address can't hold the question. */
export async function post(path, body, signal) {
  const named = library() ? { ...body, library: library() } : body;
  const headers = { 'content-type': 'application/json' };
  return (await send(`v1/${path}`, { method: 'POST', headers, body: JSON.stringify(named), signal })).json();
}

const pause = (seconds, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, seconds * 1000);
  signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});

/** Asks again and again for what is still being computed; `computing` is called each time that it isn't there yet. */
export async function whenReady(path, params, signal, computing) {
  for (;;) {
    const response = await send(address(path, params), { signal });
    if (response.status !== 202) return response;
    await response.body?.cancel();
    computing();
    await pause(retryAfter(response), signal);
  }
}
