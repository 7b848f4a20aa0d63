// Opens the page of a running server in a browser and uses it as people do: with a mouse, a finger, keys and a screen reader.
//
//     topoi --library L index examples/commentary tests/page/hostile.md
//     npm install && node page.mjs http://127.0.0.1:PORT/ [FOLDER]
//
// The library is the sample, and one article whose every field tries to run as a script. Prints what it checks, and exits
// with 1 if something does not hold. Pictures of the views go into FOLDER. The browser is Debian's chromium, or what CHROMIUM
// names. What a server does only now and then (it is busy, gone, asks for a token, computes, indexes) is played by the test.

import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [address, folder] = process.argv.slice(2);
if (!address) {
  console.error('usage: node page.mjs http://127.0.0.1:PORT/ [FOLDER]');
  process.exit(2);
}
const base = new URL(address).href;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
if (folder) await mkdir(folder, { recursive: true });

/** A question whose first answer has a copy in another paper, and a sentence that matches. */
const QUESTION = 'did blocking chip sales slow a rival down?';
const FRENCH = 'la chaleur sous les toits';
const HOSTILE = 'the quagga gate';
const PHONE = 390;
const NARROWEST = 360;

let failures = 0;
function check(what, holds, found = '') {
  if (!holds) failures++;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}${holds || found === '' ? '' : ` (found: ${found})`}`);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A page, and all that it did which it should not. `expected` are errors that a check brings about. */
async function open(hash, { expected = null, played = {}, ...options } = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = { errors: [], requests: [], dialogs: [] };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !expected?.test(message.text())) wrong.errors.push(message.text());
  });
  page.on('pageerror', (error) => wrong.errors.push(error.stack ?? String(error)));
  page.on('request', (request) => { if (!request.url().startsWith(base)) wrong.requests.push(request.url()); });
  page.on('dialog', (dialog) => { wrong.dialogs.push(dialog.message()); dialog.dismiss(); });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  for (const [path, play] of Object.entries(played)) await page.route((url) => url.pathname.endsWith(path), play);
  await page.goto(base + hash);
  return { page, wrong, context };
}

const laptop = { viewport: { width: 1280, height: 800 }, colorScheme: 'light' };
const asked = (question, more = {}) => `#/?${new URLSearchParams({ q: question, ...more })}`;
const results = (page) => page.locator('#results > .hit');
const titles = (page) => page.locator('#results .title').allTextContents();
const numbers = (page) => results(page).evaluateAll((items) => items.map((item) => item.dataset.passage).join());
const settled = (page) => page.waitForTimeout(400);
const active = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);

/** Waits until something holds, and says whether it ever did. */
async function soon(holds, limit = 10000) {
  for (const end = Date.now() + limit; Date.now() < end;) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function picture(page, name) {
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run({ iframes: false }));
  const grave = violations.filter((found) => ['serious', 'critical'].includes(found.impact));
  const said = grave.map((found) => `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`).join('; ');
  check(`axe-core finds nothing serious ${what}`, grave.length === 0, said);
}

async function quiet({ page, wrong, context }, where) {
  const violations = await page.evaluate(() => window.violations);
  check(`no errors ${where}`, wrong.errors.length === 0, wrong.errors.join('; '));
  check(`nothing breaks the content security policy ${where}`, violations.length === 0, violations.join('; '));
  check(`nothing is asked of anyone else ${where}`, wrong.requests.length === 0, wrong.requests.join(' '));
  check(`no text of the library runs ${where}`, wrong.dialogs.length === 0 && await page.evaluate(() => window.ran === undefined), wrong.dialogs.join('; '));
  await context.close();
}

// Typing.

