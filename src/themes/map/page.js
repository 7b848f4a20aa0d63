'use strict';
(() => {

// The data. Whatever comes from outside reaches the page as text only: `textContent`, `value`, `fillText`.

const element = (id) => document.getElementById(id);
const data = JSON.parse(element('data').textContent);
const count = data.points.count;

function bytes(base64) {
  const letters = atob(base64);
  const list = new Uint8Array(letters.length);
  for (let i = 0; i < list.length; i++) list[i] = letters.charCodeAt(i);
  return list;
}

const as = (Type, base64) => new Type(bytes(base64).buffer);
const leafOf = as(Uint32Array, data.points.leaf);
const articleOf = as(Uint32Array, data.points.article);
const passageOf = as(Float64Array, data.points.passage);
const strengthOf = bytes(data.points.strength);
// The screen's y grows downwards.
const xs = Float32Array.from(as(Uint16Array, data.points.x), (value) => value / 32767.5 - 1);
const ys = Float32Array.from(as(Uint16Array, data.points.y), (value) => 1 - value / 32767.5);
const { texts, themes, articles } = data;

const number = (value) => value.toLocaleString('en');
const counted = (value, one) => `${number(value)} ${one}${value === 1 ? '' : 's'}`;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** An element for a text of any script: its direction is that of its own first letter. */
function made(tag, className, text) {
  const around = make(tag, className, text);
  around.dir = 'auto';
  return around;
}

// The forest. A chain is a theme and all that it is part of; `shownAs` is the theme whose colour and place in the list
// it has: its ancestor of level 1, or the nearest to that.

const chains = themes.map((_, theme) => {
  const chain = [];
  for (let at = theme; at !== null && themes[at] && !chain.includes(at); at = themes[at].parent) chain.push(at);
  return chain;
});
const shownAs = chains.map((chain) => chain.find((theme) => themes[theme].level <= 1) ?? chain[chain.length - 1]);
const nameOf = (theme) => themes[theme].name.trim() || themes[theme].terms.join(', ') || `Theme ${themes[theme].id}`;
const sizes = new Uint32Array(themes.length);
for (let i = 0; i < count; i++) for (const theme of chains[leafOf[i]]) sizes[theme]++;
const shownThemes = [...new Set(Array.from(leafOf, (leaf) => shownAs[leaf]))].sort((a, b) => sizes[b] - sizes[a] || a - b);
const inTheme = (point, theme) => chains[leafOf[point]].includes(theme);
const partsOf = (theme) => themes
  .map((_, part) => part)
  .filter((part) => themes[part].parent === theme && sizes[part] > 0)
  .sort((a, b) => sizes[b] - sizes[a]);
const levels = [0, 1, 2].filter((level) => themes.some((theme, i) => theme.level === level && sizes[i] > 0));

// Dates: each article covers the months that its date leaves open. A year covers twelve.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const monthName = (month) => `${MONTHS[month % 12]} ${Math.floor(month / 12)}`;
const covered = articles.map((article) => {
  const parts = /^(\d{4})(?:-(\d\d))?/.exec(article.date ?? '');
  if (!parts) return null;
  const year = 12 * Number(parts[1]);
  return parts[2] ? [year + Number(parts[2]) - 1, year + Number(parts[2]) - 1] : [year, year + 11];
});
const firstMonth = covered.reduce((first, months) => Math.min(first, months ? months[0] : Infinity), Infinity);
const lastMonth = covered.reduce((last, months) => Math.max(last, months ? months[1] : -Infinity), -Infinity);
const dated = firstMonth < lastMonth;

// What is shown: the points that pass the filters are lit, the others are faint.

const state = { theme: -1, pinned: -1, hovered: -1, ground: 'light', page: 1 };
const lit = new Uint8Array(count).fill(1);
let litCount = count;
const filtered = () => litCount < count;
const bright = (point) => lit[point] === 1 && (state.theme < 0 || inTheme(point, state.theme));

/** Lower case without accents, so that `cafe` finds `Café`. */
const folded = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
let foldedTexts = null;
const foldedArticles = articles.map((article) => ({
  author: folded(article.author ?? ''),
  source: folded(article.source ?? ''),
  words: folded(`${article.title ?? ''} ${article.author ?? ''}`),
}));

function filter() {
  const words = folded(element('search').value).split(/\s+/).filter(Boolean);
  const author = folded(element('author').value.trim());
  const source = folded(element('source').value.trim());
  const from = Number(element('from').value);
  const until = Number(element('until').value);
  const always = !dated || (from <= firstMonth && until >= lastMonth);
  if (words.length && !foldedTexts) foldedTexts = texts.map(folded);
  const passes = articles.map((_, article) => {
    const known = foldedArticles[article];
    const months = covered[article];
    return known.author.includes(author) && known.source.includes(source)
      && (always || (months !== null && months[0] <= until && months[1] >= from));
  });
  litCount = 0;
  for (let i = 0; i < count; i++) {
    const article = articleOf[i];
    lit[i] = passes[article]
      && words.every((word) => foldedTexts[i].includes(word) || foldedArticles[article].words.includes(word)) ? 1 : 0;
    litCount += lit[i];
  }
  element('clear').hidden = !(words.length || author || source || !always);
  element('count').textContent = element('clear').hidden
    ? count ? `${counted(count, 'passage')}, all shown` : 'There are no passages to show'
    : `${number(litCount)} of ${counted(count, 'passage')} shown`;
  listThemes();
  if (state.theme >= 0) listPassages();
  changed();
}

// The view: which part of the plane is seen, in units of the plane and CSS pixels.

const stage = element('stage');
const dots = element('dots');
const map = element('map');
const paint = dots.getContext('2d', { alpha: false });
const pen = map.getContext('2d');
const view = { x: 0, y: 0, scale: 1 };
let width = 1;
let height = 1;
let density = 1;
let whole = { x: 0, y: 0, scale: 1 };
let untouched = true;
const CLOSEST = 80;

/** The view that shows these points, all or nearly all of them: `cut` is the share left out at each end. */
function viewOf(points, cut) {
  const range = (values) => {
    const sorted = Float32Array.from(points, (point) => values[point]).sort();
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
    return [at(cut), at(1 - cut)];
  };
  const [left, right] = range(xs);
  const [top, bottom] = range(ys);
  const margin = Math.min(56, width / 14, height / 11);
  const scale = Math.min(
    (width - 2 * margin) / Math.max(right - left, 0.02),
    (height - 2 * margin) / Math.max(bottom - top, 0.02),
  );
  return { x: (left + right) / 2, y: (top + bottom) / 2, scale };
}

function everything() {
  const points = new Uint32Array(count).map((_, i) => i);
  const found = viewOf(points, 0);
  // Two or three points need not stand at the edges.
  if (count < 4) found.scale = Math.min(found.scale, Math.min(width, height) / 2.5);
  return found;
}

function resize() {
  const box = stage.getBoundingClientRect();
  if (box.width < 2 || box.height < 2) return;
  [width, height] = [box.width, box.height];
  density = Math.min(window.devicePixelRatio || 1, 2);
  for (const canvas of [dots, map]) {
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
  }
  pixels = paint.createImageData(dots.width, dots.height);
  const before = whole.scale;
  whole = everything();
  if (untouched) Object.assign(view, whole);
  else view.scale *= whole.scale / before;
  drawMonths();
  changed();
}

const zoom = () => view.scale / whole.scale;
const screenX = (x) => (x - view.x) * view.scale + width / 2;
const screenY = (y) => (y - view.y) * view.scale + height / 2;

function bound() {
  view.scale = Math.min(Math.max(view.scale, whole.scale / 2), whole.scale * CLOSEST);
  view.x = Math.min(Math.max(view.x, -1.1), 1.1);
  view.y = Math.min(Math.max(view.y, -1.1), 1.1);
}

function zoomAt(x, y, factor) {
  const before = view.scale;
  view.scale *= factor;
  bound();
  const change = 1 / before - 1 / view.scale;
  view.x += (x - width / 2) * change;
  view.y += (y - height / 2) * change;
  bound();
  moved();
}

function pan(dx, dy) {
  view.x -= dx / view.scale;
  view.y -= dy / view.scale;
  bound();
  moved();
}

let flight = 0;
function flyTo(goal) {
  cancelAnimationFrame(flight);
  const start = { ...view };
  const began = performance.now();
  const step = (now) => {
    const share = calm.matches ? 1 : Math.min(Math.max((now - began) / 350, 0), 1);
    const eased = share * share * (3 - 2 * share);
    view.scale = start.scale * (goal.scale / start.scale) ** eased;
    view.x = start.x + (goal.x - start.x) * eased;
    view.y = start.y + (goal.y - start.y) * eased;
    moved();
    if (share < 1) flight = requestAnimationFrame(step);
  };
  step(calm.matches ? Infinity : began);
}

// Drawing. The dots are written into the pixels themselves: that is fast everywhere, with a graphics card or without.

let pixels = null;
let frame = 0;
let named = 0;
let namesTimer = 0;

function moved() {
  untouched = Math.abs(zoom() - 1) < 1e-6 && Math.abs(view.x - whole.x) < 1e-6 && Math.abs(view.y - whole.y) < 1e-6;
  hideHint();
  changed();
}

/** Something else is to be seen: draws with the next frame, and finds new places for the names at most ten times a second. */
function changed() {
  clearTimeout(namesTimer);
  if (performance.now() - named > 100) place();
  else namesTimer = setTimeout(() => { place(); redraw(); }, 100);
  redraw();
}

function redraw() {
  if (!frame) frame = requestAnimationFrame(() => { frame = 0; draw(); });
}

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const packed = ([red, green, blue]) => (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
const mixed = (one, other, share) => one.map((value, i) => Math.round(value + (other[i] - value) * share));
const STRENGTHS = 8;
let palette = null;
let groundColour = 0;
let faintColour = 0;

/** The colours as the pixels want them: a passage that belongs less firmly is nearer to the ground. */
function mix() {
  const style = getComputedStyle(document.documentElement);
  const ground = rgb(style.getPropertyValue('--ground').trim());
  groundColour = packed(ground);
  faintColour = packed(rgb(style.getPropertyValue('--quiet').trim()));
  palette = new Uint32Array(themes.length * STRENGTHS);
  themes.forEach((_, theme) => {
    const own = rgb(themes[shownAs[theme]][state.ground]);
    for (let bin = 0; bin < STRENGTHS; bin++) {
      palette[theme * STRENGTHS + bin] = packed(mixed(own, ground, 0.45 * (1 - bin / (STRENGTHS - 1))));
    }
  });
}

const colourOf = (theme) => themes[shownAs[theme]][state.ground];

/** The radius of a dot: smaller where there are many or the map is small, and growing slowly with the zoom. */
function radius() {
  const crowd = Math.min(7, Math.max(0.85, 28 / Math.max(count, 1) ** 0.3));
  const room = Math.min(1.2, Math.max(0.6, Math.sqrt(Math.min(width, height) / 800)));
  return Math.min(9, Math.max(0.7, crowd * room * Math.max(zoom(), 0.7) ** 0.35));
}

/** Which pixels a dot covers and how much of each (256 is all), for nine places of its centre within a pixel. */
function stamps(size, row) {
  const all = [];
  const reach = Math.ceil(size + 1);
  for (let phase = 0; phase < 9; phase++) {
    const [cx, cy] = [(phase % 3 + 0.5) / 3, (Math.floor(phase / 3) + 0.5) / 3];
    const stamp = { offsets: [], covers: [] };
    for (let y = -reach; y <= reach; y++) {
      for (let x = -reach; x <= reach; x++) {
        const cover = Math.round(256 * Math.min(Math.max(size + 0.5 - Math.hypot(x + 0.5 - cx, y + 0.5 - cy), 0), 1));
        if (cover > 8) {
          stamp.offsets.push(y * row + x);
          stamp.covers.push(cover);
        }
      }
    }
    all.push({ offsets: Int32Array.from(stamp.offsets), covers: Int32Array.from(stamp.covers) });
  }
  return { all, reach };
}

function drawDots() {
  const [columns, rows] = [dots.width, dots.height];
  const target = new Uint32Array(pixels.data.buffer);
  target.fill(groundColour);
  // Few that are found among many must stand out.
  const size = radius() * density;
  const standing = stamps(size * (litCount < count / 10 ? 1.5 : 1), columns);
  const behind = stamps(size, columns);
  const scale = view.scale * density;
  const [left, top] = [columns / 2 - view.x * scale, rows / 2 - view.y * scale];
  const dimmed = filtered() || state.theme >= 0;
  for (let pass = dimmed ? 0 : 1; pass < 2; pass++) {
    const { all, reach } = pass === 1 ? standing : behind;
    for (let i = 0; i < count; i++) {
      const x = xs[i] * scale + left;
      const y = ys[i] * scale + top;
      if (!(x >= reach && y >= reach && x < columns - reach - 1 && y < rows - reach - 1)) continue;
      if (dimmed && bright(i) !== (pass === 1)) continue;
      const colour = pass === 1 ? palette[leafOf[i] * STRENGTHS + (strengthOf[i] >> 5)] : faintColour;
      const [cx, cy] = [x | 0, y | 0];
      const { offsets, covers } = all[((x - cx) * 3 | 0) + 3 * ((y - cy) * 3 | 0)];
      const at = cy * columns + cx;
      const [redBlue, green] = [colour & 0xff00ff, colour & 0xff00];
      for (let k = 0; k < offsets.length; k++) {
        const cover = covers[k];
        const pixel = at + offsets[k];
        if (cover === 256) {
          target[pixel] = colour;
        } else {
          const below = target[pixel];
          const rest = 256 - cover;
          target[pixel] = (0xff000000
            | (((redBlue * cover + (below & 0xff00ff) * rest) >>> 8) & 0xff00ff)
            | (((green * cover + (below & 0xff00) * rest) >>> 8) & 0xff00)) >>> 0;
        }
      }
    }
  }
  paint.putImageData(pixels, 0, 0);
}

function draw() {
  if (!pixels) return;
  drawDots();
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.clearRect(0, 0, width, height);
  drawNames(pen);
  drawMarks();
}

function ring(point, size, line, colour) {
  pen.beginPath();
  pen.arc(screenX(xs[point]), screenY(ys[point]), size, 0, 2 * Math.PI);
  pen.lineWidth = line;
  pen.strokeStyle = colour;
  pen.stroke();
}

/** Rings around the hovered and the pinned passage, and fine ones around the others of the pinned one's article. */
function drawMarks() {
  const ink = getComputedStyle(document.documentElement).getPropertyValue('--ink');
  const size = radius();
  if (state.pinned >= 0) {
    for (let i = 0; i < count; i++) {
      if (articleOf[i] === articleOf[state.pinned] && i !== state.pinned) ring(i, size + 2.5, 1, ink);
    }
    ring(state.pinned, size + 5, 2.5, ink);
  }
  if (state.hovered >= 0) ring(state.hovered, size + 4, 2, ink);
  if (document.activeElement === map && keyboard) {
    pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(width / 2 + 12 * dx, height / 2 + 12 * dy);
      pen.lineTo(width / 2 + 20 * dx, height / 2 + 20 * dy);
    }
    pen.stroke();
  }
}

// Names: each theme's stands where its visible passages are densest. Far out the groups come first, then the themes;
// nearer the themes and their parts; a name that would cover another is left out.

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
const CELL = 56;
let names = [];

/** The levels whose names are shown at this zoom, the more important one first. */
function namedLevels() {
  const near = zoom();
  const first = near < 1.8 ? 0 : near < 6 ? 1 : 2;
  const chosen = levels.filter((level) => level === first || level === first + 1);
  return chosen.length ? chosen : levels.slice(-1);
}

/** A name in lines of about 22 letters, or 14 where they are wide. Only what is much longer is cut inside a word. */
function lines(name) {
  const all = [''];
  for (const word of name.split(/\s+/)) {
    const room = /[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uff00-\uff60]/.test(word) ? 14 : 22;
    const last = all[all.length - 1];
    if (last && last.length + word.length + 1 <= room) all[all.length - 1] += ` ${word}`;
    else all.push(...(word.length > room + 8 ? word.match(room < 22 ? /.{1,14}/gu : /.{1,22}/gu) : [word]));
  }
  const full = all.filter(Boolean);
  return full.length > 3 ? [...full.slice(0, 2), `${full[2]}…`] : full;
}

function place() {
  named = performance.now();
  names = [];
  if (!pixels || !themes.length) return;
  const wanted = namedLevels();
  const cellOf = CELL / view.scale;
  const cells = new Map();
  const visible = new Uint32Array(themes.length);
  const [left, right] = [view.x - width / 2 / view.scale, view.x + width / 2 / view.scale];
  const [top, bottom] = [view.y - height / 2 / view.scale, view.y + height / 2 / view.scale];
  const narrow = filtered() || state.theme >= 0;
  const targets = chains.map((chain) => chain.filter((theme) => wanted.includes(themes[theme].level)));
  let seen = 0;
  for (let i = 0; i < count; i++) {
    const [x, y] = [xs[i], ys[i]];
    if (x < left || x > right || y < top || y > bottom || (narrow && !bright(i))) continue;
    seen++;
    const cell = Math.floor((x + 2) / cellOf) * 65536 + Math.floor((y + 2) / cellOf);
    for (const theme of targets[leafOf[i]]) {
      visible[theme]++;
      let own = cells.get(theme);
      if (!own) cells.set(theme, own = new Map());
      own.set(cell, (own.get(cell) ?? 0) + 1);
    }
  }
  const least = Math.max(1, seen * (filtered() ? 0.01 : 0.002));
  const order = [...cells.keys()].filter((theme) => visible[theme] >= least).sort((a, b) =>
    wanted.indexOf(themes[a].level) - wanted.indexOf(themes[b].level) || visible[b] - visible[a] || a - b);
  const taken = [];
  for (const blocked of [element('tools'), element('pinned')]) {
    if (blocked.hidden) continue;
    const [box, around] = [blocked.getBoundingClientRect(), stage.getBoundingClientRect()];
    taken.push([box.left - around.left, box.top - around.top, box.right - around.left, box.bottom - around.top]);
  }
  const said = new Set();
  for (const theme of order) {
    const name = nameOf(theme);
    if (said.has(name)) continue;
    const placed = placeName(theme, name, densest(cells.get(theme), cellOf), wanted, taken);
    if (placed) {
      said.add(name);
      names.push(placed);
    }
  }
}

/** The middle of the cell, with those around it, that holds the most points. */
function densest(cells, cellOf) {
  const around = (cell) => [-65537, -65536, -65535, -1, 0, 1, 65535, 65536, 65537].map((step) => cell + step);
  let best = { sum: -1 };
  for (const cell of cells.keys()) {
    let [sum, x, y] = [0, 0, 0];
    for (const near of around(cell)) {
      const inside = cells.get(near) ?? 0;
      sum += inside;
      x += inside * (Math.floor(near / 65536) + 0.5);
      y += inside * (near % 65536 + 0.5);
    }
    if (sum > best.sum) best = { sum, x: x / sum * cellOf - 2, y: y / sum * cellOf - 2 };
  }
  return best;
}

function placeName(theme, name, at, wanted, taken) {
  const first = themes[theme].level === wanted[0];
  const small = width < 560;
  const size = (first ? 15.5 : 12.5) - (small ? 2 : 0);
  const font = `${first ? 700 : 500} ${size}px ${FONT}`;
  pen.font = font;
  const rows = lines(name);
  const wide = Math.max(...rows.map((row) => pen.measureText(row).width)) / 2 + 7;
  const high = rows.length * size * 0.6 + 3;
  if (wide * 2 > width - 8) return null;
  // Beside single dots, and over the middle of many.
  const lifts = [...(at.sum < 4 ? [] : [0]), -1, 1, ...(first ? [-2, 2] : [])];
  for (const lift of lifts) {
    const x = Math.min(Math.max(screenX(at.x), wide + 4), width - wide - 4);
    const y = Math.min(Math.max(screenY(at.y) + lift * (high + radius() + 2), high + 4), height - high - 4);
    const box = [x - wide, y - high, x + wide, y + high];
    if (taken.every((other) => box[0] > other[2] || box[2] < other[0] || box[1] > other[3] || box[3] < other[1])) {
      taken.push(box);
      return {
        theme, rows, font, size,
        // Where it is in the plane, so that it moves with the map until it is placed anew.
        x: (x - width / 2) / view.scale + view.x,
        y: (y - height / 2) / view.scale + view.y,
      };
    }
  }
  return null;
}

/** The colour of a name: that of its theme, mixed with ink until it can be read. */
function inkOf(theme) {
  const ink = rgb(getComputedStyle(document.documentElement).getPropertyValue('--ink').trim());
  const share = themes[theme].level === 0 ? 1 : 0.55;
  return `rgb(${mixed(rgb(colourOf(theme)), ink, share).join(' ')})`;
}

const rightToLeft = (text) => /^[^\p{L}]*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u.test(text);

function drawNames(onto) {
  const halo = getComputedStyle(document.documentElement).getPropertyValue('--ground').trim();
  onto.textAlign = 'center';
  onto.textBaseline = 'middle';
  onto.lineJoin = 'round';
  for (const name of [...names].reverse()) {
    onto.font = name.font;
    name.rows.forEach((row, i) => {
      const [x, y] = [screenX(name.x), screenY(name.y) + (i - (name.rows.length - 1) / 2) * name.size * 1.2];
      onto.direction = rightToLeft(row) ? 'rtl' : 'ltr';
      onto.strokeStyle = halo;
      onto.lineWidth = 4.5;
      onto.globalAlpha = 0.9;
      onto.strokeText(row, x, y);
      onto.globalAlpha = 1;
      onto.fillStyle = inkOf(name.theme);
      onto.fillText(row, x, y);
    });
  }
}

// Which point is where: a grid over the plane, its cells side by side in one list.

const side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(count / 3))));
const gridCell = (x, y) => {
  const within = (value) => Math.min(side - 1, Math.max(0, Math.floor((value + 1) / 2 * side)));
  return within(y) * side + within(x);
};
const gridStarts = new Uint32Array(side * side + 1);
const gridPoints = new Uint32Array(count);
for (let i = 0; i < count; i++) gridStarts[gridCell(xs[i], ys[i]) + 1]++;
for (let i = 0; i < side * side; i++) gridStarts[i + 1] += gridStarts[i];
{
  const next = gridStarts.slice();
  for (let i = 0; i < count; i++) gridPoints[next[gridCell(xs[i], ys[i])]++] = i;
}

