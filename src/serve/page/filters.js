// The filters that searching and the list of articles share.

import { get, whenReady } from './api.js';
import { element, make, template } from './dom.js';
import { counted, languageName, themeName } from './words.js';

const FIELDS = ['author', 'source', 'after', 'before', 'lang', 'theme'];
const DATE = /^\d{4}(-\d\d(-\d\d)?)?$/;

const option = (value, text = value) => make('option', { value }, text);

/** What the library has to choose from. */
async function fillSources(signal) {
  const { sources, authors, languages } = await get('sources', {}, signal);
  element('authors').replaceChildren(...authors.map(({ name }) => option(name)));
  element('sources').replaceChildren(...sources.map(({ name }) => option(name)));
  choose('lang', languages.map(({ name, articles }) => option(name, `${languageName(name)} (${counted(articles, 'article')})`)));
}

/** Themes can be chosen once they were found. */
async function fillThemes(signal) {
  const response = await whenReady('themes', {}, signal, () => {});
  const { themes } = await response.json();
  choose('theme', themes.map((theme) => option(theme.id, themeName(theme))));
}

/** Puts options into a list, and keeps what was chosen even where it isn't among them. */
function choose(id, options) {
  const list = element(id);
  const { value } = list;
  list.replaceChildren(list.options[0], ...options);
  select(list, value);
}

function select(list, value) {
  if (value && ![...list.options].some((entry) => entry.value === value)) list.append(option(value));
  list.value = value;
}

/** Puts the filters into a form, and calls `changed` when one was changed. */
export function addFilters(into, changed) {
  into.prepend(template('filters'));
  for (const field of FIELDS) element(field).addEventListener(element(field).tagName === 'SELECT' ? 'change' : 'input', changed);
}

/** Fetches what can be chosen. That may come late, or not at all: the filters work without. */
export function fillFilters(signal) {
  fillSources(signal).catch(() => {});
  fillThemes(signal).catch(() => {});
}

/** Shows the filters of an address. */
export function writeFilters(params) {
  for (const field of FIELDS) {
    const value = params.get(field) ?? '';
    if (element(field).tagName === 'SELECT') select(element(field), value);
    else element(field).value = value;
  }
  checkDates();
}

/** The filters that are set; a date that is not yet complete is none. */
export function readFilters() {
  checkDates();
  return Object.fromEntries(FIELDS
    .map((field) => [field, element(field).value.trim()])
    .filter(([field, value]) => value && !(isDate(field) && !DATE.test(value))));
}

const isDate = (field) => field === 'after' || field === 'before';

function checkDates() {
  const wrong = FIELDS.filter((field) => isDate(field) && element(field).value.trim() && !DATE.test(element(field).value.trim()));
  for (const field of FIELDS.filter(isDate)) element(field).setAttribute('aria-invalid', String(wrong.includes(field)));
  element('date-wrong').textContent = wrong.length ? 'A date is 2024, 2024-05 or 2024-05-14.' : '';
}

/** How many filters an address has. */
export const countFilters = (params) => FIELDS.filter((field) => params.get(field)).length;