async function typing() {
  const opened = await open('', laptop);
  const { page } = opened;
  check('the search has the focus at first', await soon(async () => await active(page) === 'q'));
  check('the entrance says what there is', await soon(async () => /\d+ passages in \d+ articles/.test(await page.locator('#entrance').textContent())));
  check('the entrance names the themes', await soon(async () => await page.locator('.doors a').count() > 1));
  await picture(page, 'entrance-light');
  await accessible(page, 'at the entrance');

  await page.evaluate(() => {
    window.answered = [];
    const observer = new MutationObserver(() => requestAnimationFrame(() => {
      if (document.querySelector('#results .hit')) window.answered.push(performance.now());
    }));
    // The same results may answer the next letter too: then it is only said anew how many there are.
    for (const id of ['results', 'count']) observer.observe(document.getElementById(id), { childList: true });
    document.getElementById('q').addEventListener('keydown', () => { window.pressed = performance.now(); window.answered = []; });
  });
  const times = [];
  for (const letter of QUESTION.slice(0, 20)) {
    await page.keyboard.press(letter === ' ' ? 'Space' : letter);
    if (letter === ' ') continue;
    if (!await soon(() => page.evaluate(() => window.answered.length > 0))) break;
    times.push(await page.evaluate(() => window.answered[0] - window.pressed));
    await settled(page);
  }
  for (let letter = 0; times.length < 20 && letter < 20; letter++) {
    await page.keyboard.press('Backspace');
    if (!await soon(() => page.evaluate(() => window.answered.length > 0), 1500)) continue;
    times.push(await page.evaluate(() => window.answered[0] - window.pressed));
    await settled(page);
  }
  times.sort((one, other) => one - other);
  const median = times[Math.floor(times.length / 2)];
  check(`from a keystroke to the first result: ${median?.toFixed(0)} ms (median of ${times.length}; at most ${times.at(-1)?.toFixed(0)} ms)`,
    times.length === 20, times.map((time) => time.toFixed(0)).join(' '));

  await page.fill('#q', '');
  check('without a question there are no results', await soon(async () => await results(page).count() === 0 && await page.locator('#entrance').isVisible()));
  await quiet(opened, 'while one types');
}

// Results.

async function searching() {
  const opened = await open('', laptop);
  const { page } = opened;
  await page.locator('#q').pressSequentially(QUESTION, { delay: 30 });
  check('ten passages are found', await soon(async () => await results(page).count() === 10), await results(page).count());
  const first = results(page).first();
  check('the sentence that matches is marked', await soon(async () => await first.locator('mark').count() === 1));
  const mark = await first.locator('mark').textContent();
  check('the mark is a whole sentence', /^[A-Z].*[.?!]$/.test(mark), mark);
  check('the by-line says who, when and where', /.+ · \d+ \w+ \d{4} · .+/.test(await first.locator('.by').textContent()), await first.locator('.by').textContent());
  check('the address holds the question', new URLSearchParams((await page.evaluate(() => location.hash)).slice(3)).get('q') === QUESTION);
  check('the title of the page is the question', (await page.title()).startsWith(QUESTION));
  check('it is said how many results there are', await soon(async () => (await page.locator('#voice').textContent()).includes('10 passages')));
  await picture(page, 'search-light');
  await accessible(page, 'in a search');

  const also = first.locator('details.also');
  check('copies are said', (await also.textContent()).includes('also in '));
  await also.locator('summary').click();
  check('copies are listed', await also.locator('li a').first().isVisible());

  const context = first.getByRole('button', { name: /^Context/ });
  await context.click();
  check('the context comes', await soon(async () => await first.locator('.around').count() >= 2));
  check('the context stands around the text', await first.locator('.words').evaluate((words) => {
    const all = [...words.children];
    const at = all.findIndex((one) => one.matches('.text'));
    return at > 0 && at < all.length - 1;
  }));
  await context.click();
  check('the context goes', await first.locator('.around').count() === 0);

  const before = await numbers(page);
  await page.click('#more');
  check('more results come after those', await soon(async () => await results(page).count() === 20 && (await numbers(page)).startsWith(`${before},`)));
  check('and none of them twice', new Set((await numbers(page)).split(',')).size === 20, await numbers(page));
  check('the focus is on the first new one', await soon(() => page.evaluate(() => document.activeElement.closest('.hit') === document.querySelectorAll('.hit')[10])));

  await page.goto('about:blank');
  await page.goto(base + asked(FRENCH, { lang: 'fr' }));
  await page.locator('#results mark').first().waitFor();
  const best = await page.evaluate(async (question) => (await (await fetch(`v1/search?lang=fr&why=true&q=${encodeURIComponent(question)}`)).json()).results
    .find(({ text, why }) => why.best > 0 && /[^\x00-\x7f]/.test(text)), FRENCH);
  const { start, end } = best.why.sentences[best.why.best];
  const sentence = Buffer.from(best.text).subarray(start, end).toString();
  const shown = await page.locator(`.hit[data-passage="${best.passage}"] mark`).textContent();
  check('the right sentence is marked among letters of two bytes', shown === sentence, `${shown} for ${sentence}`);
  await page.goBack();
  await page.goBack();

  await page.reload();
  check('a reload shows the same', await soon(async () => (await numbers(page)).startsWith(`${before},`) && await results(page).count() === 20));
  await quiet(opened, 'in a search');
}

