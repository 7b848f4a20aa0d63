// Searching: an answer while one types, the sentence that matches right after it.

import { get, post, whenReady } from './api.js';
import { button, element, empty, foreign, make, say, template } from './dom.js';
import { addFilters, countFilters, fillFilters, readFilters, writeFilters } from './filters.js';
import { card, identity, passages, refresh } from './passage.js';
import { link, note } from './route.js';
import { counted, dated, placed, themeName, titleOf } from './words.js';

/** How long after a keystroke a question is asked. */
const TYPING_MS = 40;

/** After so long without a keystroke what was typed is an entry of the history, and the next keystroke begins another. */
const SETTLED_MS = 1500;

/** How many results come at a time, how many an address remembers, and after how many there are no more. */
const PAGE = 10;
const REMEMBERED = 100;
const LAST = 500;

/** How many passages the server leaves out at most. */
const MOST_EXCEPT = 1000;

/** A question that is longer than this doesn't fit into an address that is asked for. */
const LONG = 1500;

/** Above this many passages it takes so long to find the themes that they are found when they are asked for. */
const QUICK_THEMES = 20000;

const ASKED = ['q', 'mode', 'author', 'source', 'after', 'before', 'lang', 'path', 'theme', 'all_kinds'];
const LIKES = { like: 'More like', unlike: 'Less like' };

let view = new AbortController().signal;
let asking = new AbortController();
let params = new URLSearchParams();
let typing = 0;
let settling = 0;
let settled = true;

/** Shows the search of an address. The form stays as it is where it is there already. */
export async function show(main, route, signal) {
  view = signal;
  clearTimeout(typing);
  if (!element('search-form')) build(main);
  params = route.params;
  settled = true;
  writeForm();
  document.title = params.get('q') ? `${params.get('q')} · topoi` : 'topoi';
  await run();
  return element('q');
}

function build(main) {
  main.replaceChildren(template('search'));
  titles.clear();
  addFilters(element('filters'), () => type());
  const form = element('search-form');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    clearTimeout(settling);
    await change({ push: settled });
    settled = true;
    element('results').querySelector('.title')?.focus();
  });
  element('q').addEventListener('input', (event) => { if (!event.isComposing) type(); });
  element('q').addEventListener('compositionend', () => type());
  for (const name of ['mode', 'all_kinds']) form.elements[name].addEventListener('change', () => change({ push: true }));
  element('filters-button').addEventListener('click', () => openFilters(element('filters').hidden));
  element('clear').addEventListener('click', clearFilters);
  element('more').addEventListener('click', more);
}

/** What can be chosen is fetched when the filters are opened. */
function openFilters(open) {
  if (open && element('filters').hidden) fillFilters(view);
  element('filters').hidden = !open;
  element('filters-button').setAttribute('aria-expanded', String(open));
}

// The form and the address say the same.

function writeForm() {
  const form = element('search-form');
  if (element('q').value.trim() !== (params.get('q') ?? '')) element('q').value = params.get('q') ?? '';
  form.elements.mode.value = params.get('mode') ?? '';
  form.elements.all_kinds.checked = params.get('all_kinds') === 'true';
  writeFilters(params);
  showState();
  if (countFilters(params) || params.get('mode') || params.get('all_kinds')) openFilters(true);
}

function readForm() {
  const form = element('search-form');
  const kept = ['like', 'unlike', 'path', 'library'].map((name) => [name, params.get(name)]);
  const given = {
    q: element('q').value.trim(),
    mode: form.elements.mode.value,
    all_kinds: form.elements.all_kinds.checked ? 'true' : '',
    ...readFilters(),
    ...Object.fromEntries(kept),
  };
  return new URLSearchParams(Object.entries(given).filter(([, value]) => value));
}

/** Something was typed: asks once the fingers rest. The first keystroke after a rest begins a new entry of the history. */
function type() {
  clearTimeout(typing);
  clearTimeout(settling);
  typing = setTimeout(() => {
    if (view.aborted) return;
    change({ push: settled });
    settled = false;
  }, TYPING_MS);
  settling = setTimeout(() => { settled = true; }, SETTLED_MS);
}

/** Asks what the form says now, and puts it into the address. */
async function change({ push }) {
  clearTimeout(typing);
  const now = readForm();
  if (sorted(now) === sorted(readWithoutShow())) {
    await running;
    return;
  }
  params = now;
  showState();
  note(link('search', params), { push });
  document.title = params.get('q') ? `${params.get('q')} · topoi` : 'topoi';
  await run();
}

const sorted = (some) => String([...some].sort());

