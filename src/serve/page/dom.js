// Making elements. Whatever comes from the library reaches the page as text only: `textContent`, `value`, text nodes.

export const element = (id) => document.getElementById(id);

/** An element with attributes and children; children that are `null` are left out, and strings become text. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** An element for a text of any script: its direction is that of its own first letter, its language the article's. */
export const foreign = (tag, attributes, text, language = null) =>
  make(tag, { dir: 'auto', lang: language, ...attributes }, text);

/** A button that does something and sends no form. */
export const button = (text, onclick, attributes = {}) => make('button', { type: 'button', onclick, ...attributes }, text);

/** What stands in one of the page's templates. */
export const template = (name) => element(`${name}-template`).content.cloneNode(true);

/** How long the page waits before it says something, so that who types is not told of every letter. */
const QUIET_MS = 600;
let saying = 0;

/** Says something to those who hear the page. */
export function say(text) {
  clearTimeout(saying);
  saying = setTimeout(() => { element('voice').textContent = text; }, QUIET_MS);
}

/** What is said where there is nothing to show. */
export const empty = (text, ...more) => make('div', { class: 'empty' }, make('p', {}, text), ...more);