/** The sentences come later than the results, and must not move them. */
async function marking() {
  const late = async (route) => {
    if (new URL(route.request().url()).searchParams.get('why')) await new Promise((resolve) => setTimeout(resolve, 800));
    return route.continue();
  };
  const opened = await open(asked(QUESTION), { ...laptop, played: { '/v1/search': late } });
  const { page } = opened;
  const places = () => results(page).evaluateAll((items) => items.map((item) => item.offsetTop).join());
  await results(page).first().waitFor();
  check('the results come before their sentences', await page.locator('mark').count() === 0);
  const before = await places();
  await page.locator('mark').first().waitFor();
  check('the sentences move nothing', await places() === before, `${before} and ${await places()}`);
  await quiet(opened, 'while the sentences are late');
}

async function refining() {
  const opened = await open(asked(QUESTION), laptop);
  const { page } = opened;
  await results(page).nth(2).waitFor();
  const before = await numbers(page);
  await results(page).nth(2).getByRole('button', { name: /^More like this/ }).click();
  check('more of a kind is another answer', await soon(async () => (await numbers(page)) !== before && await results(page).count() > 0));
  check('what it is refined by is said', /More like .+, ¶\d/.test(await page.locator('#likes').textContent()) || await soon(async () => /More like .+, ¶\d/.test(await page.locator('#likes').textContent())));
  await accessible(page, 'in a refined search');
  await page.locator('#likes button').click();
  check('refining can be taken back', await soon(async () => await numbers(page) === before));
  await page.goBack();
  check('the button back goes back to the refined search', await soon(async () => await page.locator('#likes li').count() === 1 && await numbers(page) !== before));
  await results(page).first().getByRole('button', { name: /^Less like this/ }).click();
  check('less of another can be added', await soon(async () => await page.locator('#likes li').count() === 2));

  await page.goto('about:blank');
  await page.goto(base + asked('rent'));
  await results(page).first().waitFor();
  const unfiltered = await numbers(page);
  await page.click('#filters-button');
  check('authors and sources can be chosen from', await soon(() => page.evaluate(() => document.querySelectorAll('#authors option').length > 3 && document.querySelectorAll('#sources option').length > 2)));
  check('languages can be chosen from', await soon(async () => await page.locator('#lang option', { hasText: 'German' }).count() === 1));
  check('themes can be chosen from', await soon(async () => await page.locator('#theme option').count() > 2));
  await picture(page, 'filters-light');
  await accessible(page, 'with filters');
  await page.fill('#author', 'brandram');
  check('an author can be chosen', await soon(async () => {
    const lines = await page.locator('#results .by').allTextContents();
    return lines.length > 0 && lines.every((line) => line.includes('Brandram'));
  }));
  await page.fill('#author', '');
  await page.fill('#after', '202');
  check('an unfinished date is no filter', await soon(async () => await page.locator('#date-wrong').textContent() !== '' && await numbers(page) === unfiltered));
  await page.fill('#after', '2025');
  check('a date filters', await soon(async () => {
    const dates = await page.locator('#results .by').allTextContents();
    return dates.length > 0 && dates.every((line) => line.includes('2025'));
  }));
  await page.fill('#after', '');
  await page.selectOption('#lang', 'de');
  check('a language can be chosen', await soon(async () => {
    const languages = await page.locator('#results .text').evaluateAll((texts) => texts.map((text) => text.lang));
    return languages.length > 0 && languages.every((language) => language === 'de');
  }));
  await page.selectOption('#lang', '');
  const theme = await page.locator('#theme option').nth(2).getAttribute('value');
  await page.selectOption('#theme', theme);
  check('a theme can be chosen', await soon(async () => await results(page).count() > 0 && await numbers(page) !== unfiltered));
  await page.click('#clear');
  check('the filters can be cleared', await soon(async () => await numbers(page) === unfiltered));
  await page.selectOption('#mode', 'lexical');
  const byWords = await page.evaluate(async () => (await (await fetch('v1/search?q=rent&mode=lexical')).json()).results.map(({ passage }) => passage).join());
  check('one can search by words alone', byWords !== unfiltered && await soon(async () => await numbers(page) === byWords));
  await page.selectOption('#mode', '');
  await page.fill('#q', '+zzzzqqq');
  check('it is said where nothing is found', await soon(async () => (await page.locator('#results').textContent()).includes('No passage')));
  await accessible(page, 'where nothing is found');
  await quiet(opened, 'with filters');
}