/** The bright point nearest to a place on the screen, or -1 if there is none within `reach` pixels. */
function nearest(x, y, reach) {
  const px = (x - width / 2) / view.scale + view.x;
  const py = (y - height / 2) / view.scale + view.y;
  const far = reach / view.scale;
  const [first, last] = [gridCell(px - far, py - far), gridCell(px + far, py + far)];
  let [best, least] = [-1, far * far];
  for (let row = Math.floor(first / side); row <= Math.floor(last / side); row++) {
    const [from, to] = [gridStarts[row * side + first % side], gridStarts[row * side + last % side + 1]];
    for (let k = from; k < to; k++) {
      const i = gridPoints[k];
      const apart = (xs[i] - px) ** 2 + (ys[i] - py) ** 2;
      if (apart < least && bright(i)) [best, least] = [i, apart];
    }
  }
  return best;
}

// A passage on a card.

function from(point) {
  const article = articles[articleOf[point]];
  const line = make('span', 'from');
  const about = [article.author, article.source, article.date].filter(Boolean);
  line.append(made('strong', '', article.title ?? article.path.split(/[\\/]/).pop()));
  for (const part of about) line.append(' · ', made('bdi', '', part));
  return line;
}

function swatch(theme) {
  const dot = make('span', 'swatch');
  dot.style.background = colourOf(theme);
  return dot;
}

