// From the visits of one subject to the bits and numbers of the program, and from its numbers to the scores.
// Stands behind the tables of one instrument: MADE, KINDS, LEVELS, QUANTITIES, FLAGS, LOOKBACKS, UNASKED, NAMES,
// WORDS, BIT_SLOTS. What it reads and refuses is what `funis.scorer` reads and refuses.

const EMPTY = -1;
const NOT_DONE = -2;
const MOST_IN_A_NUMBER = 31;
const LARGEST_WHOLE = 2 ** 53;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const strip = (text) => text.replace(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, "");
const isEmpty = (cell) => cell === null || cell === undefined || cell !== cell;

// Names the key and the visit, never what stands in the cell.
export class RefusedError extends Error {
  constructor(key, visit, why) {
    super(`${key === null ? "The visits" : `'${key}'`}${visit === null ? "" : ` of visit ${visit + 1}`}: ${why}`);
    this.name = "RefusedError";
    this.key = key;
    this.visit = visit;
  }
}

// Level by cell, for the cells that need no cleaning.
const TABLES = KINDS.map(([values]) => {
  const table = new Map([[null, EMPTY], [undefined, EMPTY], [NaN, EMPTY], ["ND", NOT_DONE]]);
  for (const value of values) table.set(value, value).set(String(value), value);
  if (table.has(1)) table.set(true, 1);
  if (table.has(0)) table.set(false, 0);
  return table;
});

function readLevel(kind, cell, key, place) {
  const found = TABLES[kind].get(cell);
  if (found !== undefined) return found;
  if (typeof cell === "string") {
    const text = strip(cell);
    const word = text.toLowerCase();
    const spellings = KINDS[kind][1];
    if (NOT_DONE_WORDS.includes(word)) return NOT_DONE;
    if (text === "") return EMPTY;
    const value = Object.hasOwn(spellings, word) ? spellings[word] : NUMBER.test(text) ? Number(text) : NaN;
    if (value === value && TABLES[kind].has(value)) return TABLES[kind].get(value);
  }
  throw new RefusedError(key, place, "no level of the item");
}

function readQuantity(cell, isItem, low, high, key, place) {
  let value = cell;
  if (typeof cell === "string" && isItem) {
    const text = strip(cell);
    if (NOT_DONE_WORDS.includes(text.toLowerCase())) return NOT_DONE;
    if (text !== "" && !NUMBER.test(text)) throw new RefusedError(key, place, "no number");
    value = text === "" ? null : Number(text);
  }
  if (isEmpty(value)) return null;
  if (typeof value === "boolean") value = Number(value);
  if (typeof value !== "number") throw new RefusedError(key, place, "no number");
  if ((low !== null && value < low) || (high !== null && value > high)) {
    throw new RefusedError(key, place, "outside the limits of the item");
  }
  if (typeof cell === "number" && Number.isInteger(value) && Math.abs(value) > LARGEST_WHOLE) {
    throw new RefusedError(key, place, "too large to be told from its neighbours");
  }
  return [value];
}

// 1, 0, or null where it is empty.
function readFlag(cell, key, place) {
  if (isEmpty(cell)) return null;
  if (cell === 1 || cell === true) return 1;
  if (cell === 0 || cell === false) return 0;
  if (typeof cell === "string") {
    const word = strip(cell).toLowerCase();
    if (word === "") return null;
    if (Object.hasOwn(ANSWERS, word)) return ANSWERS[word];
  }
  throw new RefusedError(key, place, "neither yes nor no");
}

function readCells(visits, M, Z) {
  const bits = new Array(BIT_SLOTS).fill(Z);
  const numbers = QUANTITIES.map(() => []);
  const stateNotDone = (slot, key, place) => {
    if (slot < 0) throw new RefusedError(key, place, "not done, which this script was made without");
    bits[slot] |= M[place];
  };
  visits.forEach((visit, place) => {
    const m = M[place];
    for (const [key, kind, gap, notDone] of LEVELS) {
      const level = readLevel(kind, visit[key], key, place);
      if (level < 0) {
        bits[gap] |= m;
        if (level === NOT_DONE) stateNotDone(notDone, key, place);
      } else {
        for (let digit = 0; level >> digit; digit += 1) if ((level >> digit) & 1) bits[gap + 1 + digit] |= m;
      }
    }
    QUANTITIES.forEach(([key, gap, notDone, isItem, low, high], column) => {
      const found = readQuantity(visit[key], isItem, low, high, key, place);
      numbers[column].push(Array.isArray(found) ? found[0] : NaN);
      if (!Array.isArray(found)) bits[gap] |= m;
      if (found === NOT_DONE) stateNotDone(notDone, key, place);
    });
    for (const [key, ...slots] of FLAGS) {
      const answer = readFlag(visit[key], key, place);
      const slot = slots[answer === null ? 2 : 1 - answer];
      if (slot >= 0) bits[slot] |= m;
    }
  });
  return [bits, numbers];
}