// Reading.

async function reading() {
  const opened = await open(asked(QUESTION), laptop);
  const { page } = opened;
  const title = results(page).first().locator('.title');
  await results(page).first().locator('mark').waitFor();
  const mark = await page.locator('mark').first().textContent();
  const name = await title.textContent();
  await page.mouse.wheel(0, 120);
  await settled(page);
  const scrolled = await page.evaluate(() => scrollY);
  await title.click();
  await page.locator('.paragraph.chosen').waitFor();
  check('a result opens in its article', await page.locator('#reading h1').textContent() === name);
  check('the same sentence is marked there', await page.locator('.paragraph.chosen mark').textContent() === mark);
  check('the paragraph is in sight', await page.locator('.paragraph.chosen').evaluate((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  }));
  check('the paragraphs are numbered', (await page.locator('.paragraph.body .number').allTextContents()).slice(0, 3).join() === '1,2,3');
  check('what belongs beside it is shown', await soon(async () => await page.locator('#related .hit').count() > 2));
  check('it is from other articles', !(await page.locator('#related .title').allTextContents()).includes(name));
  const [text, aside] = await Promise.all(['.paragraph.chosen', '#aside'].map((what) => page.locator(what).boundingBox()));
  check('it stands beside the text', aside.x > text.x + text.width, `${aside.x} ${text.x + text.width}`);
  check('its themes are named', await page.locator('.shares a').count() > 0);
  await picture(page, 'article-light');
  await accessible(page, 'in an article');

  const related = () => page.locator('#related .hit').evaluateAll((items) => items.map((item) => item.dataset.passage).join());
  const first = await related();
  await page.locator('.paragraph.body').nth(1).click();
  check('another paragraph has others beside it', await soon(async () => await page.locator('#aside-title').textContent() === 'Beside ¶2' && await related() !== first));
  await page.goBack();
  check('the button back leads to the results', await soon(async () => await results(page).count() === 10));
  check('at the place that one left', await soon(async () => Math.abs(await page.evaluate(() => scrollY) - scrolled) < 3), `${await page.evaluate(() => scrollY)} for ${scrolled}`);
  check('with the focus on what one opened', (await active(page)).startsWith('hit-'), await active(page));

  const passage = await results(page).nth(1).getAttribute('data-passage');
  await page.goto('about:blank');
  await page.goto(`${base}#/passage/${passage}`);
  check('the number of a passage leads to it', await soon(async () => await page.locator('.paragraph.chosen').getAttribute('data-passage') === passage));

  await page.click('#views [data-view=articles]');
  check('the articles are listed', await soon(async () => await page.locator('#shelf .title').count() > 20));
  await picture(page, 'articles-light');
  await accessible(page, 'in the list of articles');
  await page.fill('#source', 'mittagspost');
  check('the list can be filtered', await soon(async () => await page.locator('#shelf .title').count() === 1 && await page.locator('#count').textContent() === '1 article'));
  await page.locator('#shelf .title').click();
  check('a text has its language', await soon(async () => await page.locator('.paragraph p').first().getAttribute('lang') === 'de'));
  check('a whole article has passages beside it', await soon(async () => (await page.locator('#aside-title').textContent()).includes('whole') && await page.locator('#related .hit').count() > 0));
  await page.goto('about:blank');
  await page.goto(`${base}#/article/1?at=2`);
  await page.locator('.paragraph').first().waitFor();
  await quiet(opened, 'in articles');
}

/** A book comes in parts. The test makes the first part short. */
async function parts() {
  const short = (route) => {
    const url = new URL(route.request().url());
    if (url.searchParams.get('offset') === '0') url.searchParams.set('limit', '4');
    return route.continue({ url: url.href });
  };
  const opened = await open('#/article/8', { ...laptop, played: { '/v1/articles/8': short } });
  const { page } = opened;
  const all = () => page.locator('.paragraph .number').allTextContents();
  check('a long article comes in parts', await soon(async () => (await all()).join() === '1,2,3,4'), (await all()).join());
  await page.click('#later');
  check('and goes on where it ended', await soon(async () => (await all()).join() === '1,2,3,4,5,6,7,8,9'), (await all()).join());
  check('until there is no more', await page.locator('#later').isHidden() && await page.locator('#earlier').isHidden());
  await quiet(opened, 'in a long article');
}

