// Reading: an article in the middle, and beside it what belongs beside the chosen paragraph.

import { get } from './api.js';
import { element, empty, foreign, make, say, template } from './dom.js';
import { card, marked } from './passage.js';
import { here, link, note } from './route.js';
import { byLine, counted, languageName, placed, themeName, titleOf, webAddress } from './words.js';

/** How many passages are fetched at a time, and how many are shown beside. */
const PAGE = 200;
const BESIDE = 8;

/** Who walks through the paragraphs with the keys is told what belongs beside one after this rest. */
const REST_MS = 150;

/** Where one can have come from. */
const BACK = { search: 'Back to the results', theme: 'Back to the theme', article: 'Back to the article', articles: 'Back to the articles' };

let view = new AbortController().signal;
let asking = new AbortController();
let resting = 0;
let article = null;
let from = 0;
let until = 0;

/** Shows an article, or the article of a passage. */
export async function show(main, route, signal) {
  view = signal;
  clearTimeout(resting);
  const at = Number(route.params.get('at')) || null;
  const first = await pageOf(route.id, at);
  if (signal.aborted) return null;
  article = first.article;
  main.replaceChildren(template('article'));
  head(first);
  document.title = `${titleOf(article)} · topoi`;
  [from, until] = [first.offset, first.offset];
  append(first);
  element('earlier').addEventListener('click', earlier);
  element('later').addEventListener('click', later);
  element('related-more').addEventListener('click', moreRelated);
  element('paragraphs').addEventListener('click', pick);
  element('to-aside').addEventListener('click', (event) => {
    event.preventDefault();
    toAside();
  });
  const chosen = at && element(`p-${at}`);
  if (chosen) markIn(chosen, route.params.get('mark'));
  choose(chosen);
  if (route.params.get('beside')) return element('aside');
  return chosen ? chosen.querySelector('.number') : null;
}

/** Marks the sentence that was found. */
function markIn(chosen, mark) {
  const [, start, end] = /^(\d+)-(\d+)$/.exec(mark ?? '') ?? [];
  const text = chosen.querySelector('p');
  if (end) text.replaceChildren(...marked(text.textContent, { start: Number(start), end: Number(end) }));
}

/** The address of a passage alone leads to its article. */
export async function showPassage(main, route, signal) {
  const { passage, article: its } = await get(`passages/${route.id}`, {}, signal);
  note(link('article', { at: passage }, its.id));
  return show(main, here(), signal);
}

const fetchPage = async (id, offset, limit = PAGE) =>
  ({ ...await get(`articles/${id}`, { limit, offset }, view), offset });

/** The part of an article that holds a passage. Their numbers nearly always follow one another. */
async function pageOf(id, at) {
  const first = await fetchPage(id, 0);
  const holds = ({ passages }) => !at || passages.some(({ passage }) => passage === at);
  if (holds(first) || first.total <= PAGE) return first;
  const guess = Math.floor((at - first.passages[0].passage) / PAGE) * PAGE;
  if (guess <= 0 || guess >= first.total) return first;
  const there = await fetchPage(id, guess);
  return holds(there) ? there : first;
}

// The head: who, when, where, themes and copies.

function head({ also, themes, total }) {
  const web = article.address ? webAddress(article.address) : null;
  const place = [article.path, article.entry].filter(Boolean).join(' · ');
  const facts = [
    web ? make('a', { href: web.href, rel: 'noopener noreferrer', target: '_blank' }, `Read it at ${web.host}`) : null,
    article.address && !web ? foreign('span', { class: 'address' }, article.address) : null,
    article.language ? make('span', {}, languageName(article.language)) : null,
    make('span', {}, counted(article.paragraphs || total, 'paragraph')),
  ].filter(Boolean);
  const origin = BACK[history.state?.from];
  element('back').textContent = origin ?? 'All articles';
  element('back').href = origin ? '#back' : link('articles');
  element('reading-head').append(
    foreign('h1', { tabindex: -1 }, titleOf(article), article.language),
    foreign('p', { class: 'by' }, byLine(article)),
    make('p', { class: 'facts' }, ...facts),
    ...themes.length ? [themesOf(themes)] : [],
    ...also.length ? [copiesOf(also)] : [],
    place ? make('p', { class: 'path', dir: 'ltr' }, place) : '');
}

const themesOf = (themes) => make('ul', { class: 'shares', 'aria-label': 'Its themes' }, ...themes.map((theme) =>
  make('li', {}, foreign('a', { href: link('theme', {}, theme.theme) }, themeName({ ...theme, id: theme.theme })),
    themes.length > 1 ? make('span', { class: 'soft' }, ` ${Math.round(theme.share * 100)} %`) : null)));

const copiesOf = (also) => make('details', { class: 'also' },
  make('summary', {}, `${counted(also.length, 'copy').replace('copys', 'copies')} elsewhere`),
  make('ul', {}, ...also.map((copy) => make('li', {},
    foreign('a', { href: link('article', {}, copy.id) }, titleOf(copy), copy.language), ' ', foreign('span', { class: 'soft' }, byLine(copy))))));

