// The page: which view is shown, and what changes when one goes from one to another.

import * as add from './add.js';
import { Refused, get } from './api.js';
import * as article from './article.js';
import * as articles from './articles.js';
import { button, element, empty, make, say } from './dom.js';
import './keys.js';
import { tell } from './notice.js';
import { here, leave, link } from './route.js';
import * as search from './search.js';
import * as themes from './themes.js';

const VIEWS = {
  search: search.show,
  article: article.show,
  passage: article.showPassage,
  articles: articles.show,
  themes: themes.showAll,
  theme: themes.showOne,
  map: themes.showMap,
  add: add.show,
};

/** Under which entry of the navigation a view is. */
const UNDER = { article: 'articles', passage: 'articles', theme: 'themes' };

const main = element('main');
let leaving = new AbortController();

/** Shows what the address says. `how` is `first`, `new` or `back`. */
async function render(how) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const route = here();
  navigation(route);
  main.setAttribute('aria-busy', 'true');
  try {
    const target = await (VIEWS[route.view] ?? unknown)(main, route, signal);
    if (!signal.aborted) arrive(how, target);
  } catch (error) {
    if (!signal.aborted) failed(error);
  } finally {
    if (!signal.aborted) main.setAttribute('aria-busy', 'false');
  }
}

function unknown() {
  main.replaceChildren(make('h1', { tabindex: -1 }, 'There is no such view'), make('p', {}, make('a', { href: link('search') }, 'Search')));
  return null;
}

function failed(error) {
  document.title = 'topoi';
  main.replaceChildren(make('h1', { tabindex: -1 }, error.status === 404 ? 'There is no such thing here' : 'No answer'),
    empty(error.message, button('Try again', () => render('new'), { class: 'firm' })));
  main.querySelector('h1').focus();
  say(error.message);
}

/** The focus goes where one wants to go on: to what one left, to what was asked for, or to the heading. */
function arrive(how, target) {
  const { scroll, focus } = history.state ?? {};
  if (how === 'back' && scroll !== undefined) {
    scrollTo({ top: scroll, behavior: 'instant' });
    if (focus) element(focus)?.focus({ preventScroll: true });
    return;
  }
  const isField = target?.id === 'q';
  if (how === 'first' && isField && (target.value || matchMedia('(pointer: coarse)').matches)) return;
  if (!target || isField) scrollTo({ top: 0, behavior: 'instant' });
  if (how === 'first' && !target) return;
  const goal = target ?? main.querySelector('h1') ?? main;
  goal.focus({ preventScroll: true });
  if (target && !isField) goal.scrollIntoView({ block: target.id === 'aside' ? 'nearest' : 'center', behavior: 'instant' });
}

/** Leaves for another address, and keeps for the way back where one was. */
function go(href) {
  leave({ scroll: scrollY, focus: document.activeElement?.id });
  const from = here().view;
  history.pushState({ from }, '', href);
  render('new');
}

function navigation(route) {
  const now = UNDER[route.view] ?? route.view;
  for (const entry of element('views').children) {
    entry.href = link(entry.dataset.view);
    if (entry.dataset.view === now) entry.setAttribute('aria-current', 'page');
    else entry.removeAttribute('aria-current');
  }
  element('home').href = link('search');
}

/** Which libraries there are, and what one may do with the one that is looked at. */
async function libraries() {
  const { libraries: all } = await get('libraries');
  const chooser = element('library');
  chooser.replaceChildren(...all.map(({ name }) => make('option', { value: name }, name)));
  chooser.value = here().params.get('library') ?? all[0]?.name ?? '';
  element('libraries').hidden = all.length < 2;
  const mayIndex = () => { element('views').querySelector('[data-view=add]').hidden = !all.find(({ name }) => name === chooser.value)?.can_index; };
  mayIndex();
  chooser.addEventListener('change', () => {
    mayIndex();
    main.replaceChildren();
    go(`#/?${new URLSearchParams({ library: chooser.value })}`);
  });
}

/** A plain click on a link of the page is a step within it. */
function follow(event) {
  const anchor = event.target.closest?.('a[href^="#"]');
  if (!anchor || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const href = anchor.getAttribute('href');
  if (href === '#back') history.back();
  else if (href === '#main') main.focus();
  else if (href.startsWith('#/')) go(href);
  else return;
  event.preventDefault();
}

/** What was asked beside a view (a context, more of a list) and was refused, or given up when the view was left. */
function unasked(event) {
  const { reason } = event;
  if (reason instanceof Refused) tell(reason.message);
  else if (reason?.name !== 'AbortError') return;
  event.preventDefault();
}

history.scrollRestoration = 'manual';
document.addEventListener('click', follow);
document.addEventListener('go', ({ detail }) => go(detail));
addEventListener('popstate', () => render('back'));
addEventListener('pagehide', () => leave({ scroll: scrollY, focus: document.activeElement?.id }));
addEventListener('unhandledrejection', unasked);
render(history.state?.scroll === undefined ? 'first' : 'back');
libraries().catch((error) => say(error.message));