async function themes() {
  const opened = await open('#/themes', laptop);
  const { page } = opened;
  check('the themes are listed', await soon(async () => await page.locator('.theme').count() > 2));
  const first = page.locator('.theme').first();
  check('a theme has its size, its time, its authors', /\d+ passages in \d+ articles/.test(await first.textContent())
    && await first.locator('svg.spark rect').count() > 2 && await first.locator('.names a').count() > 1);
  await picture(page, 'themes-light');
  await accessible(page, 'in the themes');
  const name = await first.locator('.title').textContent();
  await first.locator('.title').click();
  check('a theme can be opened', await soon(async () => await page.locator('h1').textContent() === name && await page.locator('.hits .hit').count() === 20));
  check('the focus is on its name', await page.evaluate(() => document.activeElement.tagName) === 'H1');
  await picture(page, 'theme-light');
  await accessible(page, 'in a theme');
  await page.click('#more');
  check('more of its passages come', await soon(async () => await page.locator('.hits .hit').count() > 20));
  await page.locator('.hits .title').first().click();
  check('its passages can be read', await soon(async () => await page.locator('.paragraph.chosen').count() === 1));
  check('the way back is named', (await page.locator('#back').textContent()) === 'Back to the theme');
  await page.click('#back');
  check('and goes there', await soon(async () => await page.locator('.theme-head').count() === 1));

  await page.click('#views [data-view=map]');
  await page.locator('iframe#map').waitFor();
  const map = page.frameLocator('iframe#map');
  check('the map is shown in a frame', await soon(async () => /\d+ passages/.test(await map.locator('#count').textContent())));
  const { height } = await page.locator('iframe#map').boundingBox();
  check('it is as high as there is room', height > 740 && height <= 760, height);
  await page.click('#ground');
  const ground = () => page.frames()[1].evaluate(() => document.documentElement.dataset.ground);
  check('it follows the page into the dark', await soon(async () => await ground() === 'dark'));
  await picture(page, 'map-dark');
  await accessible(page, 'around the map');
  await quiet(opened, 'in themes and map');
}

// Hostile text.

async function hostile() {
  const opened = await open(asked(HOSTILE), laptop);
  const { page } = opened;
  check('the hostile article is found', await soon(async () => (await titles(page))[0]?.includes('<script>')), (await titles(page))[0]);
  check('its text is shown as letters', await soon(async () => /<(script|img|iframe)/.test((await page.locator('#results .text').allTextContents()).slice(0, 3).join())));
  check('the marks stay where they are', await soon(async () => await results(page).first().locator('mark').count() === 1));
  await results(page).first().locator('.title').click();
  await page.locator('.paragraph').first().waitFor();
  check('its address is shown as letters', (await page.locator('.address').textContent()).startsWith('javascript:'));
  check('its address is no link', await page.locator('#main a').evaluateAll((links) => links.every((link) => ['http:', 'https:'].includes(link.protocol))));
  check('nothing of it became an element', await page.evaluate(() => document.querySelectorAll('main script, main img, main iframe, main svg[onload], main b').length) === 0);
  await page.click('#views [data-view=articles]');
  await page.fill('#author', 'quill');
  await page.locator('#shelf .title', { hasText: '<img' }).waitFor();
  await page.locator('#shelf .title', { hasText: '<img' }).hover();
  await settled(page);
  check('no title of a page was changed by it', !(await page.title()).startsWith('ran'));
  await page.goto('about:blank');
  await page.goto(`${base}${asked('<img src=x onerror="window.ran=1">', { author: '"><script>window.ran=2</script>' })}`);
  await settled(page);
  check('a hostile address of the page is letters too', await page.inputValue('#q') === '<img src=x onerror="window.ran=1">');
  await quiet(opened, 'with hostile text');
}

// Keys alone.

