import { describe, expect, it } from 'vitest';
import { tcpWindowScale } from '../../src/wire/tcp-options.ts';
import { concat, filler, hex, tcp } from '../support/packets.ts';

function scaleOf(options: string, captured = 60): number {
  const header = concat(filler(3), tcp({ flags: 2, options: hex(options) }), hex('030305030305030305'));
  const length = 20 + hex(options).length;
  return tcpWindowScale(new DataView(header.buffer), 3, 3 + Math.min(captured, length));
}

describe('tcpWindowScale', () => {
  it.each([
    ['as Linux sends it', '020405b4 0402080a 00000001 00000000 01030307', 7],
    ['alone', '03030a00', 10],
    ['zero', '03030000', 0],
    ['beyond 14 (RFC 7323)', '0303ff00', 14],
    ['first of two', '03030203 03090000', 2],
    ['not there', '020405b4', -1],
    ['behind the end of the list', '00030307', -1],
    ['behind an option of length 0', '0200 0303 07000000', -1],
    ['behind an option of length 1', '0201 0303 07000000', -1],
    ['behind an option that runs beyond the header', '08ff 0303 07000000', -1],
    ['of a wrong length', '03040700', -1],
    ['cut off by the header', '01010303', -1],
  ])('%s', (_name, options, expected) => {
    expect(scaleOf(options)).toBe(expected);
  });

  it('reads nothing beyond the captured bytes', () => {
    expect(scaleOf('01030307', 24)).toBe(7);
    expect(scaleOf('01030307', 23)).toBe(-1);
    expect(scaleOf('01030307', 12)).toBe(-1);
  });
});
