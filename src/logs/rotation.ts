/**
 * Rotation from inside, for machines without logrotate: FILE is put aside as FILE.1 when it is large or old enough, and
 * packed on the thread pool. A crash at any moment loses and doubles nothing: the next start completes what it finds.
 *
 *   prepare   FILE.2.gz → FILE.3.gz, FILE.1.gz → FILE.2.gz        (beyond --log-keep: removed)
 *   putAside  FILE → FILE.1, a new FILE                           (in one go: no line in between)
 *   pack      FILE.1 → FILE.1.gz.part → FILE.1.gz, FILE.1 removed
 */
import { createHash } from 'node:crypto';
import { createReadStream, renameSync } from 'node:fs';
import { constants, type FileHandle, open, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { OpenLogFile } from './log-file.ts';

/** After a rotation that failed, the next one is tried so much later; lines go on into the file. */
const RETRY_SECONDS = 60;
/** At the end, packing may take so long; what is not done then, the next start does. */
const STOP_MS = 2000;
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

export interface RotationLimits {
  /** null: no limit of that kind. */
  maxBytes: number | null;
  maxAgeSeconds: number | null;
  /** Packed files that are kept; 0: none. */
  keep: number;
}

type State = 'idle' | 'preparing' | 'ready' | 'packing';

export class Rotation {
  readonly #path: string;
  readonly #limits: RotationLimits;
  readonly #warn: (cause: string) => void;
  #state: State = 'packing';
  #born = 0;
  #notBefore = 0;
  #failing = false;
  #onReady: () => void = () => undefined;
  /** What runs in the background. */
  #work: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  /** `warn` hears why a rotation failed, once until one works. */
  constructor(path: string, limits: RotationLimits, warn: (cause: string) => void) {
    this.#path = path;
    this.#limits = limits;
    this.#warn = warn;
  }

  /**
   * Begins with what a crash has left: call when the file is open and locked, nobody else rotates it then. `onReady` goes
   * on where prepare() said to wait; it is called whenever a step in the background is done.
   */
  start(onReady: () => void): void {
    this.#onReady = onReady;
    this.#work = this.#attempt(() => this.#completeLeftOver(), 'idle');
  }

  /** A file is written from now on that was made then (seconds since 1970). */
  began(seconds: number): void {
    this.#born = seconds;
  }

  /** An empty file stays; so does one whose predecessor is still being packed. */
  isDue(size: number, nextLineBytes: number): boolean {
    if (size === 0 || this.#state === 'packing') return false;
    if (this.#state !== 'idle') return true;
    const now = Date.now() / 1000;
    if (now < this.#notBefore) return false;
    const { maxBytes, maxAgeSeconds } = this.#limits;
    const large = maxBytes !== null && (size >= maxBytes || size + nextLineBytes > maxBytes);
    return large || (maxAgeSeconds !== null && now - this.#born >= maxAgeSeconds);
  }

  /** Bytes that a file of that size may still get. */
  room(size: number): number {
    const bound = this.#limits.maxBytes !== null && this.#state === 'idle' && Date.now() / 1000 >= this.#notBefore;
    return bound ? Math.max(1, (this.#limits.maxBytes as number) - size) : Number.MAX_SAFE_INTEGER;
  }

  /** Makes room for FILE.1; false: onReady is called when that is done, nothing is to be written until then. */
  prepare(): boolean {
    if (this.#state === 'ready') return true;
    if (this.#state === 'idle') {
      this.#state = 'preparing';
      this.#work = this.#attempt(async () => {
        await this.#completeLeftOver();
        await this.#shift();
      }, 'ready');
    }
    return false;
  }

  /** Gives the file its new name and opens its successor; null: that failed, all is as before. */
  putAside(openNew: () => OpenLogFile): OpenLogFile | null {
    try {
      renameSync(this.#path, this.#aside);
      const file = this.#opened(openNew);
      this.#state = 'packing';
      this.#work = this.#attempt(() => this.#pack(), 'idle');
      return file;
    } catch (error) {
      this.#failed(error as Error);
      return null;
    }
  }

  /** Ends; a packing that takes long is left to the next start. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), STOP_MS);
    await this.#work;
    clearTimeout(timer);
  }

  get #aside(): string {
    return `${this.#path}.1`;
  }

  get #part(): string {
    return `${this.#path}.1.gz.part`;
  }

  #packed(number: number): string {
    return `${this.#path}.${number}.gz`;
  }

  #opened(openNew: () => OpenLogFile): OpenLogFile {
    try {
      return openNew();
    } catch (error) {
      renameSync(this.#aside, this.#path);
      throw error;
    }
  }

  async #attempt(step: () => Promise<void>, then: State): Promise<void> {
    try {
      await step();
      this.#state = then;
      if (then === 'idle') this.#failing = false;
    } catch (error) {
      this.#failed(error as Error);
    }
    this.#onReady();
  }

  #failed(error: Error): void {
    this.#state = 'idle';
    if (this.#stop.signal.aborted) return;
    this.#notBefore = Date.now() / 1000 + RETRY_SECONDS;
    if (!this.#failing) this.#warn(error.message);
    this.#failing = true;
  }

  /** FILE.1.gz and those after it move up by one, as far as there is no gap; what is beyond --log-keep goes. */
  async #shift(): Promise<void> {
    const { keep } = this.#limits;
    const numbers = await this.#packedNumbers();
    let last = 0;
    while (numbers.has(last + 1)) last++;
    for (const number of numbers) {
      if (number > keep || (number === keep && last >= keep)) await unlink(this.#packed(number));
    }
    for (let number = Math.min(last, keep - 1); number >= 1; number--) {
      await rename(this.#packed(number), this.#packed(number + 1));
    }
  }

  async #packedNumbers(): Promise<Set<number>> {
    const prefix = `${basename(this.#path)}.`;
    const names = await readdir(dirname(this.#path));
    const numbers = names.map((name) =>
      name.startsWith(prefix) ? Number(/^([1-9]\d*)\.gz$/.exec(name.slice(prefix.length))?.[1] ?? 0) : 0,
    );
    return new Set(numbers.filter((number) => number > 0));
  }

  /** FILE.1 is there before a rotation: a packing was cut off. It is done now, unless FILE.1.gz is that very file. */
  async #completeLeftOver(): Promise<void> {
    await unlink(this.#part).catch(ignoreMissing);
    if (!(await isThere(this.#aside))) return;
    if (await isThere(this.#packed(1))) {
      if (await this.#holdsAside()) return unlink(this.#aside);
      await this.#shift();
    }
    await this.#pack();
  }

  async #holdsAside(): Promise<boolean> {
    const [plain, packed] = await Promise.all([
      digest(createReadStream(this.#aside)),
      digest(createReadStream(this.#packed(1)), createGunzip()),
    ]);
    return plain === packed;
  }

  async #pack(): Promise<void> {
    if (this.#limits.keep === 0) return unlink(this.#aside);
    try {
      await this.#compress();
    } catch (error) {
      await unlink(this.#part).catch(ignoreMissing);
      throw error;
    }
    await rename(this.#part, this.#packed(1));
    await unlink(this.#aside);
  }

  /** A file of the same owner and mode, whole and on disk. */
  async #compress(): Promise<void> {
    // One file from here on, whatever somebody puts in its place; no link is followed: what is packed gets its owner.
    const aside = await open(this.#aside, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      await this.#compressFrom(aside);
    } finally {
      await aside.close();
    }
  }

  async #compressFrom(aside: FileHandle): Promise<void> {
    const { mode, uid, gid } = await aside.stat();
    const part = await open(this.#part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode & 0o777);
    try {
      if (process.getuid?.() === 0) await part.chown(uid, gid);
      const { signal } = this.#stop;
      const lines = aside.createReadStream({ autoClose: false });
      await pipeline(lines, createGzip(), (packed) => writeFile(part, packed), { signal });
      await part.sync();
    } finally {
      await part.close();
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Of what comes out at the end; null: it is no whole stream of that kind. */
async function digest(from: Readable, through: Transform = new PassThrough()): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(from, through, hash);
    return hash.digest('hex');
  } catch {
    return null;
  }
}