function fillCard(card, point) {
  const theme = make('p', 'theme');
  theme.append(swatch(leafOf[point]), made('span', '', nameOf(shownAs[leafOf[point]])));
  const line = make('p', 'from');
  line.append(from(point));
  card.replaceChildren(theme, made('p', 'text', texts[point]), line);
}

function showHint(point, x, y) {
  const hint = element('hint');
  if (point !== state.hovered) {
    state.hovered = point;
    fillCard(hint, point);
    redraw();
  }
  hint.hidden = point === state.pinned;
  const box = hint.getBoundingClientRect();
  const left = x + 18 + box.width > width ? x - 18 - box.width : x + 18;
  hint.style.left = `${Math.max(8, Math.min(left, width - box.width - 8))}px`;
  hint.style.top = `${Math.max(8, Math.min(y + 14, height - box.height - 8))}px`;
}

function hideHint() {
  element('hint').hidden = true;
  state.hovered = -1;
}

function pin(point, focus) {
  const card = element('pinned');
  hideHint();
  state.pinned = point;
  card.hidden = point < 0;
  if (point >= 0) {
    fillCard(card, point);
    const shown = make('p', 'from', `Passage ${passageOf[point]}`);
    const close = make('button', 'close', '×');
    close.type = 'button';
    close.setAttribute('aria-label', 'Close');
    close.addEventListener('click', () => { pin(-1); map.focus(); });
    card.append(shown, close);
    card.scrollTop = 0;
    if (focus) card.focus();
  }
  changed();
}

