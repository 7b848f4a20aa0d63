// How much of a theme appeared when: a small chart of bars.

import { make } from './dom.js';
import { dated, number } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT, GAP] = [168, 32, 1];

const shape = (tag, attributes) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

/** How many passages fall into each bin. A period belongs to the last bin that begins no later; both sort as text. */
function series(periods, bins) {
  const counts = bins.map(() => 0);
  for (const { period, passages } of periods) {
    const bin = bins.findLastIndex((begin) => begin <= period);
    if (bin >= 0) counts[bin] += passages;
  }
  return counts;
}

/** The first and the last of the time that is told of. */
export const ends = (bins) => bins.length < 2 ? null : make('p', { class: 'ends', 'aria-hidden': 'true' },
  make('span', {}, brief(bins[0])), make('span', {}, brief(bins[bins.length - 1])));

/** `2024-05` as `May 2024`. */
const brief = (date) => dated(date).replace(/^([A-Z][a-z]{2})[a-z]*/, '$1');

/** The chart; nothing where there is no time to tell of. */
export function spark(periods, bins) {
  const counts = series(periods, bins);
  const most = Math.max(...counts, 0);
  if (counts.length < 2 || most === 0) return null;
  const peak = counts.indexOf(most);
  const chart = shape('svg', {
    class: 'spark',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    role: 'img',
    'aria-label': `${dated(bins[0])} to ${dated(bins[bins.length - 1])}; most, ${number(most)}, about ${dated(bins[peak])}`,
  });
  const step = WIDTH / counts.length;
  counts.forEach((count, i) => {
    const height = count ? Math.max(2, count / most * HEIGHT) : 1;
    chart.append(shape('rect', { class: count ? 'some' : 'none', x: i * step, y: HEIGHT - height, width: step - GAP, height }));
  });
  return chart;
}
