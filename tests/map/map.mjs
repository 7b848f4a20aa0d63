// Opens a map of themes in a browser and uses it as people do: with a mouse, a finger, keys and a screen reader.
//
//     npm install && node map.mjs MAP.html
//
// Prints what it checks, and exits with 1 if something does not hold. The browser is Debian's chromium, or what CHROMIUM
// names. The map should have some dozens of passages; what it has no data for (dates, authors) is said to be passed over.

import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const file = process.argv[2];
if (!file) {
  console.error('usage: node map.mjs MAP.html');
  process.exit(2);
}
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
const url = pathToFileURL(resolve(file)).href;

let failures = 0;
function check(what, holds, found = '') {
  if (!holds) failures++;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}${holds || found === '' ? '' : ` (found: ${found})`}`);
}
const passedOver = (what) => console.log(`-      ${what}: the map has no data for it`);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A page with the map, and all that it did which it should not. */
async function open(options) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  const wrong = { errors: [], requests: [], dialogs: [] };
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) wrong.errors.push(message.text()); });
  page.on('pageerror', (error) => wrong.errors.push(String(error)));
  page.on('request', (request) => { if (request.url() !== url && !request.url().startsWith('blob:')) wrong.requests.push(request.url()); });
  page.on('dialog', (dialog) => { wrong.dialogs.push(dialog.message()); dialog.dismiss(); });
  await page.goto(url);
  await page.locator('#count').filter({ hasText: /\d/ }).waitFor();
  return { page, wrong };
}

/** The dots and names as they are now. */
const picture = async (page) => {
  await page.waitForTimeout(600);
  return page.evaluate(() => ['dots', 'map'].map((id) => document.getElementById(id).toDataURL()).join());
};
const shown = async (page) => Number((await page.locator('#count').textContent()).split(' ')[0].replaceAll(',', ''));
const settled = (page) => page.waitForTimeout(400);

async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const grave = violations.filter((found) => ['serious', 'critical'].includes(found.impact));
  const said = grave.map((found) => `${found.id}: ${found.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`).join('; ');
  check(`axe-core finds nothing serious ${what}`, grave.length === 0, said);
}

function quiet({ errors, requests, dialogs }, where) {
  check(`no errors ${where}`, errors.length === 0, errors.join('; '));
  check(`nothing is fetched ${where}`, requests.length === 0, requests.join(' '));
  check(`no text from the data runs ${where}`, dialogs.length === 0, dialogs.join('; '));
}

async function laptop() {
  const { page, wrong } = await open({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  const data = await page.evaluate(() => {
    const { points, texts, articles } = JSON.parse(document.getElementById('data').textContent);
    const times = (word) => texts.filter((text) => text.includes(word)).length;
    const words = texts[0].match(/\p{L}{2,}/gu) ?? texts[0].split(/\s/);
    return {
      count: points.count,
      word: words.sort((a, b) => times(a) - times(b))[0],
      dates: new Set(articles.map((article) => article.date).filter(Boolean)).size,
      author: articles.find((article) => article.author)?.author,
    };
  });
  check('all passages are shown at first', await shown(page) === data.count);
  const first = await picture(page);

  await page.fill('#search', data.word);
  await settled(page);
  const found = await shown(page);
  check(`a search for a word finds some passages (${found} of ${data.count})`, found > 0 && found <= data.count, found);
  await page.fill('#search', 'zzzz no such word');
  await settled(page);
  check('a search for what is not there finds none', await shown(page) === 0);
  check('the map shows what was found', await picture(page) !== first);
  await page.click('#clear');
  await settled(page);
  check('clearing the filters shows all again', await shown(page) === data.count);

  if (data.author) {
    await page.fill('#author', data.author);
    await settled(page);
    check('an author can be chosen', await shown(page) > 0);
    await page.click('#clear');
  } else passedOver('an author can be chosen');

  if (data.dates > 1) {
    const before = await page.locator('#span').textContent();
    await page.locator('#until').focus();
    const months = await page.evaluate(() => document.getElementById('until').max - document.getElementById('until').min);
    for (let step = 0; step < Math.ceil(months * 0.6); step++) await page.keyboard.press('ArrowLeft');
    await settled(page);
    const left = await shown(page);
    check(`the time slider filters (${left} of ${data.count})`, left < data.count, left);
    check('the time slider says which months', await page.locator('#span').textContent() !== before);
    await page.click('#clear');
    await settled(page);
    check('clearing the filters shows all months again', await shown(page) === data.count);
  } else {
    check('without dates there is no time slider', await page.locator('#time').isHidden());
  }

  const entry = page.locator('#forest button').first();
  const name = await entry.locator('.name').textContent();
  const whole = await picture(page);
  await entry.focus();
  await page.keyboard.press('Enter');
  check('a theme can be opened from the list', (await page.locator('#theme-name').textContent()).includes(name));
  check('the map moves to the theme', await picture(page) !== whole);
  check('the passages of the theme are listed', await page.locator('#passages button').count() > 0);
  await accessible(page, 'in a theme');
  if (await page.locator('#more').isVisible()) {
    const before = await page.locator('#passages button').count();
    await page.click('#more');
    check('more passages can be listed', await page.locator('#passages button').count() > before);
  }
  await page.locator('#passages button').first().click();
  check('a passage can be opened from the list', await page.locator('#pinned').isVisible());
  await accessible(page, 'with a passage open');
  await page.keyboard.press('Escape');
  check('Escape closes the passage', await page.locator('#pinned').isHidden());
  while (await page.locator('#theme').isVisible()) await page.click('#back');
  check('one can go back to all themes', await page.locator('#themes').isVisible());
  check('the map is whole again', await picture(page) === whole);

  await page.locator('#map').focus();
  const keys = [];
  for (const key of ['+', 'ArrowRight', 'ArrowDown', '-']) {
    const before = await picture(page);
    await page.keyboard.press(key);
    keys.push(await picture(page) !== before);
  }
  check('arrows, plus and minus move the map', keys.every(Boolean), keys.join());
  await page.keyboard.press('0');
  await settled(page);
  for (let step = 0; step < 12 && await page.locator('#hint').isHidden(); step++) await page.keyboard.press(step % 2 ? 'ArrowRight' : 'ArrowDown');
  await page.keyboard.press('Enter');
  check('Enter opens the passage in the middle', await page.locator('#pinned').isVisible());
  await page.keyboard.press('Escape');
  await page.keyboard.press('0');
  await page.mouse.move(5, 5);
  await page.locator('#search').focus();
  check('0 shows the whole map', await picture(page) === whole);
  await page.mouse.move(400, 400);
  await page.mouse.wheel(0, -300);
  check('the wheel zooms', await picture(page) !== whole);
  await page.click('#whole');
  await settled(page);

  for (const [button, least] of [['png', 5000], ['svg', 500]]) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`#${button}`)]);
    const saved = await download.path();
    const begin = (await readFile(saved)).subarray(0, 5).toString('latin1');
    const size = (await stat(saved)).size;
    check(`the map is saved as ${button.toUpperCase()} (${size} bytes)`, size > least && begin === { png: '\x89PNG\r', svg: '<svg ' }[button], begin);
  }

  await accessible(page, 'in light colours');
  await page.click('#ground');
  check('the colours can be made dark', await page.evaluate(() => document.documentElement.dataset.ground) === 'dark');
  await accessible(page, 'in dark colours');
  quiet(wrong, 'on a laptop');
}

async function phone() {
  const { page, wrong } = await open({
    viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true,
    colorScheme: 'dark', reducedMotion: 'reduce',
  });
  check('the system\'s choice of dark colours is followed', await page.evaluate(() => document.documentElement.dataset.ground) === 'dark');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check('nothing is wider than a phone', wide <= 390, wide);
  await page.locator('#forest button').first().tap();
  check('a theme can be opened with a finger', await page.locator('#passages button').first().isVisible());
  await accessible(page, 'on a phone');
  quiet(wrong, 'on a phone');
}

try {
  await laptop();
  await phone();
} catch (error) {
  check('the checks run to their end', false, String(error));
} finally {
  await browser.close();
}
console.log(failures ? `${failures} of the checks failed` : 'all checks passed');
process.exitCode = failures ? 1 : 0;