// A date as its month and day, where a month's last day counts as the 31st; a day number as itself.
function readTime(cell, order, place) {
  if (order === "day" && typeof cell === "number" && Number.isFinite(cell)) return { at: cell };
  const found = order === "date" && typeof cell === "string" ? DATE.exec(cell) : null;
  if (found === null) throw new RefusedError(order, place, order === "day" ? "no number" : "no date as yyyy-mm-dd");
  const [year, month, day] = found.slice(1).map(Number);
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (year < 1 || days === undefined || day < 1 || day > days) throw new RefusedError(order, place, "no such day");
  const months = year * 12 + month;
  return { at: months * 32 + day, key: months * 32 + (day === days ? 31 : day), months, day };
}

function findWindows(times, M, Z) {
  const keyOf = (time) => (time.key === undefined ? Math.floor(time.at) : time.key);
  return LOOKBACKS.map(([months, days]) =>
    times.map((time, place) => {
      const since = time.key === undefined ? Math.floor(time.at) - days : (time.months - months) * 32 + time.day;
      return times.slice(0, place + 1).reduce((seen, one, at) => (keyOf(one) >= since ? seen | M[at] : seen), Z);
    }),
  );
}

function checkVisits(visits) {
  const subject = visits[0].subject;
  visits.forEach((visit, place) => {
    if (isEmpty(visit.subject)) throw new RefusedError("subject", place, "is lacking");
    if (visit.subject !== subject) throw new RefusedError("subject", place, "is another one: a call takes the visits of one");
    const unasked = UNASKED.find((key) => !isEmpty(visit[key]));
    if (unasked !== undefined) throw new RefusedError(unasked, place, "is read, and this script was made without it");
  });
  return visits.some((visit) => "day" in visit) ? "day" : "date";
}

// Scores of the visits of one subject, in the order given: one object per visit with the columns of the score.
export function score(visits) {
  const count = visits.length;
  if (count === 0) return [];
  const order = checkVisits(visits);
  const times = visits.map((visit, place) => readTime(visit[order], order, place));
  const places = times.map((_, place) => place).sort((one, other) => times[one].at - times[other].at);
  places.forEach((place, rank) => {
    if (rank && times[place].at === times[places[rank - 1]].at) throw new RefusedError(order, place, "is that of another visit");
  });
  const isLong = count > MOST_IN_A_NUMBER;
  const [Z, U] = isLong ? [0n, 1n] : [0, 1];
  const M = places.map((_, rank) => (isLong ? 1n << BigInt(rank) : 1 << rank));
  const E = M.reduce((all, m) => all | m, Z);
  const given = places.map((place) => visits[place]);
  const [bits, numbers] = readCells(given, M, Z);
  const rows = run(bits, numbers, findWindows(places.map((place) => times[place]), M, Z), Z, E, U, M);
  const scores = new Array(count);
  rows.forEach((row, rank) => {
    const found = {};
    row.forEach((number, column) => {
      const words = WORDS[NAMES[column][1]];
      found[NAMES[column][0]] = words === undefined || number === null ? number : words[number];
    });
    scores[places[rank]] = found;
  });
  return scores;
}

// What the steps call. A visit whose value is not known (NaN) is on neither side of a limit.
const gather = (values, test, Z, M) => {
  let bits = Z;
  for (let place = 0; place < M.length; place += 1) if (test(values[place], place)) bits |= M[place];
  return bits;
};
const below = (values, limit, Z, M) => gather(values, (value) => value < limit, Z, M);
const upTo = (values, limit, Z, M) => gather(values, (value) => value <= limit, Z, M);
const above = (values, limit, Z, M) => gather(values, (value) => value > limit, Z, M);
const orAbove = (values, limit, Z, M) => gather(values, (value) => value >= limit, Z, M);
const pairsBelow = (left, right, Z, M) => gather(left, (value, place) => value < right[place], Z, M);
const pairsUpTo = (left, right, Z, M) => gather(left, (value, place) => value <= right[place], Z, M);
const laterBelow = (left, right, Z, M) => gather(left, (value, place) => place > 0 && value < right[place - 1], Z, M);
const laterUpTo = (left, right, Z, M) => gather(left, (value, place) => place > 0 && value <= right[place - 1], Z, M);
const laterAbove = (left, right, Z, M) => gather(left, (value, place) => place > 0 && value > right[place - 1], Z, M);
const laterOrAbove = (left, right, Z, M) => gather(left, (value, place) => place > 0 && value >= right[place - 1], Z, M);
const held = (met, seen, Z, M) => gather(seen, (earlier) => met & earlier, Z, M);
const subtractAbove = (left, right) => left.map((value, place) => (place > 0 ? value - right[place - 1] : 0));
const digit = (bits, M) => M.map((m) => (bits & m ? 1 : 0));
const addDigit = (numbers, bits, weight, M) => numbers.map((value, place) => value + (bits & M[place] ? 2 ** weight : 0));
const carry = (bits, told, E, M) => {
  let [found, known] = [bits & told, told];
  for (let step = 1; step < M.length; step *= 2) {
    const far = typeof E === "bigint" ? BigInt(step) : step;
    found |= (found << far) & ~known;
    known |= known << far;
  }
  return found & E;
};
const carryValues = (values, told, M) => {
  let last = 0;
  return values.map((value, place) => (last = told & M[place] ? value : last));
};
