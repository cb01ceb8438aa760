import { describe, expect, it } from 'vitest';
import { STYLES } from '../../../screens/kit/style.ts';
import { asciiOnly, colourDepth, createPalette } from '../../../screens/kit/theme.ts';

describe('colours of a terminal', () => {
  it.each([
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, 'true'],
    [{ TERM: 'xterm-direct' }, 'true'],
    [{ TERM: 'tmux-256color' }, '256'],
    [{ TERM: 'xterm-kitty' }, '256'],
    [{ TERM: 'xterm' }, '16'],
    [{ TERM: 'linux' }, '8'],
    [{ TERM: 'screen' }, '8'],
    [{ TERM: 'vt100' }, 'none'],
    [{}, 'none'],
    [{ TERM: 'xterm-256color', COLORTERM: 'truecolor', NO_COLOR: '1' }, 'none'],
    [{ TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
  ])('%j has depth %s', (env, depth) => {
    expect(colourDepth(env)).toBe(depth);
  });

  it('without colours no theme writes one', () => {
    for (const theme of ['blue', 'dark', 'light', 'monochrome'] as const) {
      for (const sequence of createPalette(theme, 'none').sgr) expect(sequence).toMatch(/^\x1b\[0(;[1247])*m$/);
    }
  });

  it('with eight colours bright ones are bold', () => {
    const { sgr } = createPalette('blue', '8');
    expect(sgr[STYLES.indexOf('text')]).toBe('\x1b[0;1;33;44m');
    for (const sequence of sgr) expect(sequence).toMatch(/^\x1b\[0(;(1|2|4|7|3[0-7]|4[0-7]))*m$/);
  });

  it('every style of a theme begins by undoing the one before', () => {
    for (const theme of ['blue', 'dark', 'light'] as const) {
      const { sgr } = createPalette(theme, 'true');
      expect(sgr).toHaveLength(STYLES.length);
      for (const sequence of sgr) expect(sequence.startsWith('\x1b[0')).toBe(true);
    }
  });

  it('selection, warning and error can be told from text in every theme at every depth', () => {
    for (const theme of ['blue', 'dark', 'light', 'monochrome'] as const) {
      for (const depth of ['none', '8', '16', '256', 'true'] as const) {
        const { sgr } = createPalette(theme, depth);
        const of = (style: (typeof STYLES)[number]): string => sgr[STYLES.indexOf(style)];
        const distinct = new Set([of('text'), of('selected'), of('warning'), of('dim'), of('match')]);
        expect(distinct.size, `${theme} ${depth}`).toBe(5);
        expect(of('error')).not.toBe(of('text'));
      }
    }
  });
});

describe('locale', () => {
  it.each([
    [{ LANG: 'C' }, true],
    [{ LANG: 'de_DE.UTF-8' }, false],
    [{ LANG: 'en_US.utf8', LC_ALL: 'C' }, true],
    [{ LANG: 'C', LC_CTYPE: 'C.UTF-8' }, false],
    [{ LANG: 'C.UTF-8', LC_ALL: '' }, false],
    [{}, true],
  ])('%j draws frames in ASCII: %s', (env, ascii) => {
    expect(asciiOnly(env)).toBe(ascii);
  });
});

/** Contrast as WCAG 2 defines it, 1 to 21. */
function contrast(a: readonly number[], b: readonly number[]): number {
  const luminance = (rgb: readonly number[]): number => {
    const [r, g, bl] = rgb.map((v) => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe('contrast', () => {
  const own = {
    blue: { fg: [229, 229, 229], bg: [0, 0, 0] },
    dark: { fg: [229, 229, 229], bg: [0, 0, 0] },
    light: { fg: [20, 20, 20], bg: [255, 255, 255] },
  };

  it.each(['blue', 'dark', 'light'] as const)('every text of the %s theme can be read, frames can be seen', (theme) => {
    const { sgr } = createPalette(theme, 'true');
    for (const [i, style] of STYLES.entries()) {
      const rgb = (code: number): number[] | undefined =>
        new RegExp(`${code};2;(\\d+);(\\d+);(\\d+)`).exec(sgr[i])?.slice(1).map(Number);
      const least = /frame|Frame/.test(style) ? 3 : 4.5;
      const ratio = contrast(rgb(38) ?? own[theme].fg, rgb(48) ?? own[theme].bg);
      expect(ratio, `${theme} ${style}`).toBeGreaterThanOrEqual(least);
    }
  });
});