// Pointers: one drags, two pinch, a click pins.

const pointers = new Map();
let travelled = 0;
let keyboard = false;

const where = (event) => {
  const box = map.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
};
const middle = () => {
  const all = [...pointers.values()];
  const x = all.reduce((sum, at) => sum + at.x, 0) / all.length;
  const y = all.reduce((sum, at) => sum + at.y, 0) / all.length;
  return { x, y, spread: Math.hypot(all[0].x - x, all[0].y - y) };
};

map.addEventListener('pointerdown', (event) => {
  cancelAnimationFrame(flight);
  keyboard = false;
  map.setPointerCapture(event.pointerId);
  if (pointers.size === 0) travelled = 0;
  pointers.set(event.pointerId, where(event));
  map.classList.add('held');
});
map.addEventListener('pointermove', (event) => {
  const at = where(event);
  if (!pointers.has(event.pointerId)) {
    const found = nearest(at.x, at.y, Math.max(12, radius() + 6));
    map.classList.toggle('over', found >= 0);
    if (found >= 0) showHint(found, at.x, at.y);
    else if (state.hovered >= 0) { hideHint(); redraw(); }
    return;
  }
  const before = middle();
  pointers.set(event.pointerId, at);
  const after = middle();
  travelled += Math.hypot(after.x - before.x, after.y - before.y);
  if (travelled > 4 || pointers.size > 1) pan(after.x - before.x, after.y - before.y);
  if (pointers.size > 1 && before.spread > 0) {
    travelled += 9;
    zoomAt(after.x, after.y, after.spread / before.spread);
  }
});
for (const kind of ['pointerup', 'pointercancel']) {
  map.addEventListener(kind, (event) => {
    const at = where(event);
    if (!pointers.delete(event.pointerId)) return;
    if (pointers.size) return;
    map.classList.remove('held');
    if (kind === 'pointerup' && travelled <= 4) {
      pin(nearest(at.x, at.y, Math.max(event.pointerType === 'touch' ? 24 : 12, radius() + 6)));
    }
  });
}
map.addEventListener('pointerleave', () => { if (!pointers.size) { hideHint(); redraw(); } });
map.addEventListener('wheel', (event) => {
  event.preventDefault();
  cancelAnimationFrame(flight);
  const at = where(event);
  const unit = event.deltaMode === 1 ? 16 : 1;
  zoomAt(at.x, at.y, Math.exp(-Math.max(-200, Math.min(200, event.deltaY * unit)) * (event.ctrlKey ? 0.01 : 0.002)));
}, { passive: false });
map.addEventListener('dblclick', (event) => {
  const at = where(event);
  zoomAt(at.x, at.y, 2);
});

