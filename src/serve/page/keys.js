// The keys. None is taken from who types.

import { step, toAside } from './article.js';
import { element } from './dom.js';
import { go, here, link } from './route.js';

const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
const BUTTONS = ['button', 'checkbox', 'radio', 'submit', 'file'];

const isTyping = ({ target }) => target.matches?.('textarea, select, [contenteditable]')
  || (target.matches?.('input') && !BUTTONS.includes(target.type));

const titles = () => [...document.querySelectorAll('#main > .hits .title, #themes h2 .title, #shelf .title')];
const current = () => document.activeElement.closest('.hit, .theme, #shelf li');

/** Goes from one item of a list to the next; before the first is the search. */
function walk(way) {
  if (element('paragraphs') && !element('aside').contains(document.activeElement)) {
    step(way);
    return;
  }
  const aside = element('aside')?.contains(document.activeElement);
  const all = aside ? [...element('related').querySelectorAll('.title')] : titles();
  const at = all.findIndex((title) => current()?.contains(title));
  const next = all[at + way] ?? (at === 0 && way < 0 ? element('q') : null);
  next?.focus();
  next?.closest('li')?.scrollIntoView({ block: 'nearest' });
}

function search() {
  if (here().view !== 'search') go(link('search'));
  element('q')?.focus();
  element('q')?.select();
}

/** Back: from a result to the search, from what is beside to the text, from any other view to where one came from. */
function back() {
  if (element('q')) {
    element('q').focus();
    scrollTo(0, 0);
  } else if (element('aside')?.contains(document.activeElement)) {
    (document.querySelector('.paragraph.chosen .number') ?? element('back')).focus();
  } else if (history.state?.from) history.back();
  else go(link('search'));
}

function press(event) {
  const { key } = event;
  const arrow = key.startsWith('Arrow');
  if (arrow && !current() && !document.activeElement.closest('.paragraph')) return false;
  if (STEPS[key]) walk(STEPS[key]);
  else if (key === '/') search();
  else if (key === '?') element('keys').showModal();
  else if (key === 'Escape') back();
  else if (key === 'r' && element('aside')) toAside();
  else if (key === 'r' || key === 'c') current()?.querySelector(`[data-key=${key}]`)?.click();
  else return false;
  return true;
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector('dialog[open]')) return;
  if (isTyping(event)) {
    if (event.target.id === 'q' && event.key === 'ArrowDown' && !event.isComposing) {
      event.preventDefault();
      titles()[0]?.focus();
    }
    return;
  }
  if (press(event)) event.preventDefault();
});
element('help').addEventListener('click', () => element('keys').showModal());
