import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literally, MATCHED, Pattern } from '../../src/search/pattern.ts';
import { BadPattern } from '../../src/search/pattern-syntax.ts';

/** Expressions of what can be written, from the smallest pieces up. */
const { expression } = fc.letrec<{ expression: string; item: string }>((tie) => {
  const atom = fc.constantFrom(
    ...[
      'a',
      'b',
      'C',
      '1',
      '.',
      '\\.',
      '-',
      '_',
      ' ',
      '\\d',
      '\\D',
      '\\w',
      '\\W',
      '\\s',
      '\\S',
      '^',
      '$',
      '\\b',
      '\\B',
    ],
    ...['[ab]', '[^a]', '[a-c1]', '[^\\d.]', '[\\w-]', '[B-]', '[^]', '[]', '\\/', '\\-', '\\$'],
  );
  const times = fc.constantFrom('', '*', '+', '?', '{2}', '{1,}', '{0,2}', '{1,3}', '*?', '+?');
  const group = fc.tuple(fc.constantFrom('(', '(?:'), tie('expression')).map(([open, inside]) => `${open}${inside})`);
  const item = fc
    .tuple(fc.oneof({ weight: 4, arbitrary: atom }, { weight: 1, arbitrary: group }), times)
    .map(([text, sign]) => (/^(\^|\$|\\b|\\B)$/.test(text) ? text : text + sign));
  return {
    item,
    expression: fc
      .array(fc.array(tie('item'), { maxLength: 4 }), { minLength: 1, maxLength: 2 })
      .map((ways) => ways.map((items) => items.join('')).join('|')),
  };
});
const text = fc.string({ unit: fc.constantFrom(...'abcABC012.-_ /$\n'), maxLength: 8 });

describe('an expression', () => {
  it('matches what those of the language match', () => {
    fc.assert(
      fc.property(expression, fc.array(text, { minLength: 5, maxLength: 5 }), (source, texts) => {
        let pattern: Pattern;
        try {
          pattern = new Pattern(source);
        } catch (problem) {
          // Repeats of repeats become too long; nothing else that is made here is refused.
          expect((problem as Error).message).toBe('too long');
          return;
        }
        const model = new RegExp(source, 'i');
        expect(texts.map((each) => pattern.test(each))).toEqual(texts.map((each) => model.test(each)));
      }),
      { numRuns: 600 },
    );
  });

  it.each([
    ['(', '( without )'],
    [')', ') without ('],
    ['a)', ') without ('],
    ['[a', '[ without ]'],
    ['*a', 'nothing before *'],
    ['a**', 'nothing to repeat'],
    ['^*', 'nothing to repeat'],
    ['a{3,2}', '{3,2} is empty'],
    ['[b-a]', 'b-a is out of order'],
    ['\\', '\\ at the end'],
    ['(a)\\1', '\\1 is not known'],
    ['(?=a)', '(? only as (?:'],
    ['(?<=a)b', '(? only as (?:'],
    ['(a{99}){99}', 'too long'],
    ['[[:word:]]', '[:word:] is not known'],
    ['[[:digit:]', '[ without ]'],
    ['('.repeat(100_000), 'too many ( within ('],
  ])('that cannot be read is refused: %s', (source, reason) => {
    expect(() => new Pattern(source)).toThrow(new BadPattern(reason));
  });

  it.each([
    ['^[[:alpha:]]+$', 'nasBOX', 'nas1'],
    ['^[[:alnum:]_-]+$', 'nas-1_b', 'nas.1'],
    ['^[^[:digit:].]+:[[:digit:]]{2,3}$', 'nas:443', '10.0.0.1:443'],
    ['^[[:xdigit:]:]+$', 'fe80::1', 'fe80::g'],
    ['^[[:upper:]]$', 'a', '1'],
    ['a[[:blank:][:punct:]]b', 'a.b', 'axb'],
  ])('has the classes of POSIX: %s', (source, matching, other) => {
    expect([new Pattern(source).test(matching), new Pattern(source).test(other)]).toEqual([true, false]);
  });

  it('repeats nothing without work, however often', () => {
    expect(new Pattern('^((((){999999999}){999999999}b{0}){99999999999999999999})a$').test('a')).toBe(true);
  });

  it('takes braces that count nothing as they stand', () => {
    expect([new Pattern('a{b').test('xa{by'), new Pattern('a{,2}').test('a{,2}')]).toEqual([true, true]);
  });

  it('looks at text beyond ASCII, in any case', () => {
    expect(new Pattern('büro').test('Mein BÜRO')).toBe(true);
    expect(new Pattern('^.ü$').test('xü')).toBe(true);
    expect(new Pattern('\\bx').test('üx')).toBe(true);
    expect(new Pattern('[^a]').test('é')).toBe(true);
  });

  it('takes time by the length of the text alone, whatever it is', () => {
    const texts = ['a'.repeat(1000), `${'a'.repeat(500)}b`.repeat(2)];
    for (const source of ['(a+)+c', '(a|a)*c', '(.*)*(.*)*(.*)*c', '(a|aa)+$c', '(a|b)*a(a|b){60}c', '(.*a){30}c']) {
      const pattern = new Pattern(source);
      const begin = performance.now();
      expect(texts.map((each) => pattern.test(each))).toEqual([false, false]);
      // The language's own expressions take longer than anyone waits; this takes a few milliseconds.
      expect(performance.now() - begin).toBeLessThan(2000);
    }
  });

  it('keeps matching when it has met more states than it remembers', () => {
    const pattern = new Pattern('(a|b)*a(a|b){12}c');
    const model = /a[ab]{12}c/;
    let seed = 1;
    const random = (): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed >>> 16;
    };
    for (let k = 0; k < 400; k++) {
      const each = Array.from({ length: 60 }, () => 'abababababc'[random() % 11]).join('');
      expect([each, pattern.test(each)]).toEqual([each, model.test(each)]);
    }
  });

  it('can be walked through in pieces', () => {
    const pattern = new Pattern('^10\\..*7$');
    const bytes = (piece: string): Uint8Array => new TextEncoder().encode(piece);
    const walk = (...pieces: string[]): boolean => {
      const state = pieces.reduce((from, each) => pattern.after(from, bytes(each), each.length), pattern.start);
      return pattern.atEnd(state) === MATCHED;
    };
    expect([walk('10.', '0.', '0.', '17'), walk('10.', '0.', '0.', '1'), walk('110.', '7')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('can be made of any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), text, (wanted, around) => {
        const pattern = new Pattern(literally(wanted));
        expect(pattern.test(around + wanted)).toBe(true);
        expect(pattern.test(around)).toBe(around.toLowerCase().includes(wanted.toLowerCase()));
      }),
    );
  });
});
