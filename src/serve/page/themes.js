// What the library is about: its themes, and the passages of one.

import { get, whenReady } from './api.js';
import { button, element, empty, foreign, make, say } from './dom.js';
import { card, passages as passageCount, readAt } from './passage.js';
import { link } from './route.js';
import { ends, spark } from './spark.js';
import { byLine, counted, number, themeName, titleOf } from './words.js';

/** How many passages of a theme come at a time, and how many names stand beside it. */
const PAGE = 20;
const NAMED = 3;
const ALL_NAMED = 12;

/** A theme that rises or falls by more standard errors than this hardly does so by chance. */
const FIRM = 2;

/** Says that the themes are being found; the view stays there until they were. */
export const computing = (main, title) => () => {
  main.replaceChildren(make('h1', { tabindex: -1 }, title), empty('The themes are being found. This takes a while the first time.'));
  say('The themes are being found');
};

export async function showAll(main, route, signal) {
  document.title = 'Themes · topoi';
  const { themes, bins } = await (await whenReady('themes', {}, signal, computing(main, 'Themes'))).json();
  if (signal.aborted) return null;
  main.replaceChildren(
    make('h1', { tabindex: -1 }, 'Themes'),
    make('p', { class: 'soft' }, themes.length ? `What the library is about, in ${counted(themes.length, 'theme')}.` : ''),
    themes.length ? make('ol', { id: 'themes' }, ...themes.map((theme) => entry(theme, bins))) : empty('There is too little in this library to speak of themes.'));
  return null;
}

function entry(theme, bins) {
  const [example] = theme.exemplars;
  return make('li', { class: 'theme' },
    make('div', {},
      make('h2', {}, foreign('a', { class: 'title', id: `theme-${theme.id}`, href: link('theme', {}, theme.id) }, themeName(theme))),
      terms(theme),
      example ? quotation(example) : null,
      names(theme, NAMED)),
    make('div', { class: 'figures' },
      spark(theme.periods, bins),
      make('p', {}, size(theme), trend(theme))));
}

const size = (theme) => `${passageCount(theme.passages)} in ${counted(theme.articles, 'article')}`;

/** The words that set a theme apart, where its name doesn't say them already. */
function terms(theme) {
  const more = theme.label.filter((term) => !themeName(theme).includes(term));
  return more.length ? foreign('p', { class: 'terms' }, more.join(', ')) : null;
}

function trend({ rising }) {
  if (!rising || Math.abs(rising.z ?? 0) < FIRM) return '';
  return make('span', { class: 'trend' }, rising.z > 0 ? ' · rising' : ' · falling');
}

const quotation = ({ text, passage, article }) => make('blockquote', {},
  foreign('p', {}, text, article.language),
  make('footer', {}, foreign('a', { href: readAt(article, passage) }, titleOf(article), article.language), ' ',
    foreign('span', { class: 'soft' }, byLine(article))));

/** Who writes of it and where; each name leads to its articles of the theme. */
function names(theme, most) {
  const list = (kind, entries) => entries.slice(0, most).flatMap(({ name, passages }, i) => [
    i ? ', ' : '',
    foreign('a', { href: link('articles', { theme: theme.id, [kind]: name }) }, name),
    ` ${number(passages)}`,
  ]);
  const line = (text, kind, entries) => entries.length ? make('p', { class: 'names' }, `${text} `, ...list(kind, entries)) : null;
  return make('div', {}, line('By', 'author', theme.authors), line('In', 'source', theme.sources));
}

// One theme.

export async function showOne(main, route, signal) {
  const fetchPage = (offset) => get(`themes/${route.id}`, { limit: PAGE, offset }, signal);
  const all = await (await whenReady('themes', {}, signal, computing(main, 'Theme'))).json();
  const { theme, total, passages } = await fetchPage(0);
  if (signal.aborted) return null;
  document.title = `${themeName(theme)} · topoi`;
  const list = make('ol', { class: 'hits', 'aria-label': 'Its passages, the firmest first' }, ...passages.map((result) => card(result)));
  const more = button('More', async () => {
    const offset = list.children.length;
    list.append(...(await fetchPage(offset)).passages.map((result) => card(result)));
    tell();
    list.children[offset]?.querySelector('.title').focus();
  }, { id: 'more' });
  const tell = () => {
    more.hidden = list.children.length >= total;
    more.textContent = `More of ${number(total)}`;
  };
  tell();
  main.replaceChildren(make('p', { class: 'back' }, make('a', { href: link('themes') }, 'All themes')),
    make('header', { class: 'theme-head' },
      make('div', {},
        foreign('h1', { tabindex: -1 }, themeName(theme)),
        terms(theme),
        names(theme, ALL_NAMED),
        make('p', {}, make('a', { href: link('search', { theme: theme.id }) }, 'Search in this theme'))),
      make('div', { class: 'figures' }, spark(theme.periods, all.bins), ends(all.bins), make('p', {}, size(theme), trend(theme)))),
    list, more);
  return null;
}

// The map.

export async function showMap(main, route, signal) {
  document.title = 'Map · topoi';
  const map = await whenReady('themes/map', {}, signal, computing(main, 'Map'));
  await map.body?.cancel();
  if (signal.aborted) return null;
  const frame = make('iframe', { id: 'map', title: 'Map of the themes', src: map.url });
  main.replaceChildren(make('h1', { class: 'unseen', tabindex: -1 }, 'Map'), frame);
  frame.addEventListener('load', () => sameGround(frame));
  document.addEventListener('ground', () => sameGround(frame), { signal });
  return element('main').querySelector('h1');
}

/** The map has its own button for light and dark; it follows the page's. */
function sameGround(frame) {
  const own = frame.contentDocument?.documentElement.dataset.ground;
  const wanted = element('ground').getAttribute('aria-pressed') === 'true' ? 'dark' : 'light';
  if (own && own !== wanted) frame.contentDocument.getElementById('ground')?.click();
}
