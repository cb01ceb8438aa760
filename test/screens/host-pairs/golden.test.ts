import { describe, expect, it } from 'vitest';
import { expectGolden } from '../../support/golden.ts';
import { LiteralPairs, networkRows, portRows } from '../../support/pair-rows.ts';
import { SIZES } from '../../support/screens.ts';
import { Desk } from './desk.ts';

const TWO_INTERFACES = [
  { slot: 0, name: 'eth0', up: true },
  { slot: 1, name: 'br-office0', up: true },
];
const remainder = (packets: number, ipBytes: number) => ({ packets, ipBytes, wireBytes: ipBytes + 14 * packets });

function withPorts(): LiteralPairs {
  const pairs = new LiteralPairs({ interfaces: TWO_INTERFACES });
  pairs.rows = portRows();
  return pairs;
}

function withRemainder(): LiteralPairs {
  const pairs = new LiteralPairs();
  pairs.rows = networkRows();
  pairs.remainder = {
    gone: { pairs: 12, ...remainder(3310, 2_402_118) },
    nonIp: remainder(42, 0),
    leftOut: remainder(7, 912),
    more: remainder(100_211, 98_120_553),
  };
  return pairs;
}

function golden(name: string, desk: Desk): void {
  expectGolden(`host-pairs-${name}-${desk.width}x${desk.height}.txt`, desk.text);
}

describe('the host pair screen looks as it did', () => {
  for (const [width, height] of SIZES) {
    it(`with two lines a pair at ${width}x${height}`, () => {
      golden('two-line', new Desk().size(width, height));
    });

    it(`with one line a pair, cumulative bytes and a logarithmic scale at ${width}x${height}`, () => {
      golden('one-line', new Desk().size(width, height).press('t', 'T', 'L'));
    });

    it(`with ports, of several interfaces, above a threshold at ${width}x${height}`, () => {
      const desk = new Desk({ view: { threshold: 10_000_000 } }, withPorts());
      golden('ports', desk.size(width, height).press('p'));
    });

    it(`with networks, and what is in no row at ${width}x${height}`, () => {
      golden('networks', new Desk({}, withRemainder()).size(width, height));
    });
  }

  it('in both one-line displays of one direction', () => {
    golden('sent', new Desk().press('t', 't'));
    golden('received', new Desk().press('t', 't', 't'));
  });

  it('without bars, held', () => {
    golden('frozen', new Desk().press('b', 'o'));
  });

  it('in bytes of base 1024, and in packets', () => {
    golden('bytes', new Desk({ rate: { unit: 'bytes', base: 1024 } }).settle());
    const pairs = new LiteralPairs();
    pairs.quantity = 'packets';
    golden('packets', new Desk({}, pairs).size(120, 40).press('T'));
  });

  it('without a pair, and before the first figures', () => {
    const pairs = new LiteralPairs();
    pairs.rows = [];
    golden('empty', new Desk({}, pairs).settle());
  });

  it('while a screen filter and an expression are typed', () => {
    golden('filter', new Desk().press('l', ...'10.99', 'ENTER'));
    golden('bad-filter', new Desk().press('l', ...'(10'));
    golden('expression', new Desk({ expression: () => 'port 443' }).press('f', ...' or icmp'));
  });

  it('with its dialogs and its help', () => {
    golden('networks-dialog', new Desk().press('g'));
    golden('order-dialog', new Desk().press('O'));
    golden('columns-dialog', new Desk().press('C'));
    golden('help', new Desk().size(120, 40).press('h'));
  });

  it('at the least size, and in ASCII', () => {
    golden('least', new Desk({ view: { threshold: 10_000_000 } }, withPorts()).size(60, 12).press('p'));
    const ascii = new Desk({ ascii: true }).settle();
    expect(ascii.text).toMatch(/^[\n -~]*$/);
    golden('ascii', ascii);
  });

  it('with bars behind the rows, also the marked one', () => {
    expectGolden('host-pairs-styles-80x24.txt', new Desk().press('DOWN').grid.toStyledText());
  });
});
