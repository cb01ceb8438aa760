/**
 * Notices records that come twice (a log and its copy, files that overlap) in bounded memory: every record's fingerprint
 * while they are few, a share of them afterwards, chosen by the fingerprint itself, so that a copy falls into it too.
 */
const CAPACITY = 200_000;

export class Repetitions {
  #seen = new Set<number>();
  /** One of so many fingerprints is kept. */
  #share = 1;
  #repeated = 0;
  /** Where the first one was found. */
  first: string | null = null;

  /** Records that came again; an estimate when there were very many records. */
  get count(): number {
    return this.#repeated;
  }

  add(fingerprint: number, where: () => string): void {
    if (fingerprint % this.#share !== 0) return;
    if (this.#seen.has(fingerprint)) {
      this.#repeated += this.#share;
      this.first ??= where();
      return;
    }
    this.#seen.add(fingerprint);
    if (this.#seen.size > CAPACITY) this.#thin();
  }

  #thin(): void {
    this.#share *= 2;
    for (const each of this.#seen) if (each % this.#share !== 0) this.#seen.delete(each);
  }
}

/** 52 bits of a record: the same record has the same, another one almost surely has not. */
export function fingerprintOf(text: string, ...numbers: number[]): number {
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  for (const number of numbers) {
    low = Math.imul(low ^ number, 0x01000193);
    high = Math.imul(high ^ (number / 0x1_0000_0000) ^ number, 0xc2b2ae35);
  }
  return ((high >>> 12) * 0x1_0000_0000 + (low >>> 0)) as number;
}
