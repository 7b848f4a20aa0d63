// How long it takes from a keystroke on the page to the first result that is drawn, over any library.
//
//     (cd ../../../tests/page && npm install)
//     node keystroke.mjs http://127.0.0.1:PORT/ [QUESTION …]

import { createRequire } from 'node:module';

const require = createRequire(new URL('../../../tests/page/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const [address, ...given] = process.argv.slice(2);
if (!address) {
  console.error('usage: node keystroke.mjs http://127.0.0.1:PORT/ [QUESTION …]');
  process.exit(2);
}
const questions = given.length ? given : ['who pays for a tariff in the end', 'rents rise faster than wages', 'the vote was closer than the polls said'];

/** How long to wait before the next letter: nobody types while a letter is measured. */
const PAUSE_MS = 500;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.goto(address);
await page.locator('#q').waitFor();
await page.evaluate(() => {
  window.answered = null;
  const observer = new MutationObserver(() => requestAnimationFrame(() => {
    if (document.querySelector('#results .hit')) window.answered ??= performance.now();
  }));
  for (const id of ['results', 'count']) observer.observe(document.getElementById(id), { childList: true });
  document.getElementById('q').addEventListener('keydown', () => {
    window.pressed = performance.now();
    window.answered = null;
  });
});

const times = [];
for (const question of questions) {
  await page.fill('#q', '');
  for (const letter of question) {
    await page.keyboard.press(letter === ' ' ? 'Space' : letter);
    await page.waitForTimeout(PAUSE_MS);
    // A blank changes nothing.
    const took = await page.evaluate(() => window.answered && window.answered - window.pressed);
    if (took) times.push(took);
  }
}
await browser.close();
times.sort((one, other) => one - other);
const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(0);
console.log(`${times.length} keystrokes: median ${at(0.5)} ms, 95 of 100 within ${at(0.95)} ms, at most ${at(1)} ms`);
