// How things are said: numbers, dates, names, places.

export const number = (value) => value.toLocaleString('en');
export const counted = (value, one) => `${number(value)} ${one}${value === 1 ? '' : 's'}`;

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
  'November', 'December'];

/** `2024-05-14` as `14 May 2024`, and what is known of a date that is known in part. */
export function dated(date) {
  const [, year, month, day] = /^(\d{1,4})(?:-(\d\d))?(?:-(\d\d))?/.exec(date) ?? [];
  if (!year) return date;
  return [day && Number(day), month && MONTHS[Number(month) - 1], Number(year)].filter(Boolean).join(' ');
}

/** A file's name, without its folders. */
const fileName = (path) => path.replace(/[/\\]+$/, '').split(/[/\\]/).pop() || path;

/** What an article is called, where it has no title as well. */
export const titleOf = (article) =>
  article.title?.trim() || [article.path && fileName(article.path), article.entry].filter(Boolean).join(' · ') || `Article ${article.id}`;

/** Who, when and where. */
export const byLine = (article) =>
  [article.author, article.date && dated(article.date), article.source].filter(Boolean).join(' · ');

/** What stands beside a theme's number. */
export const themeName = (theme) => theme.given || theme.title || theme.name || `Theme ${theme.id}`;

/** An answer that is surer than this says so. */
const LIKELY = 0.5;

/** How sure an answer is, in steps of five; nothing where it isn't likely. */
export function sureness(sure) {
  if (!(sure >= LIKELY)) return '';
  const percent = Math.round(sure * 20) * 5;
  return percent === 100 ? 'sure' : `${percent} % sure`;
}

/** Where a passage stands: `¶6`, or `¶6 part 2 of 3`. */
export const placed = ({ paragraph, part, parts }) => `¶${paragraph}${parts > 1 ? ` part ${part} of ${parts}` : ''}`;

const languages = typeof Intl.DisplayNames === 'function' ? new Intl.DisplayNames('en', { type: 'language', fallback: 'code' }) : null;

/** `de` as `German`. */
export function languageName(code) {
  try {
    return languages?.of(code) ?? code;
  } catch {
    return code;
  }
}

/** An address that may be a link: any other scheme than that of the web stays plain text. */
export function webAddress(address) {
  try {
    const url = new URL(address);
    return ['http:', 'https:'].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}
