import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitizeName, sanitizeText } from '../../src/names/sanitize.ts';

describe('sanitizeName', () => {
  it('keeps ordinary names and takes the root dot away', () => {
    expect(sanitizeName('alice.lab.example.')).toBe('alice.lab.example');
    expect(sanitizeName('_dmarc.xn--bcher-kva.example')).toBe('_dmarc.xn--bcher-kva.example');
  });

  it('knows no name that is empty', () => {
    expect([sanitizeName(''), sanitizeName('.')]).toEqual([null, null]);
  });

  it.each([
    ['\u001b]0;owned\u0007.example', '??0?owned?.example'],
    ['a b;rm -rf /', 'a?b?rm?-rf?/'],
    ['-rf.example', '?rf.example'],
    ['=cmd|x!A1', '?cmd?x?A1'],
    ['b\u00fccher\u202e.example', 'b?cher?.example'],
  ])('makes %j harmless', (hostile, harmless) => {
    expect(sanitizeName(hostile)).toBe(harmless);
  });

  it('cuts what is longer than DNS allows and says so', () => {
    const name = sanitizeName('a'.repeat(10_000));
    expect(name).toHaveLength(253);
    expect(name?.endsWith('~')).toBe(true);
    expect(sanitizeName(`${'a'.repeat(253)}.`)).toBe('a'.repeat(253));
  });

  it('lets nothing but plain characters through, whatever the input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(sanitizeName(text) ?? '').toMatch(/^[A-Za-z0-9._:/?~-]{0,253}$/);
      }),
    );
  });
});

describe('sanitizeText', () => {
  it('keeps letters of all languages', () => {
    expect(sanitizeText('Grüße 日本語 🙂')).toBe('Grüße 日本語 🙂');
  });

  it('shows controls, overrides and broken surrogates as dots', () => {
    expect(sanitizeText('a\u001b[2J\u009b1m\u202eb\u200bc\ud800d\u2028')).toBe('a·[2J·1m·b·c·d·');
  });

  it('lets no control character through and stays bounded, whatever the input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const clean = sanitizeText(text);
        expect(clean).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
        expect(clean.length).toBeLessThanOrEqual(255);
      }),
    );
  });
});
