/**
 * Themes: each style of style.ts becomes colours and attributes, as the bytes that switch a terminal to it (SGR,
 * ECMA-48 8.3.117). Four themes, five depths of colour; what the terminal can do is read from the environment.
 */
import { STYLES, type Style } from './style.ts';

export type ColourDepth = 'none' | '8' | '16' | '256' | 'true';
export type ThemeName = 'blue' | 'dark' | 'light' | 'monochrome';

/** One colour at every depth: number among the 16 (8 and up are the bright ones), among the 256, and as RGB. */
interface Colour {
  basic: number;
  indexed: number;
  rgb: readonly [number, number, number];
}

/** Colours and attributes of one style; a missing colour is the terminal's own. */
interface Paint {
  fg?: Colour;
  bg?: Colour;
  bold?: boolean;
  dim?: boolean;
  underline?: boolean;
  reverse?: boolean;
}

const colour = (basic: number, indexed: number, r: number, g: number, b: number): Colour => ({
  basic,
  indexed,
  rgb: [r, g, b],
});

const BLACK = colour(0, 16, 0, 0, 0);
const RED = colour(1, 124, 176, 16, 16);
/** Key letters on aqua: iptraf-ng's red is too close to its cyan to be read at a glance. */
const DARK_RED = colour(1, 88, 132, 0, 0);
/** On white; xterm's own green and yellow cannot be read there. */
const GREEN = colour(4, 28, 16, 120, 32);
const BROWN = colour(8, 94, 128, 84, 0);
const NAVY = colour(4, 18, 12, 20, 108);
const BLUE = colour(4, 26, 24, 88, 200);
const MAGENTA = colour(5, 127, 160, 24, 144);
const TEAL = colour(6, 37, 24, 160, 168);
/** Behind menus, dialogs and the key bar. */
const AQUA = colour(6, 80, 92, 204, 208);
const DARK_TEAL = colour(6, 30, 0, 112, 120);
const SILVER = colour(7, 250, 188, 190, 196);
const PALE = colour(7, 254, 228, 230, 236);
const DARK_GREY = colour(8, 241, 98, 100, 110);
const GREY = colour(8, 244, 128, 130, 140);
const BRIGHT_RED = colour(9, 203, 255, 112, 104);
const BRIGHT_GREEN = colour(10, 120, 140, 240, 140);
const YELLOW = colour(11, 227, 252, 240, 100);
const SKY = colour(12, 117, 136, 196, 255);
const PINK = colour(13, 213, 246, 150, 244);
const CYAN = colour(14, 87, 112, 246, 252);
const WHITE = colour(15, 231, 255, 255, 255);
/** On navy: the red and the blue of sixteen colours are too close to it. */
const ROSE = colour(15, 203, 255, 112, 104);
const PALE_SKY = colour(7, 117, 136, 196, 255);
/** Key names on aqua, where the red of eight colours is hard to read. */
const KEY_RED = colour(4, 88, 132, 0, 0);
/** Text on a bar that stands behind it; black on the cyan of few colours. */
const METER_TEXT = colour(0, 231, 255, 255, 255);
const METER_ON_NAVY = colour(6, 24, 8, 96, 140);
const METER_ON_DARK = colour(4, 24, 8, 84, 128);
const METER_ON_LIGHT = colour(6, 153, 175, 215, 255);
/** Dim text on navy: silver where there are only eight colours, since bright black is often invisible there. */
const MIST = colour(7, 103, 136, 140, 184);

