import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY_OF_SEQUENCE, KeyTokens } from '../../../screens/kit/key-tokens.ts';

function tokensOf(...chunks: (string | Uint8Array)[]): string[] {
  const tokens = new KeyTokens();
  return chunks.flatMap((chunk) => tokens.push(Buffer.from(chunk as string))).map((token) => token.toString());
}

describe('key tokens', () => {
  it('splits a burst of keys into single ones', () => {
    expect(tokensOf('a\x1b[A\x1bOPé名\x1b[5~\x1b[<0;10;20M\x1b[[Aq\x03')).toEqual([
      'a',
      '\x1b[A',
      '\x1bOP',
      'é',
      '名',
      '\x1b[5~',
      '\x1b[<0;10;20M',
      '\x1b[[A',
      'q',
      '\x03',
    ]);
  });

  it('puts a sequence together that arrives in pieces, wherever it was cut', () => {
    const whole = 'x\x1b[1;5A\x1bOQ名\x1b[<65;200;60M\x1b[[B';
    const bytes = Buffer.from(whole);
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(tokensOf(bytes.subarray(0, cut), bytes.subarray(cut)), `cut at ${cut}`).toEqual(tokensOf(whole));
    }
  });

  it('takes a lone Escape for the key only when nothing follows', () => {
    const tokens = new KeyTokens();
    expect(tokens.push(Buffer.from('\x1b'))).toEqual([]);
    expect(tokens.isIncomplete).toBe(true);
    expect(tokens.flush().map(String)).toEqual(['\x1b']);
    expect(tokens.isIncomplete).toBe(false);
  });

  it('takes Escape pressed twice for two keys', () => {
    const tokens = new KeyTokens();
    expect(tokens.push(Buffer.from('\x1b\x1b')).map(String)).toEqual(['\x1b']);
    expect(tokens.flush().map(String)).toEqual(['\x1b']);
  });

  it('drops answers of the terminal that nobody asked for, up to their end', () => {
    expect(tokensOf('\x1b]11;rgb:0000/0000/0000\x07a\x1bP1+r436f=323536\x1b\\b')).toEqual(['a', 'b']);
  });

  it('drops bytes that are no UTF-8: a stray continuation byte hangs terminal-kit', () => {
    expect(tokensOf(new Uint8Array([0x80, 0xbf, 0x61, 0xff, 0xe5, 0x62, 0xc0, 0x63]))).toEqual(['a', 'b', 'c']);
  });

  it('takes any bytes in any pieces, and hands over only bytes that came, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), (chunks) => {
        const tokens = new KeyTokens();
        const out = Buffer.concat([...chunks.flatMap((chunk) => tokens.push(chunk)), ...tokens.flush()]);
        const all = Buffer.concat(chunks);
        let at = 0;
        for (const byte of out) {
          at = all.indexOf(byte, at) + 1;
          expect(at).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('knows the function keys of the Linux console, rxvt and xterm whatever TERM says', () => {
    for (const sequence of ['\x1b[[A', '\x1bOP', '\x1b[11~']) expect(KEY_OF_SEQUENCE.get(sequence)).toBe('F1');
    for (const sequence of ['\x1b[[E', '\x1b[15~']) expect(KEY_OF_SEQUENCE.get(sequence)).toBe('F5');
    expect(KEY_OF_SEQUENCE.get('\x1b[17~')).toBe('F6');
    expect(KEY_OF_SEQUENCE.get('\x1b[24~')).toBe('F12');
  });
});
