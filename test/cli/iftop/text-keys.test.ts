import { describe, expect, it } from 'vitest';
import { DEFAULT_PAIRS_VIEW } from '../../../screens/host-pairs/view.ts';
import { answerKey, type TextView } from '../../../src/cli/iftop/text-keys.ts';

const BEGIN: TextView = { pairs: DEFAULT_PAIRS_VIEW, paused: false };

/** The view behind these keys, and what the last one said. */
function press(keys: string, view = BEGIN): TextView & { says: string | null; kind: string } {
  let said: string | null = null;
  let kind = '';
  for (const key of keys) {
    const answer = answerKey(key, view);
    if (answer === null || answer.kind === 'quit') throw new Error(`${key} does not change the view`);
    ({ view, says: said, kind } = answer);
  }
  return { ...view, says: said, kind };
}

function ports(keys: string): [boolean, boolean] {
  const { ours, theirs } = press(keys).pairs.grouping;
  return [ours.ports, theirs.ports];
}

function hidden(keys: string): [boolean, boolean] {
  const { ours, theirs } = press(keys).pairs.grouping;
  return [ours.hidden, theirs.hidden];
}

describe('keys of the text mode', () => {
  // As measured with iftop 1.0pre4, beginning without ports.
  it.each([
    ['p', true, true],
    ['pp', false, false],
    ['S', true, false],
    ['D', false, true],
    ['SD', true, true],
    ['Sp', false, false],
    ['pD', true, false],
    ['pS', false, true],
    ['pSD', false, false],
  ] as const)('%s shows ports of the source: %s, of the destination: %s', (keys, ours, theirs) => {
    expect(ports(keys)).toEqual([ours, theirs]);
  });

  it('put hosts of either side together and apart', () => {
    expect([hidden('s'), hidden('d'), hidden('sd'), hidden('ss')]).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [false, false],
    ]);
  });

  it('change one thing and leave the rest', () => {
    expect(press('sn').pairs).toEqual({ ...press('s').pairs, showNames: true });
    expect(press('nn').pairs).toEqual(DEFAULT_PAIRS_VIEW);
    expect(press('N').pairs).toEqual({ ...DEFAULT_PAIRS_VIEW, showServices: true });
    expect(press('o').pairs).toEqual({ ...DEFAULT_PAIRS_VIEW, frozen: true });
  });

  it.each([
    ['1', 'rate-2s'],
    ['2', 'rate-10s'],
    ['3', 'rate-40s'],
    ['<', 'source'],
    ['>', 'destination'],
  ])('%s sorts by %s', (key, sort) => {
    expect(press(key, { ...BEGIN, pairs: { ...BEGIN.pairs, sort: 'bytes' } }).pairs.sort).toBe(sort);
  });

  it('say what holds now, and a report follows', () => {
    expect(press('s')).toMatchObject({ kind: 'report', says: 'source hosts: all as one' });
    expect(press('pS')).toMatchObject({ kind: 'report', says: 'ports: destination' });
    expect(press('u')).toMatchObject({ kind: 'report', says: null });
  });

  it('change the view while paused, but no report follows before the next P', () => {
    expect(press('P')).toMatchObject({ kind: 'say', paused: true });
    expect(press('Ps')).toMatchObject({ kind: 'say', says: 'source hosts: all as one' });
    expect(press('Pu')).toMatchObject({ kind: 'say', paused: true });
    expect(press('PP')).toMatchObject({ kind: 'report', paused: false });
  });

  it('list themselves', () => {
    const { says, kind } = press('h');
    expect(kind).toBe('say');
    expect(
      says
        ?.split('\n')
        .map((line) => line[0])
        .join(''),
    ).toBe('unNsdSDpPo123<>hq');
    expect(press('?').says).toBe(says);
  });

  it('quit', () => {
    expect(answerKey('q', BEGIN)).toEqual({ kind: 'quit' });
  });

  it('mean nothing where they are for a screen', () => {
    expect([...'tTbBLjklf!x\x1b\r\x00'].map((key) => answerKey(key, BEGIN))).toEqual(Array(14).fill(null));
  });
});
