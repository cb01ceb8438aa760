import { describe, expect, it } from 'vitest';
import { MinuteHistory, POINTS } from '../../src/tables/minute-history.ts';

describe('minute history', () => {
  it('keeps both kinds of bytes of each interval, silence included', () => {
    const history = new MinuteHistory();
    history.add(0, 0, 100, 114);
    history.add(0, 0, 100, 114);
    history.add(0, 3, 50, 64);
    expect(history.bytesOf([0], 'ip')).toEqual([200, 0, 0, 50]);
    expect(history.bytesOf([0], 'wire')).toEqual([228, 0, 0, 64]);
  });

  it('adds up the interfaces that are asked for; one that carried nothing is silent', () => {
    const history = new MinuteHistory();
    history.add(2, 0, 1, 1);
    history.add(5, 1, 10, 10);
    expect(history.bytesOf([2, 5, 900], 'ip')).toEqual([1, 10]);
    expect(history.bytesOf([], 'ip')).toEqual([0, 0]);
  });

  it('forgets what is older than its points, also after a long silence', () => {
    const history = new MinuteHistory();
    for (let second = 0; second < 200; second++) history.add(1, second, second, 0);
    const last = Array.from({ length: POINTS }, (_, i) => 200 - POINTS + i);
    expect(history.bytesOf([1], 'ip')).toEqual(last);
    history.add(1, 100, 9999, 0);
    expect(history.bytesOf([1], 'ip')).toEqual(last);
    history.advance(1_000_000_000);
    expect(history.bytesOf([1], 'ip')).toEqual(Array.from({ length: POINTS }, () => 0));
  });

  it('takes what comes late into its own interval', () => {
    const history = new MinuteHistory();
    history.add(0, 5, 1, 0);
    history.add(0, 3, 7, 0);
    expect(history.bytesOf([0], 'ip')).toEqual([0, 0, 0, 7, 0, 1]);
  });

  it('is empty at first and after a reset', () => {
    const history = new MinuteHistory();
    expect(history.bytesOf([0], 'ip')).toEqual([]);
    history.add(0, 1, 1, 1);
    history.reset();
    expect(history.bytesOf([0], 'ip')).toEqual([]);
    history.add(0, 0, 2, 2);
    expect(history.bytesOf([0], 'ip')).toEqual([2]);
  });
});
