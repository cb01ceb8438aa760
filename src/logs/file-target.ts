/**
 * Lines to one log file, one write at a time, none of which anybody waits for. What cannot be written waits in a bounded
 * backlog and is tried again; what has no room there is lost, counted, and told when the file takes lines again.
 *
 *   put ─► backlog ─► write(2) ─► file        reopen(): the next file is open at once; this one gets what was put before
 *             │          └ refused: again in 0.1 to 1 s
 *             └ full: lost until it is half empty
 */
import { closeSync, fstat, write } from 'node:fs';
import { systemCause } from '../base/errors.ts';
import { tryLockFile, unlockFile } from '../native/files.ts';
import { Backlog } from './backlog.ts';
import { finishLogFile, logError, type OpenLogFile, type Owner, openLogFile } from './log-file.ts';
import type { Outage, OutageListener } from './outage.ts';
import type { Rotation } from './rotation.ts';

/** Bytes that may wait for a slow or full disk. */
const BACKLOG_BYTES = 16 * 1024 * 1024;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1000;
/** A pipe is full until its reader has read: no failure. */
const PIPE_RETRY_MS = 20;
/** How often it is looked whether the file is still there, and how old it is. */
const LOOK_EVERY_MS = 1000;
/** At the end, a disk that takes nothing for so long is given up. */
const STALL_MS = 3000;
/** After these the descriptor is as good as before: no need for another. */
const ROOM_ERRORS = ['ENOSPC', 'EDQUOT', 'EFBIG'];

const SLOW_DISK = 'the disk is too slow';
const REMOVED = 'the file was removed';
const SLOW_READER = 'its reader is too slow';

export interface FileTargetOptions {
  path: string;
  owner: Owner | null;
  rotation: Rotation | null;
  listener: OutageListener;
  backlogBytes?: number;
}

export class FileTarget {
  readonly #options: FileTargetOptions;
  readonly #backlog: Backlog;
  #file: OpenLogFile;
  /** Files that follow, each when what was put before (`after` bytes) is written. */
  readonly #next: { file: OpenLogFile; after: number }[] = [];
  #size: number;
  #busy = false;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | null = null;
  readonly #lookTimer: NodeJS.Timeout;
  #outage: Outage | null = null;
  /** The backlog was full: nothing is taken until it is half empty, so that losses come in few, long pieces. */
  #overflowing = false;
  #written = 0;
  #lost = 0;
  #writtenAtLook = 0;
  /** The file is in no folder any more: what went into it would be lost. */
  #gone = false;
  #isLooking = false;
  #ended = false;
  /** Asked for by close(): called when all is written, or when there is no hope. */
  #onDrained: (() => void) | null = null;
  #progress = 0;

  /** Opens; throws an OperatorError (E_OUTPUT). */
  constructor(options: FileTargetOptions) {
    this.#options = options;
    this.#backlog = new Backlog(options.backlogBytes ?? BACKLOG_BYTES);
    this.#file = openLogFile(options.path, options.owner);
    this.#size = this.#file.size;
    if (options.rotation !== null) this.#startRotation(options.rotation);
    this.#lookTimer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  get figures(): { written: number; lost: number; waiting: number } {
    return { written: this.#written, lost: this.#lost, waiting: this.#backlog.lines };
  }

  /** Takes a line with its newline. */
  put(line: string): void {
    if (this.#overflowing || !this.#backlog.push(line)) {
      this.#overflowing = true;
      this.#lose(1, this.#file.regular ? SLOW_DISK : SLOW_READER);
    } else this.#pump();
  }

  /** Takes a line even where lines have no room: what is to be said about them. */
  tell(line: string): void {
    this.#backlog.force(line);
    this.#pump();
  }

  /** What is put from now on goes to a file of that name. Throws an OperatorError; then all stays as it was. */
  reopen(): void {
    this.#openNext();
    this.#pump();
  }

  /** Writes what waits, as long as the disk takes anything, and closes. */
  async close(): Promise<void> {
    clearInterval(this.#lookTimer);
    this.#retryNow();
    if (this.#backlog.lines > 0) await this.#drained();
    this.#ended = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#abandon();
    await this.#options.rotation?.stop();
    // A write that never comes back keeps its descriptor: closing it would hand the number to somebody else.
    const files = [...this.#next.map(({ file }) => file), ...(this.#busy ? [] : [this.#file])];
    await Promise.all(files.map(finishLogFile));
  }

  #startRotation(rotation: Rotation): void {
    if (!this.#file.regular) {
      closeSync(this.#file.fd);
      throw logError(
        this.#options.path,
        'only a regular file can be put aside',
        'give no --log-max-size, --log-max-age',
      );
    }
    rotation.began(this.#file.born);
    rotation.start(() => this.#pump());
  }

  #pump(): void {
    if (this.#busy || this.#ended || this.#retryTimer !== null) return;
    if (this.#gone && !this.#replaced()) {
      this.#backOff();
      return;
    }
    this.#followNext();
    if (!this.#rotate()) return;
    if (this.#backlog.lines === 0) this.#onDrained?.();
    else this.#write();
  }

  #write(): void {
    const bytes = this.#backlog.head(this.#room());
    this.#busy = true;
    write(this.#file.fd, bytes, (error, count) => {
      this.#busy = false;
      if (error !== null) this.#refused(error);
      else this.#took(count, count === bytes.length);
      this.#pump();
    });
  }

  #took(count: number, all: boolean): void {
    const lines = this.#backlog.wrote(count);
    this.#size += count;
    this.#progress++;
    if (this.#gone) {
      this.#lose(lines, REMOVED);
      return;
    }
    this.#written += lines;
    this.#retryMs = FIRST_RETRY_MS;
    if (!all || this.#backlog.midLine) return;
    const room = this.#overflowing ? this.#backlog.bytes <= this.#backlog.limit / 2 : this.#backlog.lines === 0;
    if (this.#outage !== null && room) this.#recover(this.#outage);
  }

  #recover(outage: Outage): void {
    this.#outage = null;
    this.#overflowing = false;
    this.#options.listener.working(outage);
  }

  #refused(error: NodeJS.ErrnoException): void {
    if (error.code === 'EAGAIN') {
      this.#retryIn(PIPE_RETRY_MS);
      return;
    }
    this.#backOff();
    this.#begin(systemCause(error.message));
    if (!ROOM_ERRORS.includes(error.code ?? '')) this.#replaced();
  }

  #backOff(): void {
    this.#onDrained?.();
    this.#retryIn(this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #retryIn(milliseconds: number): void {
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      if (this.#backlog.midLine && this.#file.regular) this.#goOnMidLine();
      else this.#pump();
    }, milliseconds);
  }

  #retryNow(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
    this.#pump();
  }

  /** copytruncate may have taken the beginning of the line away while its end waited: then it is written anew. */
  #goOnMidLine(): void {
    this.#busy = true;
    fstat(this.#file.fd, (error, stats) => {
      this.#busy = false;
      if (error === null && stats.size === 0) this.#backlog.rewind();
      this.#pump();
    });
  }