async function keys() {
  const opened = await open('#/articles', laptop);
  const { page } = opened;
  const press = (key) => page.keyboard.press(key);
  await page.locator('#shelf .title').first().waitFor();
  await press('/');
  check('/ leads to the search', await soon(async () => await active(page) === 'q'));
  await page.keyboard.type('rents? j k r / ?', { delay: 20 });
  check('no key is taken from who types', await page.inputValue('#q') === 'rents? j k r / ?' && await page.locator('#keys').isHidden());
  await page.fill('#q', QUESTION);
  await press('Enter');
  const at = () => page.evaluate(() => [...document.querySelectorAll('#results .hit')].indexOf(document.activeElement.closest('.hit')));
  check('Enter leads to the first result', await soon(async () => await at() === 0), await at());
  await press('j');
  await press('ArrowDown');
  check('j and the arrow go on', await at() === 2, await at());
  await press('k');
  check('k goes back', await at() === 1, await at());
  await press('c');
  check('c shows the context', await soon(async () => await results(page).nth(1).locator('.around').count() > 0));
  await results(page).nth(1).locator('.title').focus();
  await press('r');
  check('r shows what is related', await soon(async () => await page.locator('#related .hit').count() > 2 && await active(page) === 'aside'));
  await press('j');
  check('j goes through what is beside', await page.evaluate(() => Boolean(document.activeElement.closest('#related .hit'))));
  await press('Escape');
  check('Escape goes back to the text', (await active(page)) === 'number', await active(page));
  const chosen = await page.locator('.paragraph.chosen').getAttribute('data-passage');
  await press('j');
  check('j chooses the next paragraph', await page.locator('.paragraph.chosen').getAttribute('data-passage') !== chosen);
  await press('Escape');
  check('Escape goes back to the results', await soon(async () => await results(page).count() === 10));
  check('and to the one that was opened', await soon(async () => await at() === 1), await at());
  await press('Enter');
  check('Enter opens it', await soon(async () => await page.locator('.paragraph.chosen').count() === 1));
  await press('?');
  check('? shows the keys', await page.locator('#keys').isVisible());
  await picture(page, 'keys-light');
  await accessible(page, 'with the keys');
  await press('Escape');
  check('Escape closes them', await page.locator('#keys').isHidden());
  await page.goto('about:blank');
  await page.goto(base);
  await page.locator('#q').waitFor();
  await page.locator('#home').focus();
  await press('Shift+Tab');
  check('the first stop is the way past the navigation', await active(page) === 'skip', await active(page));
  await press('Enter');
  check('and leads to the content', await active(page) === 'main');
  await quiet(opened, 'with keys alone');
}

// Dark, and a phone.

async function dark() {
  const opened = await open(asked(QUESTION), { ...laptop, colorScheme: 'dark' });
  const { page } = opened;
  const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await results(page).first().locator('mark').waitFor();
  const first = await colour();
  check('the system\'s choice of dark colours is followed', first !== 'rgb(251, 250, 247)', first);
  for (const [view, hash, there] of [['search', asked(QUESTION), 'mark'], ['article', '#/article/8?at=78', '#related .hit'],
    ['themes', '#/themes', '.theme'], ['theme', '#/theme/1', '.hit'], ['articles', '#/articles', '#shelf li'], ['entrance', '#/', '.doors a']]) {
    await page.goto('about:blank');
    await page.goto(base + hash);
    await page.locator(there).first().waitFor();
    await picture(page, `${view}-dark`);
    await accessible(page, `in dark colours (${view})`);
  }
  await page.click('#help');
  await accessible(page, 'in dark colours (keys)');
  await picture(page, 'keys-dark');
  await page.keyboard.press('Escape');
  await page.click('#ground');
  check('the colours can be made light', await colour() === 'rgb(251, 250, 247)', await colour());
  await page.reload();
  check('the choice is kept', await colour() === 'rgb(251, 250, 247)', await colour());
  await quiet(opened, 'in dark colours');
}