// Keys on the map: what is nearest to the middle is the hovered passage.

const WAY = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function lookAtMiddle() {
  keyboard = true;
  const found = nearest(width / 2, height / 2, 60);
  if (found >= 0) {
    showHint(found, width / 2, height / 2);
    say(texts[found]);
  }
  redraw();
}

map.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const way = WAY[event.key];
  if (way) pan(60 * way[0], 60 * way[1]);
  else if (event.key === '+' || event.key === '=') zoomAt(width / 2, height / 2, 1.4);
  else if (event.key === '-' || event.key === '_') zoomAt(width / 2, height / 2, 1 / 1.4);
  else if (event.key === '0') flyTo(whole);
  else if (event.key === 'Enter' || event.key === ' ') {
    const found = nearest(width / 2, height / 2, 60);
    if (found >= 0) pin(found, true);
  } else return;
  event.preventDefault();
  if (way || event.key === '+' || event.key === '-' || event.key === '=') lookAtMiddle();
});
map.addEventListener('blur', () => { if (keyboard) { keyboard = false; hideHint(); redraw(); } });
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || state.pinned < 0) return;
  const inside = element('pinned').contains(document.activeElement);
  pin(-1);
  if (inside) map.focus();
});

/** Says something to those who hear the page. */
function say(text) {
  element('voice').textContent = text;
}