function readWithoutShow() {
  const before = new URLSearchParams(params);
  before.delete('show');
  return before;
}

function clearFilters() {
  const kept = ['q', 'like', 'unlike', 'library'].filter((name) => params.get(name));
  params = new URLSearchParams(kept.map((name) => [name, params.get(name)]));
  writeForm();
  note(link('search', params), { push: true });
  run();
  element('q').focus();
}

/** Says which filters are set, and what the search is refined by. */
function showState() {
  const count = countFilters(params) + ['mode', 'all_kinds', 'path'].filter((name) => params.get(name)).length;
  element('filters-button').textContent = count ? `Filters (${count})` : 'Filters';
  element('clear').hidden = count === 0;
  const likes = Object.keys(LIKES).flatMap((kind) => listed(kind).map((target) => likeItem(kind, target)));
  element('likes').replaceChildren(...likes);
  element('likes').hidden = likes.length === 0;
}

// More and less of a kind.

const listed = (kind) => (params.get(kind) ?? '').split(',').filter((target) => /^a?\d+$/.test(target));
const titles = new Map();

function likeItem(kind, target) {
  const name = foreign('span', {}, '');
  const remove = button('×', () => refine(kind, target, false));
  const tell = (title) => {
    name.textContent = title;
    remove.setAttribute('aria-label', `No longer: ${LIKES[kind].toLowerCase()} ${title}`);
  };
  tell(titles.get(target) ?? target);
  if (!titles.has(target)) {
    nameOf(target).then((title) => {
      titles.set(target, title);
      tell(title);
    }, () => {});
  }
  return make('li', {}, `${LIKES[kind]} `, name, remove);
}

async function nameOf(target) {
  if (target.startsWith('a')) return titleOf((await get(`articles/${target}`, { limit: 1 }, view)).article);
  const { article, place } = await get(`passages/${target}`, {}, view);
  return `${titleOf(article)}, ${placed(place)}`;
}

function refine(kind, target, wanted) {
  const sets = Object.fromEntries(Object.keys(LIKES).map((name) => [name, new Set(listed(name))]));
  for (const set of Object.values(sets)) set.delete(String(target));
  if (wanted) sets[kind].add(String(target));
  params = readWithoutShow();
  for (const [name, set] of Object.entries(sets)) {
    if (set.size) params.set(name, [...set].join());
    else params.delete(name);
  }
  showState();
  note(link('search', params), { push: true });
  run();
  scrollTo(0, 0);
  element('q').focus({ preventScroll: true });
}

// Asking.

/** What the server is asked. Lists and long questions go into a body, where numbers are numbers. */
function ask(extra, signal) {
  const fields = Object.fromEntries(ASKED.filter((name) => params.get(name)).map((name) => [name, params.get(name)]));
  const likes = Object.keys(LIKES).filter((kind) => listed(kind).length);
  if (!likes.length && !extra.except && fields.q.length < LONG) return get('search', { ...fields, ...extra }, signal);
  const body = { ...fields, ...extra, ...Object.fromEntries(likes.map((kind) => [kind, listed(kind)])) };
  if (body.theme) body.theme = Number(body.theme);
  if (body.all_kinds) body.all_kinds = true;
  return post('search', body, signal);
}

/** Only the newest question is answered: those before it are given up. */
function begin() {
  asking.abort();
  asking = new AbortController();
  return AbortSignal.any([view, asking.signal]);
}

let running = Promise.resolve();

/** Asks what the address says. */
function run() {
  running = answerAddress();
  return running;
}

async function answerAddress() {
  const signal = begin();
  const asked = Boolean(params.get('q'));
  element('results').setAttribute('aria-busy', 'false');
  element('search-form').classList.toggle('asked', asked);
  element('entrance').hidden = asked;
  if (!asked) {
    element('results').replaceChildren();
    element('more').hidden = true;
    element('count').textContent = '';
    await enter(signal).catch(() => {});
    return;
  }
  const limit = Math.min(Math.max(Number(params.get('show')) || PAGE, PAGE), REMEMBERED);
  await answer({ limit }, signal, (results, found) => {
    fill(results);
    shown(results, limit, found.timings);
    if (!results.length) nothing(found.nearest_miss);
  });
}

/** Asks for results, and then, which takes longer, for the sentence that matches in each. */
async function answer(extra, signal, use) {
  const list = element('results');
  list.setAttribute('aria-busy', 'true');
  try {
    const found = await ask(extra, signal);
    if (signal.aborted) return;
    list.setAttribute('aria-busy', 'false');
    use(found.results, found);
    if (found.results.length) explain(extra, signal);
  } catch (error) {
    if (signal.aborted) return;
    list.setAttribute('aria-busy', 'false');
    refused(error);
  }
}

