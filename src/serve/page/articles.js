// The articles of a library, page by page.

import { get } from './api.js';
import { element, empty, foreign, make, say, template } from './dom.js';
import { addFilters, fillFilters, readFilters, writeFilters } from './filters.js';
import { link, note } from './route.js';
import { byLine, counted, number, titleOf } from './words.js';

const PAGE = 50;
const TYPING_MS = 150;

let view = new AbortController().signal;
let asking = new AbortController();

export async function show(main, route, signal) {
  view = signal;
  const isNew = !element('articles-form');
  if (isNew) {
    main.replaceChildren(template('articles'));
    let typing = 0;
    const changed = () => {
      clearTimeout(typing);
      typing = setTimeout(() => {
        if (view.aborted) return;
        note(link('articles', readFilters()));
        list(new URLSearchParams(readFilters()), 1);
      }, TYPING_MS);
    };
    addFilters(element('filters'), changed);
    element('articles-form').addEventListener('submit', (event) => event.preventDefault());
    fillFilters(signal);
  }
  document.title = 'Articles · topoi';
  writeFilters(route.params);
  await list(route.params, Math.max(1, Number(route.params.get('page')) || 1));
  return null;
}

async function list(params, page) {
  asking.abort();
  asking = new AbortController();
  const signal = AbortSignal.any([view, asking.signal]);
  const filters = Object.fromEntries([...params].filter(([name]) => !['page', 'library'].includes(name)));
  try {
    const { total, articles } = await get('articles', { ...filters, limit: PAGE, offset: (page - 1) * PAGE }, signal);
    element('count').textContent = counted(total, 'article');
    say(counted(total, 'article'));
    element('shelf').replaceChildren(...articles.length ? articles.map(entry) : [make('li', {}, empty('There are no such articles.'))]);
    pages(filters, page, Math.ceil(total / PAGE));
  } catch (error) {
    if (signal.aborted) return;
    element('count').textContent = '';
    element('shelf').replaceChildren(make('li', {}, empty(error.message)));
  }
}

const entry = (article) => make('li', {},
  foreign('a', { class: 'title', id: `article-${article.id}`, href: link('article', {}, article.id) }, titleOf(article), article.language),
  foreign('span', { class: 'by' }, byLine(article)),
  make('span', { class: 'size' }, `${number(article.paragraphs)} ¶`));

function pages(filters, page, last) {
  const to = (text, other) => make('a', { href: link('articles', { ...filters, page: other > 1 ? other : '' }) }, text);
  element('pages').hidden = last < 2;
  element('pages').replaceChildren(
    page > 1 ? to('Previous', page - 1) : '',
    make('span', { class: 'soft' }, `Page ${number(page)} of ${number(last)}`),
    page < last ? to('Next', page + 1) : '');
}