element('closer').addEventListener('click', () => flyTo({ ...view, scale: Math.min(view.scale * 1.6, whole.scale * CLOSEST) }));
element('further').addEventListener('click', () => flyTo({ ...view, scale: Math.max(view.scale / 1.6, whole.scale / 2) }));
element('whole').addEventListener('click', () => flyTo(whole));

// Light and dark: the system's choice until the button is used.

function ground(choice) {
  state.ground = choice;
  document.documentElement.dataset.ground = choice;
  element('ground').setAttribute('aria-pressed', String(choice === 'dark'));
  mix();
  listThemes();
  if (state.theme >= 0) openTheme(state.theme, { keep: true });
  if (state.pinned >= 0) pin(state.pinned);
  drawMonths();
  changed();
}

const dark = matchMedia('(prefers-color-scheme: dark)');
let chosen = false;
dark.addEventListener('change', () => { if (!chosen) ground(dark.matches ? 'dark' : 'light'); });
element('ground').addEventListener('click', () => {
  chosen = true;
  ground(state.ground === 'dark' ? 'light' : 'dark');
});

// The list of themes.

const entries = new Map();

function entry(theme, found) {
  const button = make('button');
  button.type = 'button';
  const size = make('span', 'size', found < sizes[theme] ? `${number(found)} / ${number(sizes[theme])}` : number(found));
  size.append(make('span', 'unseen', sizes[theme] === 1 ? ' passage' : ' passages'));
  button.append(swatch(theme), made('span', 'name', nameOf(theme)), size);
  button.addEventListener('click', () => openTheme(theme, { fly: true, focus: true }));
  return button;
}

/** The themes by how many of their passages are shown, in their groups. */
function listThemes() {
  const found = new Uint32Array(themes.length);
  for (let i = 0; i < count; i++) if (lit[i]) for (const theme of chains[leafOf[i]]) found[theme]++;
  const most = (a, b) => found[b] - found[a] || sizes[b] - sizes[a] || a - b;
  const groups = new Map();
  for (const theme of [...shownThemes].sort(most)) {
    const root = chains[theme][chains[theme].length - 1];
    groups.set(root, [...(groups.get(root) ?? []), theme]);
  }
  const grouped = groups.size > 1 && groups.size < shownThemes.length;
  const forest = element('forest');
  forest.replaceChildren();
  entries.clear();
  for (const root of [...groups.keys()].sort(most)) {
    let into = forest;
    if (grouped) {
      const item = make('li');
      into = make('ul');
      item.append(made('h3', '', nameOf(root)), into);
      forest.append(item);
    }
    for (const theme of groups.get(root)) {
      const item = make('li');
      const button = entry(theme, found[theme]);
      const bar = make('span', 'bar');
      const filled = make('i');
      filled.style.background = colourOf(theme);
      filled.style.width = `${100 * found[theme] / sizes[shownThemes[0]]}%`;
      bar.append(filled);
      button.append(bar);
      entries.set(theme, button);
      item.append(button);
      into.append(item);
    }
  }
  element('themes').hidden = shownThemes.length === 0 || state.theme >= 0;
}