async function explain(extra, signal) {
  const found = await ask({ ...extra, why: true }, signal).catch(() => null);
  if (!found || signal.aborted) return;
  const items = new Map([...element('results').children].map((item) => [item.dataset.passage, item]));
  for (const result of found.results) {
    const item = items.get(String(result.passage));
    if (item) refresh(item, result);
  }
}

// Showing.

const item = (result) => {
  const made = card(result, { onlike: (kind, target) => refine(kind, target, true) });
  made.dataset.identity = identity(result);
  return made;
};

/** Shows results; an item that was there before stays, with what was opened in it. Where all stay, none loses the focus. */
function fill(results) {
  const list = element('results');
  const there = [...list.children];
  if (results.length === there.length && results.every((result, i) => there[i].dataset.identity === identity(result))) {
    results.forEach((result, i) => refresh(there[i], result));
    return;
  }
  const before = new Map(there.map((one) => [one.dataset.identity, one]));
  list.replaceChildren(...results.map((result) => {
    const kept = before.get(identity(result));
    if (kept) refresh(kept, result);
    return kept ?? item(result);
  }));
}

/** Says how many results there are, and whether there may be more. */
function shown(results, limit, timings) {
  const full = results.length >= limit;
  const count = element('results').children.length;
  const text = count ? `${full ? 'The first ' : ''}${passages(count)}` : 'Nothing found';
  element('count').textContent = timings && count ? `${text} · ${Math.max(1, Math.round(timings.embedding_ms + timings.search_ms))} ms` : text;
  element('more').hidden = !full || count >= LAST;
  say(count ? `${text} for ${params.get('q')}` : text);
}

/** What is shown, with its copies, is left out of what comes next: counted, some would come twice in a large library. */
async function more() {
  const list = element('results');
  const offset = list.children.length;
  const except = [...list.children].flatMap((one) => one.dataset.identity.split(',')).slice(0, MOST_EXCEPT);
  await answer({ limit: PAGE, except }, begin(), (results) => {
    list.append(...results.map(item));
    shown(results, PAGE);
    params.set('show', Math.min(list.children.length, REMEMBERED));
    note(link('search', params));
    list.children[offset]?.querySelector('.title').focus();
  });
}

function nothing(miss) {
  const filtered = !element('clear').hidden;
  element('results').append(make('li', {}, empty('No passage says anything like this.',
    make('p', { class: 'soft' }, filtered ? 'The filters may leave out what you look for.' : 'Say it in other words, or in a whole sentence.'),
    filtered ? button('Clear filters', clearFilters, { class: 'firm' }) : null,
    miss ? make('p', { class: 'soft' }, 'The nearest is ', make('a', { href: link('article', { at: miss.passage }, miss.article.id) }, titleOf(miss.article)), '.') : null)));
}

function refused(error) {
  element('count').textContent = 'No answer';
  element('more').hidden = true;
  element('results').replaceChildren(make('li', {}, empty(error.message, button('Try again', () => run(), { class: 'firm' }))));
  say(error.message);
}

// Before anything is asked: what the library is.

async function enter(signal) {
  const [{ libraries }, sources] = await Promise.all([get('libraries', {}, signal), get('sources', {}, signal)]);
  const library = libraries.find(({ name }) => name === params.get('library')) ?? libraries[0];
  if (library?.problem) {
    element('entrance').replaceChildren(empty(library.problem));
    return;
  }
  if (!library?.passages) {
    element('entrance').replaceChildren(empty('There is nothing in this library yet.',
      library?.can_index ? make('a', { class: 'firm', href: link('add') }, 'Add articles') : make('p', { class: 'soft' }, 'Its keeper adds articles with ', make('code', {}, 'topoi index FOLDER'), '.')));
    return;
  }
  const span = sources.from ? `, ${[sources.from, sources.until].filter(Boolean).map(dated).join(' to ')}` : '';
  element('entrance').replaceChildren(make('p', { class: 'soft' },
    `${passages(library.passages)} in ${counted(library.articles, 'article')}${span}.`));
  if (library.passages <= QUICK_THEMES) enterThemes(signal).catch(() => {});
}

async function enterThemes(signal) {
  const { themes } = await (await whenReady('themes', {}, signal, () => {})).json();
  if (!themes.length) return;
  element('entrance').append(make('h2', {}, 'What it is about'), make('ul', { class: 'doors' },
    ...themes.map((theme) => make('li', {}, foreign('a', { href: link('theme', {}, theme.id) }, themeName(theme))))));
}
