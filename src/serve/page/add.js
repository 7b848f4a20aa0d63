// Adding articles: one file after another, with what was refused and why.

import { address, send } from './api.js';
import { button, element, foreign, make, say, template } from './dom.js';
import { counted, number } from './words.js';

const FINAL = ['done', 'failed', 'cancelled'];
const STATES = { queued: 'waiting', running: 'being read', done: 'done', failed: 'failed', cancelled: 'cancelled' };

const queue = [];
let working = false;

/** Jobs go on while one looks at other views; their list is kept. */
const rows = [];

export async function show(main) {
  document.title = 'Add articles · topoi';
  main.replaceChildren(template('add'));
  element('jobs').append(...rows);
  const drop = element('drop');
  for (const id of ['files', 'folder']) {
    element(id).addEventListener('change', ({ target }) => {
      add(target.files);
      target.value = '';
    });
  }
  for (const kind of ['dragenter', 'dragover']) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
  }
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    dropped(event.dataTransfer.items).then(add);
  });
  return null;
}

/** The files among what was dropped; of a folder all that are in it. */
async function dropped(items) {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  return (await Promise.all(entries.map(filesOf))).flat();
}

async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => { entry.file(resolve, reject); })];
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) return files;
    files.push(...(await Promise.all(some.map(filesOf))).flat());
  }
}

function add(files) {
  for (const file of files) {
    const state = make('p', { class: 'state' }, STATES.queued);
    const bar = make('progress', { max: 1, 'aria-label': `Progress of ${file.name}`, hidden: true });
    const entry = { file, state, bar, job: null, given: false };
    entry.cancel = button('Cancel', () => cancel(entry), { 'aria-label': `Cancel ${file.name}` });
    entry.row = make('li', {}, foreign('strong', {}, file.name), state, bar, entry.cancel);
    rows.push(entry.row);
    queue.push(entry);
    element('jobs').append(entry.row);
  }
  work();
}

async function work() {
  if (working) return;
  working = true;
  while (queue.length) {
    const entry = queue.shift();
    if (entry.given) continue;
    await take(entry).catch((error) => end(entry, error.message));
  }
  working = false;
}

async function take(entry) {
  await entry.file.slice(0, 1).arrayBuffer().catch(() => { throw new Error('it can’t be read'); });
  entry.state.textContent = 'being sent';
  entry.bar.hidden = false;
  const headers = { 'content-type': 'application/octet-stream' };
  const response = await send(address('index', { name: entry.file.name }), { method: 'POST', headers, body: entry.file });
  entry.job = (await response.json()).job;
  progress(entry, entry.job);
  finished(entry, await follow(entry));
}

/** Follows a job by its events; where they break off, it is asked how far it came. */
function follow(entry) {
  const path = `index/${entry.job.id}`;
  return new Promise((resolve, reject) => {
    const events = new EventSource(address(`${path}/events`));
    const close = (settle, value) => { events.close(); settle(value); };
    events.addEventListener('progress', (event) => progress(entry, JSON.parse(event.data).job));
    events.addEventListener('end', (event) => close(resolve, JSON.parse(event.data).job));
    events.addEventListener('error', async () => {
      try {
        const { job } = await (await send(address(path))).json();
        if (FINAL.includes(job.state)) close(resolve, job);
        else if (events.readyState === EventSource.CLOSED) throw new Error('The server no longer tells how far it is.');
      } catch (error) {
        close(reject, error);
      }
    });
  });
}

function progress({ state, bar }, job) {
  const { queued, embedded } = job;
  state.textContent = queued ? `${STATES[job.state]}: ${number(embedded)} of ${counted(queued, 'passage')}` : STATES[job.state];
  if (queued) bar.value = embedded / queued;
}

function finished(entry, job) {
  const refused = job.refused ?? [];
  const taken = job.articles || job.passages ? `${counted(job.articles, 'article')}, ${counted(job.passages, 'passage')}` : 'nothing new';
  if (refused.length && !job.articles) end(entry, 'refused', refused);
  else if (job.state === 'done') end(entry, `done: ${taken}`, refused);
  else end(entry, job.error ? `${STATES[job.state]}: ${job.error}` : STATES[job.state], refused);
}

function end(entry, text, refused = []) {
  entry.given = true;
  entry.bar.remove();
  entry.cancel.remove();
  entry.state.textContent = text;
  if (refused.length) {
    entry.row.append(make('ul', { class: 'refused' }, ...refused.map(({ path, reason }) =>
      make('li', {}, foreign('span', {}, path), ': ', foreign('span', {}, reason)))));
  }
  say(`${entry.file.name}: ${text}`);
}

/** A job that the server has not heard of is simply left out. */
async function cancel(entry) {
  if (!entry.job) {
    if (queue.includes(entry)) end(entry, STATES.cancelled);
    return;
  }
  await send(address(`index/${entry.job.id}`), { method: 'DELETE' }).catch((error) => { entry.state.textContent = error.message; });
}