// One theme: its parts and its passages, those that belong most firmly first.

const PAGE = 20;
let members = [];

function openTheme(theme, { fly = false, focus = false, keep = false } = {}) {
  state.theme = theme;
  if (!keep) state.page = 1;
  element('themes').hidden = true;
  element('theme').hidden = false;
  const heading = element('theme-name');
  heading.replaceChildren(swatch(theme), made('span', '', nameOf(theme)));
  const above = themes[theme].level > 1 ? themes[theme].parent : null;
  element('back').textContent = above === null ? 'All themes' : `Back to ${nameOf(above)}`;
  const parts = partsOf(theme);
  element('theme-parts').replaceChildren(...(parts.length > 1 ? parts : []).map((part) => {
    const item = make('li');
    item.append(entry(part, sizes[part]));
    return item;
  }));
  members = [];
  for (let i = 0; i < count; i++) if (inTheme(i, theme)) members.push(i);
  members.sort((a, b) => strengthOf[b] - strengthOf[a] || a - b);
  listPassages();
  if (fly) flyTo(viewOf(members, members.length > 40 ? 0.04 : 0));
  if (focus) {
    element('panel').scrollTop = 0;
    heading.focus();
    heading.scrollIntoView({ block: 'nearest' });
  }
  changed();
}

function listPassages() {
  const found = members.filter((point) => lit[point]);
  const terms = themes[state.theme].terms.join(', ');
  const size = found.length < members.length
    ? `${number(found.length)} of ${counted(members.length, 'passage')}`
    : counted(members.length, 'passage');
  element('theme-about').textContent = terms && terms !== nameOf(state.theme) ? `${size}: ${terms}` : size;
  const shown = found.slice(0, PAGE * state.page);
  element('passages').replaceChildren(...shown.map((point) => {
    const item = make('li');
    const button = make('button');
    button.type = 'button';
    button.append(made('span', '', texts[point]), from(point));
    button.addEventListener('click', () => {
      pin(point);
      const card = element('pinned');
      const [x, y] = [screenX(xs[point]), screenY(ys[point])];
      const covered = x < card.offsetLeft + card.offsetWidth + 20 && y > card.offsetTop - 20;
      if (covered || x < 20 || y < 20 || x > width - 20 || y > height - 20) {
        // Into the middle of what is left above the card.
        flyTo({ x: xs[point], y: ys[point] + (height - card.offsetTop) / 2 / view.scale, scale: view.scale });
      }
    });
    item.append(button);
    return item;
  }));
  const left = found.length - shown.length;
  element('more').hidden = left === 0;
  element('more').textContent = `Show ${Math.min(PAGE, left)} more of ${number(left)}`;
}

element('more').addEventListener('click', () => {
  const before = PAGE * state.page;
  state.page++;
  listPassages();
  element('passages').children[before]?.querySelector('button').focus();
});
element('back').addEventListener('click', () => {
  const before = state.theme;
  const above = themes[before].level > 1 ? themes[before].parent : null;
  if (above !== null) {
    openTheme(above, { fly: true, focus: true });
    return;
  }
  state.theme = -1;
  element('theme').hidden = true;
  element('themes').hidden = false;
  flyTo(whole);
  entries.get(shownAs[before])?.focus();
  changed();
});

// The filters.

let typing = 0;
for (const id of ['search', 'author', 'source']) {
  element(id).addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(filter, 150);
  });
}
element('filters').addEventListener('submit', (event) => {
  event.preventDefault();
  clearTimeout(typing);
  filter();
});
element('clear').addEventListener('click', () => {
  for (const id of ['search', 'author', 'source']) element(id).value = '';
  if (dated) {
    element('from').value = String(firstMonth);
    element('until').value = String(lastMonth);
    showSpan();
  }
  filter();
  element('search').focus();
});

function suggest(key) {
  const times = new Map();
  for (const article of articles) if (article[key]) times.set(article[key], (times.get(article[key]) ?? 0) + 1);
  const values = [...times.keys()].sort((a, b) => times.get(b) - times.get(a)).slice(0, 500).sort((a, b) => a.localeCompare(b));
  element(`${key}s`).replaceChildren(...values.map((value) => {
    const option = make('option');
    option.value = value;
    return option;
  }));
  element(`${key}-field`).hidden = times.size === 0;
  element(`${key}-field`).classList.toggle('wide', !articles.some((article) => article[key === 'author' ? 'source' : 'author']));
}

