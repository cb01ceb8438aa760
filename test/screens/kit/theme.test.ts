import { describe, expect, it } from 'vitest';
import { STYLES, type Style } from '../../../screens/kit/style.ts';
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
        // A bar is seen behind blanks too: by its background, in a row that is marked or not.
        const { blankClass } = createPalette(theme, depth);
        const onBlanks = (['text', 'selected', 'meter', 'meterSelected'] as const).map(
          (style) => blankClass[STYLES.indexOf(style)],
        );
        expect(onBlanks[2]).not.toBe(onBlanks[0]);
        expect(onBlanks[3]).not.toBe(onBlanks[1]);
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

/** The sixteen colours as a Linux console and as xterm show them. */
const SIXTEEN = {
  console:
    '000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff',
  xterm:
    '000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff',
};

/** xterm's 256 colours from 16 on: a cube of six levels, then greys. */
function indexedColour(n: number): number[] {
  if (n >= 232) return [8, 8, 8].map((level) => level + 10 * (n - 232));
  const cube = n - 16;
  return [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((level) =>
    level === 0 ? 0 : 55 + 40 * level,
  );
}

interface Shown {
  fg: readonly number[];
  bg: readonly number[];
}

/** What a terminal makes of a sequence; bold makes the eight colours bright. Faint is counted as the plain colour. */
function shown(sgr: string, own: Shown, palette: keyof typeof SIXTEEN): Shown {
  const sixteen = SIXTEEN[palette].split(' ').map((hex) => [...Buffer.from(hex, 'hex')]);
  const codes = sgr.slice(2, -1).split(';').map(Number);
  const bold = codes.includes(1) && !codes.includes(38);
  let { fg, bg } = own;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 38 || code === 48) {
      const colour = indexedColour(codes[i + 2]);
      if (code === 38) fg = colour;
      else bg = colour;
      i += 2;
    } else if (code >= 30 && code <= 37) fg = sixteen[code - 30 + (bold ? 8 : 0)];
    else if (code >= 90 && code <= 97) fg = sixteen[code - 82];
    else if (code >= 40 && code <= 47) bg = sixteen[code - 40];
    else if (code >= 100 && code <= 107) bg = sixteen[code - 92];
  }
  return { fg, bg };
}

describe('few colours', () => {
  /** Whole lines of text; the others are single words, letters, frames. */
  const lines: readonly Style[] = [
    ...(['text', 'value', 'title', 'heading', 'selected', 'selectedDim', 'keyLabel', 'menu', 'menuSelected'] as const),
    ...(['dialog', 'field', 'fieldError', 'status', 'warning', 'error', 'tcp', 'udp', 'match'] as const),
    ...(['meter', 'meterSelected'] as const),
  ];
  const own: Record<'blue' | 'dark' | 'light', Shown> = {
    blue: { fg: [229, 229, 229], bg: [0, 0, 0] },
    dark: { fg: [229, 229, 229], bg: [0, 0, 0] },
    light: { fg: [20, 20, 20], bg: [255, 255, 255] },
  };
  const cases = (['blue', 'dark', 'light'] as const).flatMap((theme) =>
    (['8', '16', '256'] as const).flatMap((depth) =>
      (['console', 'xterm'] as const).map((palette) => [theme, depth, palette] as const),
    ),
  );

  it.each(cases)(
    'every style of the %s theme can be told from its background with %s colours (%s)',
    (theme, depth, palette) => {
      const { sgr } = createPalette(theme, depth);
      for (const [i, style] of STYLES.entries()) {
        const { fg, bg } = shown(sgr[i], own[theme], palette);
        const least = depth === '256' ? (/frame|Frame/.test(style) ? 3 : 4.5) : lines.includes(style) ? 3.9 : 2.6;
        expect(contrast(fg, bg), style).toBeGreaterThanOrEqual(least);
      }
    },
  );

  it.each(cases)(
    'the cursor stands out in the fields of the %s theme with %s colours (%s)',
    (theme, depth, palette) => {
      const { sgr } = createPalette(theme, depth);
      const background = (style: Style): readonly number[] => shown(sgr[STYLES.indexOf(style)], own[theme], palette).bg;
      for (const field of ['field', 'fieldError'] as const) {
        expect(contrast(background('menuSelected'), background(field)), field).toBeGreaterThanOrEqual(1.2);
      }
    },
  );

  it('without colours only the cursor and what is marked is reverse in a field', () => {
    const { sgr } = createPalette('monochrome', 'none');
    const isReverse = (style: Style): boolean => /;7[;m]/.test(sgr[STYLES.indexOf(style)]);
    expect((['field', 'fieldError', 'menuSelected', 'selected'] as const).map(isReverse)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('no style is dim and reverse at once: grey on grey', () => {
    for (const sequence of createPalette('monochrome', 'none').sgr) expect(sequence).not.toMatch(/;2;(.*;)?7/);
  });
});
