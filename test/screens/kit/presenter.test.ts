import xterm from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCanvas, type TextGrid } from '../../../screens/kit/canvas.ts';
import { Presenter } from '../../../screens/kit/presenter.ts';
import { STYLES } from '../../../screens/kit/style.ts';
import { type ColourDepth, createPalette, type ThemeName } from '../../../screens/kit/theme.ts';

type XTerminal = InstanceType<typeof xterm.Terminal>;

function open(width: number, height: number): XTerminal {
  return new xterm.Terminal({ cols: width, rows: height, allowProposedApi: true, scrollback: 0 });
}

function write(terminal: XTerminal, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => terminal.write(bytes, resolve));
}

/** Look of a cell: character, colours, attributes. Of a blank only what can be seen. */
function look(terminal: XTerminal, x: number, y: number): string {
  const cell = terminal.buffer.active.getLine(y)?.getCell(x);
  if (cell === undefined) return 'none';
  const characters = cell.getWidth() === 0 ? '' : cell.getChars() || ' ';
  const background = `${cell.getBgColorMode()}:${cell.getBgColor()} ${cell.isInverse()} ${cell.isUnderline()}`;
  const foreground = `${cell.getFgColorMode()}:${cell.getFgColor()}`;
  if (characters === ' ') return `' ' ${background} ${cell.isInverse() || cell.isUnderline() ? foreground : ''}`;
  return `'${characters}' ${background} ${foreground} ${cell.isBold()} ${cell.isDim()}`;
}

function picture(terminal: XTerminal, width: number, height: number): string[] {
  const cells: string[] = [];
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) cells.push(look(terminal, x, y));
  return cells;
}

/** The same screen written naively: every cell placed and styled by itself. */
async function oracle(grid: TextGrid, sgr: readonly string[]): Promise<string[]> {
  const terminal = open(grid.width, grid.height);
  let text = '\x1b[?7l';
  for (let y = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++) {
      const at = y * grid.width + x;
      const codePoint = grid.characters[at];
      if (codePoint !== 0) text += `\x1b[${y + 1};${x + 1}H${sgr[grid.styles[at]]}${String.fromCodePoint(codePoint)}`;
    }
  }
  await write(terminal, Buffer.from(text));
  return picture(terminal, grid.width, grid.height);
}

interface Stroke {
  x: number;
  y: number;
  text: string;
  style: (typeof STYLES)[number];
}

const WIDTH = 22;
const HEIGHT = 5;
const strokes = fc.array(
  fc.record<Stroke>({
    x: fc.integer({ min: -3, max: WIDTH }),
    y: fc.integer({ min: 0, max: HEIGHT - 1 }),
    text: fc.string({
      unit: fc.constantFrom('a', 'b', ' ', ' ', '─', 'é', '名', '前', '한', '\x1b', '\t'),
      maxLength: 14,
    }),
    style: fc.constantFrom(...STYLES),
  }),
  { maxLength: 6 },
);

function paint(grid: TextGrid, list: readonly Stroke[]): void {
  for (const { x, y, text, style } of list) grid.text(x, y, text, style);
}

function drawBusyScreen(grid: TextGrid, tick: number, changedRows: number): void {
  grid.clear();
  grid.frame(0, 0, grid.width, grid.height, 'frame', { topLeft: 'TCP' });
  for (let y = 1; y < grid.height - 1; y++) {
    grid.text(1, y, `10.0.0.${y}:443`, 'text');
    const value = y <= changedRows ? tick * 7919 + y * 104729 : y * 104729;
    grid.text(100, y, String(value).padStart(12), 'value');
    grid.text(120, y, `${value % 1000}.${value % 7} Mbit/s`.padStart(14), 'value');
  }
}

describe('presenter', () => {
  const themes: [ThemeName, ColourDepth][] = [
    ['blue', 'true'],
    ['blue', '8'],
    ['dark', '256'],
    ['light', '16'],
    ['monochrome', 'none'],
  ];

  it.each(themes)('what it writes makes a terminal show the canvas: %s, %s colours', async (theme, depth) => {
    const palette = createPalette(theme, depth);
    await fc.assert(
      fc.asyncProperty(fc.array(strokes, { minLength: 1, maxLength: 4 }), fc.boolean(), async (frames, keep) => {
        const terminal = open(WIDTH, HEIGHT);
        await write(terminal, Buffer.from('\x1b[?7lold content\r\nof the shell'));
        const presenter = new Presenter({ palette, synchronised: true });
        const grid = createCanvas(WIDTH, HEIGHT);
        for (const frame of frames) {
          if (!keep) grid.clear();
          paint(grid, frame);
          const bytes = presenter.frame(grid);
          if (bytes !== null) await write(terminal, bytes);
          expect(picture(terminal, WIDTH, HEIGHT)).toEqual(await oracle(grid, palette.sgr));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('writes nothing when nothing changed', () => {
    const presenter = new Presenter({ palette: createPalette('blue', '256'), synchronised: true });
    const grid = createCanvas(80, 24);
    drawBusyScreen(grid, 1, 22);
    expect(presenter.frame(grid)).not.toBeNull();
    drawBusyScreen(grid, 1, 22);
    expect(presenter.frame(grid)).toBeNull();
  });

  it('writes only the changed cells: one digit costs a movement, a style and the digit', () => {
    const presenter = new Presenter({ palette: createPalette('monochrome', 'none') });
    const grid = createCanvas(80, 24);
    presenter.frame(grid);
    grid.text(40, 12, '7', 'text');
    expect(presenter.frame(grid)?.toString()).toBe('\x1b[13;41H7');
    grid.text(41, 12, '89', 'text');
    expect(presenter.frame(grid)?.toString()).toBe('89');
    grid.text(45, 12, 'x', 'text');
    expect(presenter.frame(grid)?.toString()).toBe('  x');
    grid.text(60, 12, 'y', 'value');
    expect(presenter.frame(grid)?.toString()).toBe('\x1b[14C\x1b[0;1my');
  });

  it('writes everything after something else wrote to the terminal, and after a change of size', () => {
    const presenter = new Presenter({ palette: createPalette('blue', '16') });
    const grid = createCanvas(10, 2);
    grid.text(0, 0, 'abc', 'text');
    const first = presenter.frame(grid)?.toString();
    expect(first).toContain('\x1b[2J');
    presenter.forget();
    expect(presenter.frame(grid)?.toString()).toBe(first);
    const larger = createCanvas(12, 3);
    expect(presenter.frame(larger)?.toString()).toContain('\x1b[2J');
  });

  it('writes 60 changing rows of a 200x60 screen in less than 3,500 bytes', () => {
    const presenter = new Presenter({ palette: createPalette('blue', 'true'), synchronised: true });
    const grid = createCanvas(200, 60);
    drawBusyScreen(grid, 1, 60);
    presenter.frame(grid);
    drawBusyScreen(grid, 2, 60);
    expect(presenter.frame(grid)?.length).toBeLessThan(3500);
    drawBusyScreen(grid, 3, 1);
    presenter.frame(grid);
    drawBusyScreen(grid, 4, 1);
    expect(presenter.frame(grid)?.length).toBeLessThan(120);
  });
});
