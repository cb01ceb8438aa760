/**
 * Which files a report reads, and in what order: folders become their files, what is given twice (also as a packed copy)
 * is read once, what is no log is named, and rotated files come in the order of their times.
 */
import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemCause } from '../base/errors.ts';
import { parseJsonLine } from './json-line.ts';
import { readHead } from './line-reader.ts';
import { parseTextLine } from './text-line.ts';

/** Enough of a file to know it by. */
const HEAD_BYTES = 64 * 1024;

export interface LogFile {
  path: string;
  /** Files of one log share it: "/var/log/x.log" of x.log, x.log.1, x.log.2.gz, x.log-20261121. */
  log: string;
  /** On the disk; 0 where that is not known (a pipe). */
  bytes: number;
}

/** A file that is not read. `wrong`: it should have been. */
export interface SkippedFile {
  path: string;
  reason: string;
  wrong: boolean;
}

export interface ChosenFiles {
  files: LogFile[];
  skipped: SkippedFile[];
}

interface Candidate extends LogFile {
  /** Found in a folder, not named. */
  found: boolean;
  regular: boolean;
  head: Buffer;
  time: number;
}

/** Never rejects: what cannot be read is among the skipped. */
export async function chooseFiles(paths: readonly string[]): Promise<ChosenFiles> {
  const skipped: SkippedFile[] = [];
  const seen = new Map<string, string>();
  const candidates: Candidate[] = [];
  for (const { path, found } of paths.flatMap((each) => expand(each, skipped))) {
    const candidate = await examine(path, found, seen, skipped);
    if (candidate !== null) candidates.push(candidate);
  }
  const files = withoutCopies(candidates, skipped).sort((a, b) => a.time - b.time);
  return { files: files.map(({ path, log, bytes }) => ({ path, log, bytes })), skipped };
}

/** A folder's files, not those of folders in it. */
function expand(path: string, skipped: SkippedFile[]): { path: string; found: boolean }[] {
  if (path === '-') return [{ path: '/dev/stdin', found: false }];
  try {
    if (!statSync(path).isDirectory()) return [{ path, found: false }];
    const entries = readdirSync(path, { withFileTypes: true }).filter(isVisibleFile);
    if (entries.length === 0) skipped.push({ path, reason: 'the folder has no files', wrong: true });
    return entries.map(({ name }) => ({ path: join(path, name), found: true }));
  } catch (error) {
    skipped.push({ path, reason: causeOf(error), wrong: true });
    return [];
  }
}

function isVisibleFile(entry: Dirent): boolean {
  return entry.isFile() && !entry.name.startsWith('.');
}

async function examine(
  path: string,
  found: boolean,
  seen: Map<string, string>,
  skipped: SkippedFile[],
): Promise<Candidate | null> {
  try {
    const stats = statSync(path);
    const twice = sameFile(stats, path, seen);
    if (twice !== null) {
      skipped.push({ path, reason: `it is the same file as ${twice}`, wrong: false });
      return null;
    }
    const candidate = { path, log: logOf(path), bytes: stats.size, found, regular: stats.isFile() };
    // A pipe can be read only once; it comes last.
    if (!candidate.regular) return { ...candidate, head: Buffer.alloc(0), time: Number.POSITIVE_INFINITY };
    const head = await readHead(path, HEAD_BYTES);
    const reason = head.length === 0 ? null : foreign(head);
    if (reason === null) return { ...candidate, head, time: firstTime(head) };
    skipped.push({ path, reason, wrong: !found });
  } catch (error) {
    skipped.push({ path, reason: causeOf(error), wrong: true });
  }
  return null;
}

function sameFile({ dev, ino }: Stats, path: string, seen: Map<string, string>): string | null {
  const key = `${dev}:${ino}`;
  const earlier = seen.get(key) ?? null;
  if (earlier === null) seen.set(key, path);
  return earlier;
}

/** Without what rotation appends to a name: ".1", ".2.gz", "-20261121", "-20261121-1795222648.gz". */
function logOf(path: string): string {
  const name = basename(path)
    .replace(/\.gz$/, '')
    .replace(/(\.\d{1,4}|[-.]\d{8}(-\d+)?)$/, '');
  return join(dirname(path), name);
}

/** Why a file that begins so is not read, or null: at least one line of it is a record. */
function foreign(head: Buffer): string | null {
  const lines = linesOf(head);
  if (lines.some((line) => parseLine(line) !== null)) return null;
  if (lines.some((line) => IPTRAF_NG.test(line))) {
    return "it is a log of iptraf-ng, whose records have no totals to add up; log with this program's -L";
  }
  if (lines.some((line) => line.startsWith('{"type":"'))) return 'it is output of --json, not a log (-L)';
  const packing = packingOf(head);
  if (packing !== null) return `it is packed with ${packing}; unpack it first`;
  // The only line of a log that has just begun may be unfinished.
  if (lines.length === 1 && /^(\{"time":"|\d{8}T\d{6}[+-])/.test(lines[0])) return null;
  return 'it is no log of this program';
}

/** "Sat Nov 21 01:08:14 2026; ******** IP traffic monitor started ********", "*** TCP/UDP traffic log, generated …". */
const IPTRAF_NG = /^([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4};|\*\*\* .* generated )/;

const PACKINGS: readonly (readonly [name: string, magic: string])[] = [
  ['xz', '\xfd7zXZ'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['bzip2', 'BZh'],
  ['zip', 'PK\x03\x04'],
];

function packingOf(head: Buffer): string | null {
  return PACKINGS.find(([, magic]) => head.toString('latin1', 0, magic.length) === magic)?.[0] ?? null;
}

function linesOf(head: Buffer): string[] {
  return head
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

export function parseLine(line: string): ReturnType<typeof parseTextLine> {
  return line.charCodeAt(0) === 0x7b ? parseJsonLine(line) : parseTextLine(line);
}

/** An empty or unreadable beginning: nothing comes before it. */
function firstTime(head: Buffer): number {
  for (const line of linesOf(head)) {
    const entry = parseLine(line);
    if (entry !== null) return entry.time;
  }
  return Number.NEGATIVE_INFINITY;
}

/** A log and its packed copy (logrotate was interrupted, someone made a backup) begin alike: the longer one is read. */
function withoutCopies(candidates: Candidate[], skipped: SkippedFile[]): Candidate[] {
  const kept: Candidate[] = [];
  const byFirstLine = new Map<string, Candidate[]>();
  for (const candidate of [...candidates].sort((a, b) => unpackedBytes(b) - unpackedBytes(a))) {
    const end = candidate.head.indexOf('\n');
    const key = end < 0 ? '' : candidate.head.toString('latin1', 0, end);
    const alike = byFirstLine.get(key) ?? [];
    const original = key === '' ? undefined : alike.find(({ head }) => beginsAlike(head, candidate.head));
    if (original !== undefined) {
      const reason = `it has the same records as ${original.path}`;
      skipped.push({ path: candidate.path, reason, wrong: false });
      continue;
    }
    byFirstLine.set(key, [...alike, candidate]);
    kept.push(candidate);
  }
  return kept;
}

function beginsAlike(a: Buffer, b: Buffer): boolean {
  const length = Math.min(a.length, b.length);
  return a.compare(b, 0, length, 0, length) === 0;
}

/** Good enough to tell a whole file from a part of it: gzip says its size at its end, the head is what is sure. */
function unpackedBytes({ bytes, head }: Candidate): number {
  return head.length < HEAD_BYTES ? head.length : Math.max(bytes, HEAD_BYTES);
}

export function causeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE') return `its packed data is damaged (${message})`;
  return systemCause(message);
}