async function phone() {
  const opened = await open(asked(QUESTION), {
    viewport: { width: PHONE, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, colorScheme: 'light', reducedMotion: 'reduce',
  });
  const { page } = opened;
  const views = [['search', asked(QUESTION), 'mark'], ['filters', asked('rent', { author: 'a' }), 'mark'], ['article', '#/article/8?at=78', '#related .hit'], ['themes', '#/themes', '.theme'],
    ['theme', '#/theme/1', '.hit'], ['map', '#/map', 'iframe'], ['articles', '#/articles', '#shelf li'], ['hostile', asked(HOSTILE), 'mark'], ['entrance', '#/', '.doors a']];
  for (const width of [PHONE, NARROWEST]) {
    await page.setViewportSize({ width, height: 844 });
    for (const [view, hash, there] of views) {
      await page.goto('about:blank');
      await page.goto(base + hash);
      await page.locator(there).first().waitFor();
      await settled(page);
      const wide = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.body.scrollWidth));
      check(`nothing is wider than a phone of ${width} (${view})`, wide <= width, wide);
      if (width === PHONE) {
        await picture(page, `${view}-phone`);
        await accessible(page, `on a phone (${view})`);
      }
    }
  }
  check('nothing moves for who wants no motion', await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior) === 'auto');
  await page.goto('about:blank');
  await page.goto(`${base}#/article/8?at=78`);
  await page.locator('#related .hit').first().waitFor();
  const [text, aside] = await Promise.all(['#reading', '#aside'].map((what) => page.locator(what).boundingBox()));
  check('what belongs beside stands below on a phone', aside.y >= text.y + text.height - 1);
  await page.locator('#to-aside').tap();
  check('and is one touch away', await soon(() => page.locator('#aside').evaluate((one) => one.getBoundingClientRect().top < innerHeight / 2)));
  await quiet(opened, 'on a phone');
}

// What a server does now and then.

async function trouble() {
  const refused = (status, headers = {}) => ({ status, headers, json: { error: { message: `refused with ${status}`, type: 'invalid_request_error', code: null, param: null } } });
  const times = (count, first) => {
    let left = count;
    return (route) => (left-- > 0 ? first(route) : route.continue());
  };
  const failed = /Failed to load resource/;

  const busy = await open(asked(QUESTION), { ...laptop, expected: failed, played: { '/v1/search': times(2, (route) => route.fulfill(refused(503, { 'retry-after': '1' }))) } });
  check('a busy server is said', await soon(async () => (await busy.page.locator('#notice').textContent()).includes('busy') && await busy.page.locator('#notice').isVisible()));
  await accessible(busy.page, 'while the server is busy');
  check('and asked again', await soon(async () => await results(busy.page).count() === 10 && await busy.page.locator('#notice').isHidden()));
  await quiet(busy, 'while the server is busy');

  const gone = await open(asked(QUESTION), { ...laptop, expected: failed, played: { '/v1/search': times(3, (route) => route.abort()) } });
  check('a server that is gone is said', await soon(async () => (await gone.page.locator('#notice').textContent()).includes('can’t be reached')));
  check('and asked again', await soon(async () => {
    if (await gone.page.locator('#notice-now').isVisible()) await gone.page.click('#notice-now', { timeout: 300 }).catch(() => {});
    return await results(gone.page).count() === 10;
  }));
  await quiet(gone, 'while the server is gone');

  const late = await open(asked(QUESTION), { ...laptop, expected: failed, played: { '/v1/search': times(1, (route) => route.fulfill(refused(504))) } });
  check('an error is said', await soon(async () => (await late.page.locator('#results').textContent()).includes('refused with 504')));
  await late.page.getByRole('button', { name: 'Try again' }).click();
  check('and one can try again', await soon(async () => await results(late.page).count() === 10));
  await quiet(late, 'after an error');

  let given = null;
  const guarded = (route) => (given === 'right' ? route.continue() : route.fulfill(refused(401)));
  const locked = await open(asked(QUESTION), {
    ...laptop, expected: failed,
    played: {
      '/v1/search': guarded,
      '/v1/libraries': guarded,
      '/v1/session': (route) => {
        given = route.request().postDataJSON().token;
        return given === 'right' ? route.fulfill({ status: 204 }) : route.fulfill(refused(401));
      },
    },
  });
  const { page } = locked;
  check('the token is asked for', await soon(() => page.locator('#token').isVisible()));
  await accessible(page, 'in the form for the token');
  await picture(page, 'token-light');
  await page.fill('#token-field', 'wrong');
  await page.keyboard.press('Enter');
  check('a wrong token is said', await soon(async () => (await page.locator('#token-error').textContent()) !== ''));
  await page.fill('#token-field', 'right');
  await page.keyboard.press('Enter');
  check('with the right one it goes on with what was asked', await soon(async () => await results(page).count() === 10 && await page.locator('#token').isHidden()));
  await quiet(locked, 'with a token');

  const computing = await open('#/themes', { ...laptop, played: { '/v1/themes': times(2, (route) => route.fulfill({ status: 202, headers: { 'retry-after': '1' }, json: { schema: 'topoi.themes.v1', status: 'computing' } })) } });
  check('it is said that the themes are being found', await soon(async () => (await computing.page.locator('#main').textContent()).includes('being found')));
  check('and they come', await soon(async () => await computing.page.locator('.theme').count() > 2));
  await quiet(computing, 'while themes are found');
}