/** iptraf-ng's looks: bold yellow on blue, cyan figures and frames, dialogs black on cyan, selection on black. */
const BLUE_THEME: Record<Style, Paint> = {
  text: { fg: YELLOW, bg: NAVY },
  dim: { fg: MIST, bg: NAVY },
  value: { fg: CYAN, bg: NAVY },
  title: { fg: WHITE, bg: NAVY, bold: true },
  frame: { fg: TEAL, bg: NAVY },
  heading: { fg: CYAN, bg: NAVY },
  selected: { fg: YELLOW, bg: BLACK, bold: true },
  selectedDim: { fg: SILVER, bg: BLACK },
  key: { fg: KEY_RED, bg: AQUA },
  keyLabel: { fg: BLACK, bg: AQUA },
  menu: { fg: BLACK, bg: AQUA },
  menuFrame: { fg: NAVY, bg: AQUA },
  menuSelected: { fg: YELLOW, bg: BLACK, bold: true },
  hotKey: { fg: DARK_RED, bg: AQUA },
  dialog: { fg: BLACK, bg: AQUA },
  dialogFrame: { fg: NAVY, bg: AQUA },
  field: { fg: YELLOW, bg: NAVY },
  fieldError: { fg: WHITE, bg: RED, bold: true },
  status: { fg: SILVER, bg: NAVY },
  warning: { fg: BLACK, bg: colour(3, 214, 255, 184, 32) },
  error: { fg: WHITE, bg: RED, bold: true },
  tcp: { fg: YELLOW, bg: NAVY },
  udp: { fg: BRIGHT_GREEN, bg: NAVY },
  icmp: { fg: ROSE, bg: NAVY },
  otherIp: { fg: PINK, bg: NAVY },
  nonIp: { fg: PALE_SKY, bg: NAVY },
  incoming: { fg: BRIGHT_GREEN, bg: NAVY },
  outgoing: { fg: PINK, bg: NAVY },
  bar: { fg: CYAN, bg: NAVY },
  meter: { fg: METER_TEXT, bg: METER_ON_NAVY },
  meterSelected: { fg: BLACK, bg: SILVER },
  match: { fg: BLACK, bg: colour(2, 114, 132, 222, 124) },
};

/** For those who keep their terminal's own dark background. */
const DARK_THEME: Record<Style, Paint> = {
  text: {},
  dim: { fg: GREY },
  value: { fg: CYAN },
  title: { fg: WHITE, bold: true },
  frame: { fg: DARK_TEAL },
  heading: { fg: TEAL },
  selected: { fg: BLACK, bg: TEAL },
  selectedDim: { fg: BLACK, bg: SILVER },
  key: { fg: YELLOW, bold: true },
  keyLabel: { fg: SILVER },
  menu: {},
  menuFrame: { fg: DARK_TEAL },
  menuSelected: { fg: BLACK, bg: TEAL },
  hotKey: { fg: YELLOW, bold: true },
  dialog: {},
  dialogFrame: { fg: TEAL },
  field: { fg: WHITE, bg: BLUE },
  fieldError: { fg: WHITE, bg: RED, bold: true },
  status: { fg: SILVER },
  warning: { fg: BLACK, bg: colour(3, 214, 255, 184, 32) },
  error: { fg: WHITE, bg: RED, bold: true },
  tcp: {},
  udp: { fg: BRIGHT_GREEN },
  icmp: { fg: BRIGHT_RED },
  otherIp: { fg: PINK },
  nonIp: { fg: SKY },
  incoming: { fg: BRIGHT_GREEN },
  outgoing: { fg: PINK },
  bar: { fg: TEAL },
  meter: { fg: WHITE, bg: METER_ON_DARK },
  meterSelected: { fg: BLACK, bg: PALE },
  match: { fg: BLACK, bg: colour(2, 114, 132, 222, 124) },
};

/** Dark colours only: readable on white and on cream. */
const LIGHT_THEME: Record<Style, Paint> = {
  ...DARK_THEME,
  dim: { fg: DARK_GREY },
  value: { fg: BLUE },
  title: { bold: true },
  frame: { fg: DARK_GREY },
  heading: { fg: BLUE, bold: true },
  selected: { fg: WHITE, bg: BLUE, bold: true },
  selectedDim: { fg: PALE, bg: BLUE },
  key: { fg: RED, bold: true },
  keyLabel: {},
  menuFrame: { fg: DARK_GREY },
  menuSelected: { fg: WHITE, bg: BLUE, bold: true },
  hotKey: { fg: RED, bold: true },
  dialogFrame: { fg: BLUE },
  field: { fg: BLACK, bg: SILVER },
  status: {},
  udp: { fg: GREEN },
  icmp: { fg: RED },
  otherIp: { fg: MAGENTA },
  nonIp: { fg: BROWN },
  incoming: { fg: GREEN },
  outgoing: { fg: MAGENTA },
  bar: { fg: BLUE },
  meter: { fg: BLACK, bg: METER_ON_LIGHT },
  meterSelected: { fg: WHITE, bg: BLACK },
};

