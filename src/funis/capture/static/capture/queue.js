// The queue of entries: each is on the disk of this machine before anything is said of it, and is sent in order,
// under the same key at every try, until the server has answered for good. Several tabs share one queue and one
// sender. What stands on the disk is encrypted with a key that the server gives to the user: it must be the same
// after a new log-in, and another user's entries stay unread and unsent.

const DATABASE = "funis-entries";
const SHORTEST = 200;
const LONGEST = 30_000;
const TRIED_AGAIN = new Set([408, 425, 429]);

const asPromise = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function openDatabase() {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore("entries", { autoIncrement: true });
  return asPromise(request);
}

/** Do something with the stored entries; resolves when it is on the disk, not only handed to the system. */
async function withEntries(database, mode, work) {
  const transaction = database.transaction("entries", mode, { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
  const result = await work(transaction.objectStore("entries"));
  await done;
  return result;
}

async function makeCipher(secret) {
  const bytes = Uint8Array.from(atob(secret), (letter) => letter.charCodeAt(0));
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  return {
    async close(entry) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const text = new TextEncoder().encode(JSON.stringify(entry));
      return { iv, text: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text) };
    },
    /** Give the entry, null where it is another user's. */
    async open({ iv, text }) {
      try {
        return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, text)));
      } catch {
        return null;
      }
    },
  };
}

export class Queue {
  #database;
  #cipher;
  #token;
  #keeping = Promise.resolve();
  #isRunning = false;
  #wake = () => {};
  #channel = new BroadcastChannel(DATABASE);

  /** secret: 32 bytes in base 64; token: gives the CSRF token; hear: told of every {kind, entry, answer}.
   * Nothing is sent before the first `wake`: the page shows first what waits. */
  static async open({ secret, token, hear }) {
    const queue = new Queue();
    queue.#token = token;
    queue.hear = hear;
    queue.#cipher = await makeCipher(secret);
    queue.#database = await openDatabase();
    queue.#channel.onmessage = ({ data }) => (data.kind === "wake" ? queue.#start() : hear(data));
    addEventListener("online", () => queue.wake());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && queue.wake());
    return queue;
  }

  /** Store an entry behind all others; when this resolves it is on the disk. */
  keep(entry) {
    // One after the other: encryption takes time, and two entries must not overtake each other in it.
    const kept = this.#keeping.then(async () => {
      const closed = await this.#cipher.close(entry);
      await withEntries(this.#database, "readwrite", (store) => asPromise(store.add(closed)));
      this.#tell({ kind: "kept", entry });
      this.wake();
    });
    this.#keeping = kept.catch(() => {});
    return kept;
  }

  /** Give the entries of this user in order, each with its `place`; `stopped` ones wait for an answer of hers. */
  async list() {
    const [places, boxes] = await withEntries(this.#database, "readonly", (store) =>
      Promise.all([asPromise(store.getAllKeys()), asPromise(store.getAll())]),
    );
    const entries = await Promise.all(boxes.map((box) => this.#cipher.open(box)));
    return entries.map((entry, at) => entry && { ...entry, place: places[at] }).filter(Boolean);
  }

  /** Change a stored entry, or remove it. */
  async replace({ place, ...entry }) {
    const closed = await this.#cipher.close(entry);
    await withEntries(this.#database, "readwrite", (store) => asPromise(store.put(closed, place)));
  }

  remove(...places) {
    return withEntries(this.#database, "readwrite", (store) =>
      Promise.all(places.map((place) => asPromise(store.delete(place)))),
    );
  }

  /** Send what waits, now; only one tab does it at a time. */
  wake() {
    this.#start();
    // Every tab stands in line: where the sender is closed, the next one goes on.
    this.#channel.postMessage({ kind: "wake" });
  }

  async #start() {
    this.#wake();
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      await navigator.locks.request(DATABASE, () => this.#sendAll());
    } catch (error) {
      this.#tell({ kind: "broken", error: String(error) });
      return;
    } finally {
      this.#isRunning = false;
    }
    // What came between the last look and the end of the turn.
    if ((await this.list()).some((entry) => !entry.stopped)) this.#start();
  }

  async #sendAll() {
    let failures = 0;
    for (;;) {
      // Set before the look, so that an entry that comes meanwhile is not waited for.
      const woken = new Promise((resolve) => (this.#wake = resolve));
      const entry = (await this.list()).find((each) => !each.stopped);
      if (!entry) return;
      const { kind, answer } = await this.#send(entry);
      if (kind === "answered" || kind === "stopped") {
        failures = 0;
        await this.#settle(entry, kind, answer);
        continue;
      }
      this.#tell({ kind, entry });
      const pause = Math.min(LONGEST, SHORTEST * 2 ** failures);
      failures += 1;
      const slept = new Promise((resolve) => setTimeout(resolve, pause * (0.75 + Math.random() / 4)));
      await (kind === "ended" || !navigator.onLine ? Promise.race([slept, woken]) : slept);
    }
  }

  async #send({ key, form, url, changes, reason, entered_at }) {
    let response;
    try {
      if (new URL(url, location.href).origin !== location.origin) return { kind: "stopped", answer: { status: 0 } };
      response = await fetch(url, {
        method: "POST",
        credentials: "same-origin",
        redirect: "manual",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.#token() },
        body: JSON.stringify({ key, form, changes, reason, entered_at }),
        signal: AbortSignal.timeout(LONGEST),
      });
      if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) {
        return { kind: "ended" };
      }
      if (response.ok) {
        const answer = await response.json();
        // A page of a hotel's network is no answer: only a receipt says that it was stored.
        return answer?.receipt || answer?.refused?.length || answer?.conflicts?.length
          ? { kind: "answered", answer }
          : { kind: "failed" };
      }
    } catch {
      return { kind: "failed" };
    }
    const isFinal = response.status >= 400 && response.status < 500 && !TRIED_AGAIN.has(response.status);
    return isFinal ? { kind: "stopped", answer: { status: response.status } } : { kind: "failed" };
  }

  async #settle(entry, kind, answer) {
    const { refused = [], conflicts = [] } = answer;
    const later = refused.length + conflicts.length ? await this.#findLater(entry) : [];
    for (const one of later) {
      // What was typed after a refused value was seen beside what stood there before that.
      const shared = refused.filter(({ item }) => one.changes[item] && entry.changes[item]);
      for (const { item } of shared) one.changes[item].old = entry.changes[item].old;
      if (shared.length) await this.replace(one);
    }
    // Of an item that has been entered anew nothing is open here: its later entry has an answer of its own.
    const isOpen = ({ item }) => !later.some((one) => one.changes[item]);
    const open = { ...answer, refused: refused.filter(isOpen), conflicts: conflicts.filter(isOpen) };
    const isKept = kind === "stopped" || open.refused.length + open.conflicts.length > 0;
    if (isKept) await this.replace({ ...entry, stopped: open });
    else await this.remove(entry.place);
    this.#tell({ kind, entry, answer });
  }

  async #findLater({ place, form }) {
    return (await this.list()).filter((one) => one.place > place && one.form === form && !one.stopped);
  }

  #tell(event) {
    this.hear(event);
    this.#channel.postMessage(event);
  }
}
