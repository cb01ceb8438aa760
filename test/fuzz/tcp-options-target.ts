/** TCP headers with options, mutated and cut anywhere, through the reader of the window scale. */
import { tcpWindowScale } from '../../src/wire/tcp-options.ts';
import { concat, hex, tcp } from '../support/packets.ts';
import type { Random } from './random.ts';
import { mutated } from './random.ts';
import type { FuzzTarget } from './target.ts';
import { must } from './target.ts';

/** Options as systems send them; whole words. */
const OPTIONS = ['', '020405b40402080a00000001000000000103030a', '01030307', '0303ff00', '01010101 03030e00 020405b4'];
/** Bytes before and behind the header: its own view is never the whole buffer. */
const MARGIN = 64;

export const tcpOptionsTarget: FuzzTarget<Uint8Array> = {
  name: 'tcp-options',
  make(random) {
    const header = mutated(tcp({ flags: 2, options: hex(random.pick(OPTIONS)) }), random, 3);
    return header.slice(0, random.oneIn(2) ? header.length : random.below(header.length + 1));
  },
  check(header, random) {
    const [scale, again] = [scaleOf(header, random), scaleOf(header, random)];
    must(scale === again, `the scale is ${scale} or ${again}: it depends on bytes that were not captured`);
    must(scale >= -1 && scale <= 14, `a scale of ${scale}`);
  },
  toFile: (header) => header,
};

function scaleOf(header: Uint8Array, random: Random): number {
  const bytes = concat(random.bytes(MARGIN), header, random.bytes(MARGIN));
  return tcpWindowScale(new DataView(bytes.buffer), MARGIN, MARGIN + header.length);
}