// The paragraphs.

function paragraph({ passage, kind, place, text }) {
  const number = place.part > 1 ? `${place.paragraph}.${place.part}` : String(place.paragraph);
  const traits = ['paragraph', kind, place.part > 1 && 'goes-on', text.trim() === titleOf(article) && 'repeated'];
  return make('div', { class: traits.filter(Boolean).join(' '), id: `p-${passage}`, 'data-passage': passage, 'data-place': placed(place) },
    make('a', { class: 'number', href: link('article', { at: passage }, article.id), 'aria-label': `${placed(place)}: what belongs beside it` }, number),
    kind === 'body' ? null : make('span', { class: 'kind' }, kind),
    foreign('p', {}, text, article.language));
}

function ends(total) {
  element('earlier').hidden = from === 0;
  element('later').hidden = until >= total;
}

function append({ passages, total }) {
  element('paragraphs').append(...passages.map(paragraph));
  until += passages.length;
  ends(total);
}

async function later() {
  const before = element('paragraphs').children.length;
  append(await fetchPage(article.id, until));
  element('paragraphs').children[before]?.querySelector('.number').focus();
}

/** What is put before the text must not move what is read. */
async function earlier() {
  const limit = Math.min(PAGE, from);
  const { passages, total } = await fetchPage(article.id, from - limit, limit);
  const height = document.documentElement.scrollHeight;
  element('paragraphs').prepend(...passages.map(paragraph));
  from -= limit;
  ends(total);
  scrollBy({ top: document.documentElement.scrollHeight - height, behavior: 'instant' });
}

// Choosing a paragraph.

/** A click on a paragraph chooses it, unless it ends a selection of text. */
function pick(event) {
  const chosen = event.target.closest('.paragraph');
  const number = event.target.closest('.number');
  if (!chosen || event.ctrlKey || event.metaKey || event.shiftKey || (!number && !getSelection().isCollapsed)) return;
  event.preventDefault();
  event.stopPropagation();
  choose(chosen);
}

/** Chooses a paragraph; none is chosen where one reads the whole. */
export function choose(chosen, { rest = 0 } = {}) {
  for (const old of document.querySelectorAll('.paragraph.chosen')) {
    old.classList.remove('chosen');
    old.querySelector('.number').removeAttribute('aria-current');
  }
  chosen?.classList.add('chosen');
  chosen?.querySelector('.number').setAttribute('aria-current', 'true');
  if (chosen?.dataset.passage !== (here().params.get('at') ?? undefined)) note(link('article', { at: chosen?.dataset.passage }, article.id));
  clearTimeout(resting);
  resting = setTimeout(() => beside(chosen), rest);
}

/** Goes to the next paragraph or the one before. */
export function step(way) {
  const all = [...element('paragraphs').children];
  const now = all.indexOf(document.querySelector('.paragraph.chosen'));
  const next = way > 0
    ? all.find((one, at) => at > now && one.matches('.body'))
    : all.findLast((one, at) => (now < 0 || at < now) && one.matches('.body'));
  if (!next) return;
  choose(next, { rest: REST_MS });
  next.querySelector('.number').focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}

// What belongs beside it.

let target = '';

async function beside(chosen) {
  if (view.aborted) return;
  target = chosen ? chosen.dataset.passage : `a${article.id}`;
  const what = chosen ? chosen.dataset.place : 'the whole article';
  element('aside-title').textContent = `Beside ${what}`;
  element('to-aside').textContent = `Beside ${what}`;
  element('aside').setAttribute('aria-busy', 'true');
  const results = await related(0);
  if (!results) return;
  element('related').replaceChildren(...results.map(besideItem));
  element('aside').setAttribute('aria-busy', 'false');
  element('aside').scrollTop = 0;
  element('aside-about').textContent = results.length
    ? 'From other articles, the nearest first.'
    : 'No passage of another article belongs here.';
  say(`${counted(results.length, 'passage')} beside ${what}`);
}

const besideItem = (result) => card(result, { heading: 'h3', brief: true });

async function related(offset) {
  asking.abort();
  asking = new AbortController();
  const signal = AbortSignal.any([view, asking.signal]);
  try {
    const { results } = await get('related', { to: target, limit: BESIDE, offset, why: true }, signal);
    element('related-more').hidden = results.length < BESIDE;
    return results;
  } catch (error) {
    if (!signal.aborted) element('related').replaceChildren(make('li', {}, empty(error.message)));
    return null;
  }
}

async function moreRelated() {
  const list = element('related');
  const offset = list.children.length;
  const results = await related(offset);
  list.append(...(results ?? []).map(besideItem));
  list.children[offset]?.querySelector('.title').focus();
}

/** Goes to what belongs beside the chosen paragraph. */
export function toAside() {
  element('aside').focus({ preventScroll: true });
  element('aside').scrollIntoView({ block: 'start' });
}
