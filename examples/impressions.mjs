// @ts-check
// Invented rows for the examples: what a shop showed to its visitors, and what they clicked. Nothing here is about
// bitrow; it stands for your own log. The law behind the clicks is planted, so a model has something to find: every
// visitor likes some categories, every item has its own appeal, evenings are better than mornings, prices put off.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const categories = ['audio', 'books', 'garden', 'games', 'kitchen', 'outdoor', 'photo', 'toys'];
const devices = ['phone', 'tablet', 'desktop'];

/**
 * Writes one day of impressions as CSV: time, user, item, categories (a list with |), device, price, clicked.
 *
 * @param {string} path
 * @param {{ day: string, rows: number, newestItem?: number }} options `day` is YYYY-MM-DD; items are numbered up to
 *   `newestItem`, so that later days can bring new ones
 */
export async function writeImpressions(path, { day, rows, newestItem = 400 }) {
  const random = generator(Number(day.replaceAll('-', '')));
  const file = createWriteStream(path);
  file.write('time,user,item,categories,device,price,clicked\n');
  for (let i = 0; i < rows; i++) {
    // Squaring makes a few users and items frequent and most of them rare, as in real logs.
    const user = Math.floor(3000 * random() ** 2);
    const item = Math.floor(newestItem * random() ** 2);
    const second = Math.floor(86_400 * random());
    const device = devices[Math.floor(3 * random())];
    const price = 2 + 80 * fraction(item, 1);
    const ofItem = categories.filter((_, c) => c === item % 8 || fraction(item, 10 + c) < 0.15);
    const liked = ofItem.filter((name) => fraction(user, 30 + categories.indexOf(name)) < 0.3).length;
    const evening = second > 18 * 3600 ? 0.5 : 0;
    const logit = -2 + 2.2 * liked + 2 * (fraction(item, 2) - 0.5) + evening - price / 60;
    const clicked = random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    const row = [
      time(day, second),
      `u${user}`,
      `i${item}`,
      ofItem.join('|'),
      device,
      price.toFixed(2),
      clicked,
    ];
    if (!file.write(`${row.join(',')}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** A number in [0, 1) that belongs to (key, salt): the same on every day. @param {number} key @param {number} salt */
function fraction(key, salt) {
  return generator(key * 1009 + salt)();
}

/** Mulberry32: a small generator that is good enough to invent rows. @param {number} seed @returns {() => number} */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {string} day @param {number} second of the day */
function time(day, second) {
  const two = (/** @type {number} */ n) => String(Math.floor(n)).padStart(2, '0');
  return `${day} ${two(second / 3600)}:${two((second / 60) % 60)}:${two(second % 60)}`;
}
