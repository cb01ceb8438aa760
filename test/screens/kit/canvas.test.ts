import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCanvas } from '../../../screens/kit/canvas.ts';
import { clipText, fitText, textWidth, wrapText } from '../../../screens/kit/text.ts';

describe('canvas', () => {
  it('clips text at every edge', () => {
    const canvas = createCanvas(5, 2);
    canvas.text(-2, 0, 'abcdefghij', 'text');
    canvas.text(0, -1, 'above', 'text');
    canvas.text(0, 2, 'below', 'text');
    expect(canvas.toText()).toBe('cdefg\n\n');
  });

  it('shows control characters as a dot, so that a name cannot carry an escape sequence', () => {
    const canvas = createCanvas(20, 1);
    canvas.text(0, 0, 'a\x1b[31mb\x9b2J\x00\x7f\r\nc', 'text');
    expect(canvas.toText()).toBe('a·[31mb·2J····c\n');
  });

  it('no text whatever puts a control character or a lone surrogate into a cell', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const canvas = createCanvas(40, 1);
        canvas.text(0, 0, text, 'text');
        for (const codePoint of canvas.characters) {
          expect(codePoint === 0 || codePoint >= 0x20).toBe(true);
          expect(codePoint < 0x7f || codePoint > 0x9f).toBe(true);
          expect(codePoint < 0xd800 || codePoint > 0xdfff).toBe(true);
        }
      }),
    );
  });

  it('gives wide characters two cells and drops characters without a width', () => {
    const canvas = createCanvas(12, 1);
    canvas.text(0, 0, '名前e\u0301\u200b\u202eあ', 'text');
    expect([...canvas.characters.slice(0, 8)]).toEqual([0x540d, 0, 0x524d, 0, 0x65, 0x3042, 0, 0x20]);
    expect(canvas.toText()).toBe('名前eあ\n');
  });

  it('shows half a wide character at the edge as a blank', () => {
    const canvas = createCanvas(3, 2);
    canvas.text(0, 0, 'ab名', 'text');
    canvas.text(-1, 1, '名b', 'text');
    expect(canvas.toText()).toBe('ab\n b\n');
  });

  it('blanks the other half when a wide character is overwritten', () => {
    const canvas = createCanvas(6, 2);
    canvas.text(0, 0, '名前', 'text');
    canvas.text(1, 0, 'x', 'text');
    canvas.text(0, 1, '名前', 'text');
    canvas.text(2, 1, 'y', 'text');
    expect(canvas.toText()).toBe(' x前\n名y\n');
  });

  it('draws frames with titles, and leaves out a title that does not fit', () => {
    const canvas = createCanvas(16, 3);
    canvas.frame(0, 0, 16, 3, 'frame', { topLeft: 'TCP', topRight: 'Bytes', bottomRight: 'far too long a title' });
    expect(canvas.toText()).toBe('┌ TCP ── Bytes ┐\n│              │\n└──────────────┘\n');
  });

  it('draws in ASCII where the locale has no UTF-8', () => {
    const canvas = createCanvas(20, 3, true);
    canvas.frame(0, 0, 20, 3, 'frame', { topLeft: 'A' });
    canvas.text(1, 1, '▼ 5…6 — µ é 名', 'text');
    expect(canvas.toText()).toBe('+ A ---------------+\n|v 5~6 - u ? ??    |\n+------------------+\n');
    expect(Math.max(...canvas.characters)).toBeLessThan(0x7f);
  });

  it('changes styles of what stands there', () => {
    const canvas = createCanvas(6, 1);
    canvas.text(0, 0, 'abcdef', 'value');
    canvas.restyle(-3, 0, 5, 4, 'selected');
    expect(canvas.toStyledText()).toBe('selected 0-1, value 2-5\n');
    expect(canvas.toText()).toBe('abcdef\n');
  });
});

describe('text in cells', () => {
  it('marks what was cut', () => {
    expect(clipText('abcdef', 4)).toBe('abc…');
    expect(clipText('名前名前', 5)).toBe('名前…');
    expect(clipText('abcd', 4)).toBe('abcd');
    expect(clipText('abcd', 0)).toBe('');
  });

  it('fits any text into exactly the cells asked for', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 30 }),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('left' as const, 'right' as const, 'center' as const),
        (text, width, align) => {
          expect(textWidth(fitText(text, width, align))).toBe(width);
        },
      ),
    );
  });

  it('wraps words, and breaks only those longer than a line', () => {
    expect(wrapText('one two  three', 7)).toEqual(['one two', 'three']);
    expect(wrapText('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k']);
    expect(wrapText('', 4)).toEqual(['']);
  });
});
