/**
 * Names of stations from /etc/ethers (ethers(5)): "08:00:20:00:61:ca pal" a line, "#" begins a comment. Read on first use
 * and again when the file has changed; a missing file means no names.
 */
import { readFileSync, statSync } from 'node:fs';
import { macText } from '../wire/address.ts';
import { sanitizeName } from './sanitize.ts';
import { parseMac } from './vendors.ts';

/** The file is looked at again after so many seconds. */
const FRESH_SECONDS = 2;

/** Address ("08:00:20:00:61:ca", lower case) -> name; the first line of an address wins. Lines that are neither are skipped. */
export function parseEthers(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address, word] = line.replace(/#.*/, '').trim().split(/\s+/);
    const mac = parseMac(address);
    const name = word === undefined ? null : sanitizeName(word);
    if (mac === null || name === null) continue;
    const key = macText(mac.high, mac.low);
    if (!names.has(key)) names.set(key, name);
  }
  return names;
}

export class EtherNames {
  readonly #path: string;
  readonly #now: () => number;
  #names = new Map<string, string>();
  /** What the file was when it was read: its inode, size and times. */
  #stamp = '';
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** `now`: seconds of any clock that does not run backwards. */
  constructor(path = '/etc/ethers', now: () => number = () => performance.now() / 1000) {
    this.#path = path;
    this.#now = now;
  }

  /** Name of a station ("08:00:20:00:61:ca", lower case), or null. */
  name(mac: string): string | null {
    this.#refresh();
    return this.#names.get(mac) ?? null;
  }

  /** Addresses whose name is meant, at most `limit`. */
  macsMatching(isMeant: (name: string) => boolean, limit: number): string[] {
    this.#refresh();
    const found: string[] = [];
    for (const [mac, name] of this.#names) {
      if (found.length >= limit) break;
      if (isMeant(name)) found.push(mac);
    }
    return found;
  }

  #refresh(): void {
    if (this.#now() - this.#lookedAt < FRESH_SECONDS) return;
    this.#lookedAt = this.#now();
    try {
      const { ino, size, mtimeMs, ctimeMs } = statSync(this.#path);
      const stamp = `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      if (stamp === this.#stamp) return;
      this.#names = parseEthers(readFileSync(this.#path, 'utf8'));
      this.#stamp = stamp;
    } catch {
      // Most systems have no such file; one that went away names nobody any more.
      this.#names = new Map();
      this.#stamp = '';
    }
  }
}

/** Names of this system's /etc/ethers. */
export const systemEthers = new EtherNames();
