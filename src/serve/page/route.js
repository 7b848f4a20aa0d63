// Where the page is: `#/VIEW/ID?PARAMETERS`. What stands behind the `#` is in no server's log.

/** What can be asked; all else in an address is left out. */
const KNOWN = new Set(['q', 'mode', 'author', 'source', 'after', 'before', 'lang', 'path', 'theme', 'all_kinds', 'like',
  'unlike', 'show', 'at', 'mark', 'beside', 'page', 'library']);

/** The view, what it shows, and the parameters. */
export function parse(hash) {
  const [, path, , query] = /^#?\/?([^?]*)(\?(.*))?$/s.exec(hash);
  const [view, id] = path.split('/');
  const params = new URLSearchParams([...new URLSearchParams(query ?? '')].filter(([name, value]) => KNOWN.has(name) && value));
  return { view: view || 'search', id: /^a?\d+$/.test(id) ? id : '', params };
}

export const here = () => parse(location.hash);

/** The library that is looked at: it stays the same from link to link. */
export const library = () => here().params.get('library');

/** The address of a view: parameters that are empty are left out. */
export function link(view, params = {}, id = '') {
  const given = new URLSearchParams();
  const pairs = params instanceof URLSearchParams ? [...params] : Object.entries(params);
  for (const [name, value] of [...pairs, ['library', library()]]) {
    if (value !== null && value !== undefined && value !== '' && !given.has(name)) given.set(name, value);
  }
  const path = view === 'search' ? '' : `${view}${id === '' ? '' : `/${id}`}`;
  return `#/${path}${given.size ? `?${given}` : ''}`;
}

/** What is to be kept of an entry of the history, so that who comes back finds the same place. */
export function leave(state) {
  history.replaceState({ ...history.state, ...state }, '');
}

/** Another address for what is shown already: as a new entry of the history, or instead of the present one. */
export function note(href, { push = false } = {}) {
  if (href === location.hash || (href === '#/' && !location.hash)) return;
  if (push) history.pushState({}, '', href);
  else history.replaceState(history.state, '', href);
}

/** Goes to an address, as a link does. */
export function go(href) {
  document.dispatchEvent(new CustomEvent('go', { detail: href }));
}