  #openNext(): void {
    const latest = this.#next.at(-1)?.file ?? this.#file;
    // Where the file was not moved away (copytruncate), our own lock would refuse us.
    unlockFile(latest.fd);
    try {
      this.#next.push({ file: openLogFile(this.#options.path, this.#options.owner), after: this.#backlog.accepted });
    } catch (error) {
      tryLockFile(latest.fd);
      throw error;
    }
  }

  /** Where the disk itself failed or went away, a new descriptor may do what this one cannot. */
  #replaced(): boolean {
    try {
      this.#openNext();
      return true;
    } catch {
      // The cause is told already.
      return false;
    }
  }

  /** To the next file, when this one has what was put before; a file that fails is left at once. */
  #followNext(): void {
    const failing = this.#gone || this.#outage !== null;
    while (this.#next.length > 0 && (failing || this.#backlog.written >= this.#next[0].after)) {
      const { file } = this.#next.shift() as { file: OpenLogFile };
      this.#become(file);
    }
  }

  #become(file: OpenLogFile): void {
    const old = this.#file;
    const same = old.inode === file.inode && old.device === file.device;
    if (this.#backlog.midLine && !(same && file.size > 0)) this.#backlog.rewind();
    this.#file = file;
    this.#size = file.size;
    this.#gone = false;
    if (!same) this.#options.rotation?.began(file.born);
    finishLogFile(old);
  }

  /** Bytes that may go into this file. */
  #room(): number {
    if (this.#next.length > 0) return this.#next[0].after - this.#backlog.written;
    return this.#options.rotation?.room(this.#size) ?? Number.MAX_SAFE_INTEGER;
  }

  /** Puts the file aside when it is time; false: wait for it. */
  #rotate(): boolean {
    const { rotation, path, owner } = this.#options;
    if (rotation === null || this.#backlog.midLine || this.#next.length > 0) return true;
    if (!rotation.isDue(this.#size, this.#backlog.nextLineBytes)) return true;
    if (!rotation.prepare()) return false;
    const file = rotation.putAside(() => openLogFile(path, owner));
    if (file !== null) this.#become(file);
    return true;
  }

  /** Once a second: is it still in a folder, how large is it, how old? */
  #look(): void {
    // On a disk that does not answer, looks must not pile up and take all threads.
    if (!this.#file.regular || this.#isLooking) return;
    const { fd } = this.#file;
    const progress = this.#progress;
    this.#isLooking = true;
    fstat(fd, (error, stats) => {
      this.#isLooking = false;
      if (error !== null || fd !== this.#file.fd || this.#ended) return;
      if (!this.#busy && progress === this.#progress) this.#size = stats.size;
      if (stats.nlink === 0 && !this.#gone) this.#removed();
      this.#writtenAtLook = this.#written;
      this.#pump();
    });
  }

  /** Somebody removed the file, or the folder with it: what went into it since the last look is gone. */
  #removed(): void {
    const lines = this.#written - this.#writtenAtLook;
    this.#gone = true;
    this.#written -= lines;
    this.#lose(lines, REMOVED);
    // The record of it is what the new file begins with.
    if (this.#backlog.lines === 0 && this.#outage !== null) this.#recover(this.#outage);
  }

  /** What was thought to be slow may turn out to fail. */
  #begin(cause: string): Outage {
    const slow = this.#outage?.cause === SLOW_DISK || this.#outage?.cause === SLOW_READER;
    if (this.#outage !== null && slow && cause !== this.#outage.cause) {
      this.#outage.cause = cause;
      this.#options.listener.failing(cause);
    } else if (this.#outage === null) {
      this.#outage = { since: Date.now() / 1000, cause, lines: 0 };
      this.#options.listener.failing(cause);
    }
    return this.#outage;
  }

  #lose(lines: number, cause: string): void {
    this.#begin(cause).lines += lines;
    this.#lost += lines;
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      let seen = this.#progress;
      const stalled = setInterval(() => {
        if (this.#progress === seen) this.#onDrained?.();
        seen = this.#progress;
      }, STALL_MS);
      this.#onDrained = () => {
        clearInterval(stalled);
        this.#onDrained = null;
        resolve();
      };
    });
  }

  /** What waits at the end, or was lost in an outage that is not over. */
  #abandon(): void {
    const waiting = this.#backlog.lines;
    if (waiting > 0) this.#lose(waiting, 'it takes nothing');
    if (this.#outage !== null) this.#options.listener.abandoned(this.#outage);
  }
}