const perMonth = dated ? new Float32Array(lastMonth - firstMonth + 1) : null;
if (dated) {
  for (let i = 0; i < count; i++) {
    const months = covered[articleOf[i]];
    if (!months) continue;
    const share = 1 / (months[1] - months[0] + 1);
    for (let month = months[0]; month <= months[1]; month++) perMonth[month - firstMonth] += share;
  }
  for (const [id, value] of [['from', firstMonth], ['until', lastMonth]]) {
    const handle = element(id);
    handle.min = String(firstMonth);
    handle.max = String(lastMonth);
    handle.step = '1';
    handle.value = String(value);
    handle.addEventListener('input', () => {
      const [start, end] = [Number(element('from').value), Number(element('until').value)];
      if (start > end) handle.value = String(id === 'from' ? end : start);
      showSpan();
      clearTimeout(typing);
      typing = setTimeout(filter, 40);
    });
  }
  element('time').hidden = false;
}

function showSpan() {
  const [start, end] = [Number(element('from').value), Number(element('until').value)];
  element('span').textContent = start === end ? monthName(start) : `${monthName(start)} to ${monthName(end)}`;
  element('from').setAttribute('aria-valuetext', monthName(start));
  element('until').setAttribute('aria-valuetext', monthName(end));
  // A handle that has come up against the other end must stay on top, or it could not be taken back.
  element('from').style.zIndex = start - firstMonth > (lastMonth - firstMonth) / 2 ? '2' : '1';
  element('until').style.zIndex = '1';
  const share = (month) => (month - firstMonth) / (lastMonth - firstMonth);
  element('between').style.left = `${100 * share(start)}%`;
  element('between').style.right = `${100 * (1 - share(end))}%`;
  drawMonths();
}

function drawMonths() {
  if (!dated) return;
  const canvas = element('months');
  const box = canvas.getBoundingClientRect();
  const style = getComputedStyle(document.documentElement);
  canvas.width = Math.round(box.width * density);
  canvas.height = Math.round(box.height * density);
  const bars = canvas.getContext('2d');
  bars.scale(density, density);
  const [start, end] = [Number(element('from').value), Number(element('until').value)];
  const most = perMonth.reduce((most, value) => Math.max(most, value), 0);
  // The middle of a handle runs from half its width to half its width.
  const step = (box.width - 18) / perMonth.length;
  perMonth.forEach((value, month) => {
    const high = value > 0 ? Math.max(1.5, value / most * (box.height - 2)) : 0;
    const inside = month + firstMonth >= start && month + firstMonth <= end;
    bars.fillStyle = style.getPropertyValue(inside ? '--accent' : '--line').trim();
    bars.fillRect(9 + month * step, box.height - high, Math.max(step - (step > 4 ? 1 : 0), 0.75), high);
  });
}

// Pictures of what is seen now.

function save(blob, ending) {
  const link = make('a');
  link.href = URL.createObjectURL(blob);
  link.download = `${data.title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'map'}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  say(`Saved as ${ending.toUpperCase()}`);
}

element('png').addEventListener('click', () => {
  place();
  drawDots();
  const picture = make('canvas');
  picture.width = dots.width;
  picture.height = dots.height;
  const onto = picture.getContext('2d');
  onto.drawImage(dots, 0, 0);
  onto.scale(density, density);
  drawNames(onto);
  picture.toBlob((blob) => save(blob, 'png'), 'image/png');
});

element('svg').addEventListener('click', () => {
  place();
  const safe = (text) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const style = getComputedStyle(document.documentElement);
  const [halo, quiet] = ['--ground', '--quiet'].map((name) => style.getPropertyValue(name).trim());
  const paths = new Map([[quiet, []]]);
  for (let i = 0; i < count; i++) {
    const [x, y] = [screenX(xs[i]), screenY(ys[i])];
    if (x < 0 || y < 0 || x > width || y > height) continue;
    const colour = bright(i) ? colourOf(leafOf[i]) : quiet;
    if (!paths.has(colour)) paths.set(colour, []);
    paths.get(colour).push(`M${x.toFixed(1)} ${y.toFixed(1)}h0`);
  }
  const [w, h] = [Math.round(width), Math.round(height)];
  const drawing = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img">`,
    `<title>${safe(data.title)}</title><rect width="${w}" height="${h}" fill="${halo}"/>`,
    `<g fill="none" stroke-linecap="round" stroke-width="${(2 * radius()).toFixed(2)}">`,
    ...[...paths].filter(([, steps]) => steps.length)
      .map(([colour, steps]) => `<path stroke="${colour}" d="${steps.join('')}"/>`),
    `</g><g text-anchor="middle" font-family="${safe(FONT)}" stroke="${halo}" stroke-width="4" stroke-linejoin="round" paint-order="stroke">`,
    ...names.flatMap((name) => name.rows.map((row, i) => {
      const y = screenY(name.y) + (i - (name.rows.length - 1) / 2) * name.size * 1.2 + name.size * 0.35;
      const weight = name.font.split(' ')[0];
      return `<text x="${screenX(name.x).toFixed(1)}" y="${y.toFixed(1)}" font-size="${name.size}" font-weight="${weight}" fill="${inkOf(name.theme)}">${safe(row)}</text>`;
    })),
    '</g></svg>',
  ];
  save(new Blob(drawing, { type: 'image/svg+xml' }), 'svg');
});

// And begin.

element('title').textContent = data.title;
element('about').textContent =
  `${counted(count, 'passage')} in ${counted(articles.length, 'article')}, ${counted(shownThemes.length, 'theme')}`;
suggest('author');
suggest('source');
if (dated) showSpan();
ground(dark.matches ? 'dark' : 'light');
new ResizeObserver(resize).observe(stage);
resize();
filter();

})();
