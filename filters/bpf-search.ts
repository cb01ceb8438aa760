/**
 * Looking a number or an address up in a list, as classic BPF: long lists are halved, so that the time a packet takes
 * grows with the number of their digits. Addresses are looked up word by word, what they have in common once.
 *
 *   jge middle ─► upper half …
 *   16 entries: jeq, or jge and jgt │ what follows behind an entry │ ja hit │ ja miss
 */
import type { BpfAssembler, BpfLabel } from './bpf-assembler.ts';
import type { NumberRange, PreparedNetwork } from './prepared.ts';
import { mergedRanges } from './ranges.ts';

/** Goes on at `hit` or at `miss`; both stand further on. Changes A and X. */
export type Test = (bpf: BpfAssembler, hit: BpfLabel, miss: BpfLabel) => void;

/** `hit` where all tests hit, in order. */
export function testAll(bpf: BpfAssembler, tests: readonly Test[], hit: BpfLabel, miss: BpfLabel): void {
  for (const test of tests.slice(0, -1)) {
    const next = bpf.label();
    test(bpf, next, miss);
    bpf.place(next);
  }
  const last = tests.at(-1);
  if (last === undefined) bpf.jump(hit);
  else last(bpf, hit, miss);
}

// --- numbers

/** Numbers that A may be, both ends included, and what else is to be tested of the packet then, if anything. */
interface Entry {
  from: number;
  to: number;
  further: Test | null;
}

/** A test whether what `load` loads into A is in one of the ranges; null: there is none. */
export function rangeTest(ranges: readonly NumberRange[], load: (bpf: BpfAssembler) => void): Test | null {
  const entries = entriesOf(ranges);
  if (entries.length === 0) return null;
  return (bpf, hit, miss) => {
    load(bpf);
    search(bpf, entries, hit, miss);
  };
}

function entriesOf(ranges: readonly NumberRange[]): Entry[] {
  return mergedRanges(ranges).map(([from, to]) => ({ from, to, further: null }));
}

/** Longest list that is gone through from one end to the other. */
const SHORT_LIST = 16;

/** Looks A up in entries that are sorted and apart from one another. */
function search(bpf: BpfAssembler, entries: readonly Entry[], hit: BpfLabel, miss: BpfLabel): void {
  if (entries.length <= SHORT_LIST) compare(bpf, entries, hit, miss);
  else searchHalves(bpf, entries, hit, miss);
}

function searchHalves(bpf: BpfAssembler, entries: readonly Entry[], hit: BpfLabel, miss: BpfLabel): void {
  if (entries.length > SHORT_LIST) {
    const middle = entries.length >> 1;
    const upper = bpf.label();
    bpf.jumpIf('atLeast', entries[middle].from, upper, null);
    searchHalves(bpf, entries.slice(0, middle), hit, miss);
    bpf.place(upper);
    searchHalves(bpf, entries.slice(middle), hit, miss);
    return;
  }
  // `hit` and `miss` are far from most of a long list: better one long jump here than one for each entry.
  const [found, lost] = [bpf.label(), bpf.label()];
  compare(bpf, entries, found, lost);
  bpf.place(found);
  bpf.jump(hit);
  bpf.place(lost);
  bpf.jump(miss);
}

function compare(bpf: BpfAssembler, entries: readonly Entry[], hit: BpfLabel, miss: BpfLabel): void {
  const behind: { label: BpfLabel; test: Test }[] = [];
  for (const [n, { from, to, further }] of entries.entries()) {
    const otherwise = n === entries.length - 1 ? miss : null;
    let target = hit;
    if (further !== null) {
      target = bpf.label();
      behind.push({ label: target, test: further });
    }
    if (from === to) {
      bpf.jumpIf('equal', from, target, otherwise);
    } else {
      // Smaller than this one is smaller than all that follow.
      if (from > 0) bpf.jumpIf('atLeast', from, null, miss);
      bpf.jumpIf('greater', to, otherwise, target);
    }
  }
  for (const { label, test } of behind) {
    bpf.place(label);
    test(bpf, hit, miss);
  }
}

// --- addresses

const LAST_WORD = 3;

/**
 * A test whether the address in the packet is in one of the networks, all of them of one family.
 * @param at where the address begins in the packet
 * @param firstWord word of PreparedNetwork that stands there: 0 for IPv6, 3 for IPv4
 */
export function addressTest(networks: readonly PreparedNetwork[], at: number, firstWord: number): Test {
  const prefixes = networks.filter(({ mask }) => isPrefix(mask));
  const masked = networks.filter(({ mask }) => !isPrefix(mask)).map((network) => maskedTest(network, at, firstWord));
  return (bpf, hit, miss) => {
    for (const test of masked) {
      const next = bpf.label();
      test(bpf, hit, next);
      bpf.place(next);
    }
    if (prefixes.length === 0) bpf.jump(miss);
    else prefixTest(prefixes, at, firstWord)(bpf, hit, miss);
  };
}

/** True for a mask whose ones all stand before its zeros. */
function isPrefix(mask: Uint32Array): boolean {
  const firstWithZeros = mask.findIndex((word) => word !== 0xffff_ffff);
  if (firstWithZeros === -1) return true;
  const zeros = ~mask[firstWithZeros] >>> 0;
  return (zeros & (zeros + 1)) === 0 && mask.subarray(firstWithZeros + 1).every((word) => word === 0);
}

/** Networks that have the words before `n` in common, which are in the packet: looks the next word up. */
function prefixTest(networks: readonly PreparedNetwork[], at: number, n: number): Test {
  const endsHere = ({ mask }: PreparedNetwork): boolean => n === LAST_WORD || mask[n + 1] === 0;
  const entries = entriesOf(
    networks.filter(endsHere).map(({ words, mask }) => [words[n], (words[n] | ~mask[n]) >>> 0] as const),
  );
  const longer = new Map<number, PreparedNetwork[]>();
  for (const network of networks) {
    const word = network.words[n];
    // A network within another one adds nothing.
    if (endsHere(network) || entries.some(({ from, to, further }) => further === null && from <= word && word <= to))
      continue;
    const group = longer.get(word) ?? [];
    longer.set(word, group);
    group.push(network);
  }
  for (const [word, group] of longer) entries.push({ from: word, to: word, further: prefixTest(group, at + 4, n + 1) });
  entries.sort((a, b) => a.from - b.from);
  return (bpf, hit, miss) => {
    bpf.loadWord(at);
    search(bpf, entries, hit, miss);
  };
}

/** Word by word, for a mask that is no prefix. */
function maskedTest({ words, mask }: PreparedNetwork, at: number, firstWord: number): Test {
  const tests: Test[] = [];
  for (let n = firstWord; n <= LAST_WORD; n++) {
    tests.push((bpf, hit, miss) => {
      bpf.loadWord(at + 4 * (n - firstWord));
      bpf.and(mask[n]);
      bpf.jumpIf('equal', words[n], hit, miss);
    });
  }
  return (bpf, hit, miss) => testAll(bpf, tests, hit, miss);
}

/** A test whether the MAC address in the packet is one of these. */
export function macTest(macs: readonly (readonly [high: number, low: number])[], at: number): Test {
  return (bpf, hit, miss) => {
    for (const [high, low] of macs) {
      const next = bpf.label();
      bpf.loadWord(at + 2);
      bpf.jumpIf('equal', low, null, next);
      bpf.loadHalf(at);
      bpf.jumpIf('equal', high, hit, next);
      bpf.place(next);
    }
    bpf.jump(miss);
  };
}