async function libraries() {
  const asked = [];
  const named = (route) => {
    const url = new URL(route.request().url());
    asked.push(url.searchParams.get('library'));
    url.searchParams.delete('library');
    return route.continue({ url: url.href });
  };
  const one = { model: 'm', articles: 1, passages: 1, generation: 1, can_index: false };
  const opened = await open('', {
    ...laptop,
    played: {
      '/v1/libraries': (route) => route.fulfill({ json: { schema: 'topoi.libraries.v1', libraries: [{ ...one, name: 'first' }, { ...one, name: 'second' }] } }),
      '/v1/search': named,
      '/v1/sources': named,
      '/v1/themes': named,
    },
  });
  const { page } = opened;
  check('libraries can be chosen', await soon(() => page.locator('#library').isVisible()));
  check('nobody is asked to add who may not', await page.locator('#views [data-view=add]').isHidden());
  await page.selectOption('#library', 'second');
  await page.fill('#q', QUESTION);
  await results(page).first().waitFor();
  check('the chosen one is searched', asked.at(-1) === 'second', asked.join());
  check('links stay in it', (await results(page).first().locator('.title').getAttribute('href')).includes('library=second'));
  await quiet(opened, 'with two libraries');
}

async function adding() {
  const job = { library: 'first', queued: 0, embedded: 0, articles: 0, passages: 0, report: null, refused: [], error: null };
  const sent = [];
  const event = (kind, data) => `event: ${kind}\ndata: ${JSON.stringify({ job: data })}\n\n`;
  const opened = await open('#/', {
    ...laptop,
    played: {
      '/v1/libraries': (route) => route.fulfill({ json: { schema: 'topoi.libraries.v1', libraries: [{ name: 'first', model: 'm', articles: 1, passages: 1, generation: 1, can_index: true }] } }),
      '/v1/index': (route) => {
        sent.push([new URL(route.request().url()).searchParams.get('name'), route.request().postData()]);
        return route.fulfill({ status: 202, json: { job: { ...job, id: `j${sent.length}`, state: 'queued' } } });
      },
      '/v1/index/j1/events': (route) => route.fulfill({ contentType: 'text/event-stream',
        body: event('progress', { ...job, id: 'j1', state: 'running', queued: 4, embedded: 2 }) + event('end', { ...job, id: 'j1', state: 'done', articles: 1, passages: 4 }) }),
      '/v1/index/j2/events': (route) => route.fulfill({ contentType: 'text/event-stream',
        body: event('end', { ...job, id: 'j2', state: 'failed', error: 'nothing was taken', refused: [{ path: 'b.xyz', reason: 'no format that is known' }] }) }),
    },
  });
  const { page } = opened;
  await page.locator('#views [data-view=add]').click();
  await accessible(page, 'where articles are added');
  await page.setInputFiles('#files', [{ name: 'a.md', mimeType: 'text/plain', buffer: Buffer.from('one') }, { name: 'b.xyz', mimeType: 'x/y', buffer: Buffer.from('two') }]);
  check('what was taken is said', await soon(async () => (await page.locator('#jobs li').nth(0).textContent()).includes('1 article, 4 passages')), await page.locator('#jobs').textContent());
  check('what was refused is said, and why', await soon(async () => (await page.locator('#jobs li').nth(1).textContent()).includes('no format that is known')), await page.locator('#jobs').textContent());
  check('the files were sent as they are, one after another', JSON.stringify(sent) === '[["a.md","one"],["b.xyz","two"]]', JSON.stringify(sent));
  await accessible(page, 'with what was added');
  await picture(page, 'add-light');
  await quiet(opened, 'where articles are added');
}

try {
  for (const part of [typing, searching, marking, refining, reading, parts, themes, hostile, keys, dark, phone, trouble, libraries, adding]) {
    await part().catch((error) => check(`the checks of ${part.name} run to their end`, false, String(error)));
  }
} finally {
  await browser.close();
}
console.log(failures ? `${failures} of the checks failed` : 'all checks passed');
process.exitCode = failures ? 1 : 0;
