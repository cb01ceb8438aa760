import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backlog } from '../../src/logs/backlog.ts';

const PLENTY = Number.MAX_SAFE_INTEGER;

describe('a backlog', () => {
  it('hands out whole lines up to a limit, and at least one', () => {
    const backlog = new Backlog(1000);
    for (const line of ['one\n', 'two\n', 'three\n']) backlog.push(line);
    expect(backlog.head(9).toString()).toBe('one\ntwo\n');
    expect(backlog.head(1).toString()).toBe('one\n');
    expect(backlog.nextLineBytes).toBe(4);
    expect(backlog.wrote(4)).toBe(1);
    expect(backlog.head(PLENTY).toString()).toBe('two\nthree\n');
  });

  it('refuses what is over its limit, takes it when there is room again, and takes by force', () => {
    const backlog = new Backlog(8);
    expect(backlog.push('12345\n')).toBe(true);
    expect(backlog.push('678\n')).toBe(false);
    backlog.force('678\n');
    expect([backlog.bytes, backlog.lines]).toEqual([10, 2]);
    backlog.wrote(backlog.head(PLENTY).length);
    expect(backlog.push('678\n')).toBe(true);
  });

  it('writes a line anew whose beginning went elsewhere', () => {
    const backlog = new Backlog(1000);
    backlog.push('one\n');
    backlog.push('two\n');
    expect(backlog.wrote(6)).toBe(1);
    expect(backlog.midLine).toBe(true);
    backlog.rewind();
    expect(backlog.head(PLENTY).toString()).toBe('two\n');
    expect(backlog.bytes).toBe(4);
  });

  it('hands out every byte once and in order, however little is written at a time', () => {
    const line = fc.nat({ max: 40_000 }).map((length) => `${'é'.repeat(length)}\n`);
    const step = fc.oneof(
      line.map((text) => ({ push: text, write: 0 })),
      fc.nat({ max: 100_000 }).map((write) => ({ push: '', write })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const backlog = new Backlog(PLENTY);
        const [given, got]: [string[], Buffer[]] = [[], []];
        let ended = 0;
        const write = (most: number): void => {
          const head = backlog.head(most + 1);
          const count = Math.min(head.length, most + 1);
          got.push(Buffer.from(head.subarray(0, count)));
          ended += backlog.wrote(count);
        };
        for (const { push, write: most } of steps) {
          if (push !== '') given.push(push);
          if (push !== '') backlog.push(push);
          else if (backlog.lines > 0) write(most);
        }
        while (backlog.lines > 0) write(PLENTY - 1);
        expect(Buffer.concat(got).toString()).toBe(given.join(''));
        expect([ended, backlog.bytes, backlog.midLine]).toEqual([given.length, 0, false]);
      }),
      { numRuns: 50 },
    );
  });
});