/** No colours: bold, reverse and underline carry the meaning. */
const MONOCHROME_THEME: Record<Style, Paint> = {
  ...(Object.fromEntries(STYLES.map((style) => [style, {}])) as Record<Style, Paint>),
  dim: { dim: true },
  value: { bold: true },
  title: { bold: true },
  heading: { bold: true },
  selected: { reverse: true },
  // Dim and reverse together is grey on grey.
  selectedDim: { reverse: true },
  key: { bold: true },
  menuSelected: { reverse: true },
  meter: { reverse: true },
  // In a row that is reverse itself.
  meterSelected: { bold: true, underline: true },
  hotKey: { bold: true, underline: true },
  field: { underline: true },
  // Not reverse: the cursor is.
  fieldError: { underline: true, bold: true },
  warning: { reverse: true, bold: true },
  error: { reverse: true, bold: true, underline: true },
  match: { underline: true, bold: true },
};

const THEMES: Record<ThemeName, Record<Style, Paint>> = {
  blue: BLUE_THEME,
  dark: DARK_THEME,
  light: LIGHT_THEME,
  monochrome: MONOCHROME_THEME,
};

function foregroundCode(fg: Colour, depth: ColourDepth): string {
  if (depth === 'true') return `38;2;${fg.rgb.join(';')}`;
  if (depth === '256') return `38;5;${fg.indexed}`;
  if (fg.basic < 8) return String(30 + fg.basic);
  if (depth === '16') return String(82 + fg.basic);
  // With eight colours bold is what makes a colour bright, but often leaves black black: grey is faint text.
  return fg.basic === 8 ? '2' : `1;${22 + fg.basic}`;
}

function backgroundCode(bg: Colour, depth: ColourDepth): string {
  if (depth === 'true') return `48;2;${bg.rgb.join(';')}`;
  if (depth === '256') return `48;5;${bg.indexed}`;
  return depth === '16' && bg.basic >= 8 ? String(92 + bg.basic) : String(40 + (bg.basic & 7));
}

function sgrOf(paint: Paint, depth: ColourDepth): string {
  const codes = ['0'];
  if (paint.bold) codes.push('1');
  if (paint.dim) codes.push('2');
  if (paint.underline) codes.push('4');
  if (paint.reverse) codes.push('7');
  if (paint.fg !== undefined && depth !== 'none') codes.push(foregroundCode(paint.fg, depth));
  if (paint.bg !== undefined && depth !== 'none') codes.push(backgroundCode(paint.bg, depth));
  return `\x1b[${codes.join(';')}m`;
}

/** What the presenter needs of a theme. */
export interface Palette {
  /** By style index: the sequence that switches to the style from any other. */
  sgr: readonly string[];
  /** By style index: styles with the same number look the same on a blank (background, underline, reverse). */
  blankClass: Uint8Array;
}

/** The theme at a depth of colour. No colours at all: always the monochrome theme. */
export function createPalette(theme: ThemeName, depth: ColourDepth): Palette {
  const paints = THEMES[depth === 'none' ? 'monochrome' : theme];
  const classes: string[] = [];
  const blankClass = new Uint8Array(STYLES.length);
  const sgr = STYLES.map((style, index) => {
    const { fg, bg, underline, reverse } = paints[style];
    const background = reverse
      ? ['reverse', fg?.basic, bg?.basic]
      : [bg === undefined ? '' : backgroundCode(bg, depth)];
    const name = [...background, underline ? `underline ${fg?.basic}` : ''].join(' ');
    if (!classes.includes(name)) classes.push(name);
    blankClass[index] = classes.indexOf(name);
    return sgrOf(paints[style], depth);
  });
  return { sgr, blankClass };
}

type Environment = Record<string, string | undefined>;

/** Colours the terminal has, from NO_COLOR (no-color.org), COLORTERM and TERM. */
export function colourDepth(env: Environment): ColourDepth {
  const term = (env.TERM ?? '').toLowerCase();
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return 'none';
  if (/^(dumb|unknown|vt\d+|ansi-m|.*-mono|.*-m)?$/.test(term)) return 'none';
  if (/^(truecolor|24bits?)$/i.test(env.COLORTERM ?? '') || term.endsWith('-direct')) return 'true';
  if (term.includes('256') || /^(xterm-kitty|alacritty|foot|wezterm|xterm-ghostty)/.test(term)) return '256';
  if (term.includes('16color') || term.startsWith('xterm')) return '16';
  return '8';
}

/** True where the locale has no UTF-8 (locale(7): LC_ALL, then LC_CTYPE, then LANG): frames are drawn in ASCII. */
export function asciiOnly(env: Environment): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '') ?? '';
  return !/utf-?8/i.test(locale);
}
