// A passage as it stands in a list: its article, its text with the sentence that matches, its copies, what stands around it.

import { get } from './api.js';
import { button, foreign, make } from './dom.js';
import { link } from './route.js';
import { byLine, counted, placed, sureness, titleOf } from './words.js';

/** How many paragraphs are shown around a passage, on each side. */
const AROUND = 2;

/** How many sources are named of a passage's copies. */
const NAMED = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A text with a part of it marked. The server counts bytes of UTF-8, a script counts units of UTF-16. */
export function marked(text, span) {
  if (!span) return [text];
  const bytes = encoder.encode(text);
  const part = (start, end) => decoder.decode(bytes.subarray(start, end));
  return [part(0, span.start), make('mark', {}, part(span.start, span.end)), part(span.end)];
}

/** The sentence that matches; of a single sentence there is no need to say that it is the one. */
const bestOf = (why) => why?.sentences.length > 1 ? why.sentences[why.best] : null;

/** Where a passage is read: in its article, with the same sentence marked. */
export const readAt = (article, passage, span = null) =>
  link('article', { at: passage, mark: span && `${span.start}-${span.end}` }, article.id);

/** Copies of a passage in other articles: the first sources, and all of them where one wants to see them. */
function alsoIn(result) {
  const others = (result.also ?? []).filter((copy) => copy.article.id !== result.article.id);
  if (!others.length) return null;
  const names = [...new Set(others.map(({ article }) => article.source ?? titleOf(article)))];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const copies = others.map(({ passage, article }) => make('li', {},
    foreign('a', { href: readAt(article, passage) }, titleOf(article), article.language), ' ',
    foreign('span', { class: 'soft' }, byLine(article))));
  return make('details', { class: 'also' },
    foreign('summary', {}, `also in ${names.slice(0, NAMED).join(', ')}${more}`), make('ul', {}, ...copies));
}

const around = (paragraphs, language) => paragraphs.map(({ text, kind }) =>
  foreign('p', { class: kind === 'body' ? 'around' : `around ${kind}` }, text, language));

/** Shows the paragraphs around a passage, or hides them again. */
async function toggleContext(item, result, toggle) {
  const shown = item.querySelectorAll('.around');
  if (shown.length) {
    shown.forEach((paragraph) => paragraph.remove());
    toggle.setAttribute('aria-expanded', 'false');
    return;
  }
  toggle.disabled = true;
  try {
    const { context } = await get(`passages/${result.passage}`, { context: AROUND });
    const text = item.querySelector('.text');
    text.before(...around(context?.before ?? [], result.article.language));
    text.after(...around(context?.after ?? [], result.article.language));
    toggle.setAttribute('aria-expanded', 'true');
  } finally {
    toggle.disabled = false;
    toggle.focus();
  }
}

function actions(item, result, onlike) {
  const { passage, article, place } = result;
  const name = titleOf(article);
  const context = button('Context', () => toggleContext(item, result, context),
    { 'aria-expanded': 'false', 'aria-label': `Context of “${name}”, ${placed(place)}`, 'data-key': 'c' });
  const like = (kind, text) => button(text, () => onlike(kind, passage), { 'aria-label': `${text}: “${name}”, ${placed(place)}` });
  return make('p', { class: 'actions' },
    make('span', { class: 'place' }, `${result.kind === 'body' ? '' : `${result.kind} · `}${placed(place)} of ${article.paragraphs}`),
    context,
    make('a', { href: link('article', { at: passage, beside: 1 }, article.id), 'data-key': 'r', 'aria-label': `Related to “${name}”, ${placed(place)}` }, 'Related'),
    ...(onlike ? [like('like', 'More like this'), like('unlike', 'Less like this')] : []));
}

/**
 * A passage as an item of a list. `onlike` is called when somebody wants more or less of its kind; an item of a `brief`
 * list has no buttons.
 */
export function card(result, { heading = 'h2', onlike = null, brief = false } = {}) {
  const { article, passage } = result;
  const item = make('li', { class: `hit ${result.kind}`, 'data-passage': passage });
  item.append(
    make(heading, {}, foreign('a', { class: 'title', id: `hit-${passage}`, href: readAt(article, passage) }, titleOf(article), article.language)),
    make('p', { class: 'by' }, foreign('span', {}, byLine(article)), make('span', { class: 'sure' })),
    make('div', { class: 'words' }, foreign('p', { class: 'text' }, result.text, article.language)),
    ...[alsoIn(result), brief ? null : actions(item, result, onlike)].filter(Boolean));
  refresh(item, result);
  return item;
}

/** Says what a newer answer knows of a passage that is shown already. Nothing moves. */
export function refresh(item, result) {
  item.querySelector('.sure').textContent = sureness(result.sure);
  if (!result.why) return;
  const best = bestOf(result.why);
  item.querySelector('.text').replaceChildren(...marked(result.text, best));
  item.querySelector('.title').href = readAt(result.article, result.passage, best);
}

/** What must be the same of a passage for its item to stay. */
export const identity = ({ passage, also }) => [passage, ...(also ?? []).map((copy) => copy.passage)].join();

export const passages = (count) => counted(count, 'passage');
