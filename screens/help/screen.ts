/**
 * Help: the keys of the screen below it, from its key table, then the keys that every screen has. Also the About box.
 * Nothing here is written by hand that a key table knows.
 */
import type { SearchField } from '../../src/search/query.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { commonKeysOf, contentArea } from '../kit/chrome.ts';
import { messageDialog } from '../kit/dialog.ts';
import { BACK, dispatchKey, type KeyBinding, REDRAW } from '../kit/keys.ts';
import type { KeyHelp, MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import type { Style } from '../kit/style.ts';
import { drawScrollbar } from '../kit/table.ts';
import { clipText, textWidth } from '../kit/text.ts';

interface HelpLine {
  keys: string;
  text: string;
  style: Style;
}

const SHORT_NAMES: Record<string, string> = {
  ESCAPE: 'Esc',
  ENTER: 'Enter',
  TAB: 'Tab',
  ' ': 'Space',
  PAGE_UP: 'PgUp',
  PAGE_DOWN: 'PgDn',
  UP: 'Up',
  DOWN: 'Down',
  LEFT: 'Left',
  RIGHT: 'Right',
  HOME: 'Home',
  END: 'End',
  BACKSPACE: 'Backspace',
  DELETE: 'Del',
  INSERT: 'Ins',
};

/** A key as people write it: "Ctrl-L", "PgUp", "F6", "s". */
export function keyName(key: string): string {
  if (key.startsWith('CTRL_')) return `Ctrl-${key.slice(5)}`;
  if (key.startsWith('SHIFT_')) return `Shift-${keyName(key.slice(6))}`;
  return SHORT_NAMES[key] ?? key;
}

function helpLine(key: KeyHelp): HelpLine {
  return { keys: key.keys.map(keyName).join(', '), text: key.help, style: 'text' };
}

/** What can be typed after "/" (src/search/query.ts) where the search has these fields. */
function searchLines(fields: readonly SearchField[]): HelpLine[] {
  const line = (keys: string, text: string): HelpLine => ({ keys, text, style: 'text' });
  const [field = null] = fields;
  return [
    line('one two', 'Rows that show both; "one two" is one text'),
    ...(field === null ? [] : [line(`${field}:text`, `Only there: ${fields.join(', ')}`)]),
    ...(fields.includes('host') ? [line('host:10.0.0.0/8', 'An address, a network, part of an address or name')] : []),
    ...(fields.includes('port') ? [line('port:80,8000-8100', 'Numbers, ranges, services; any of several')] : []),
    line(field === null ? '!text' : `!${field}:text`, 'Rows for which this does not hold'),
    line('/^10\\.[0-9]/', 'Regular expression, also behind a field'),
  ];
}

/** Lines of help for a screen: its own keys, its search, then the common keys that it has not taken. */
export function helpLines(screen: Screen): HelpLine[] {
  const heading = (text: string): HelpLine => ({ keys: text, text: '', style: 'heading' });
  const blank: HelpLine = { keys: '', text: '', style: 'text' };
  const own = screen.keys.map(helpLine);
  const common = commonKeysOf(screen).map(helpLine);
  const mouse: HelpLine = { keys: 'Mouse', text: 'Click selects, the wheel scrolls', style: 'text' };
  const first = own.length === 0 ? [] : [heading(`In ${screen.title}`), ...own, blank];
  const { searchFields } = screen;
  const search = searchFields === undefined ? [] : [heading('Search (/)'), ...searchLines(searchFields), blank];
  return [...first, ...search, heading('Everywhere'), ...common, mouse];
}

class HelpScreen implements Screen {
  readonly title: string;
  readonly keys: readonly KeyBinding[];
  readonly #lines: HelpLine[];
  #offset = 0;
  #visible = 1;

  constructor(below: Screen) {
    this.title = `Help: ${below.title}`;
    this.#lines = helpLines(below);
    const by = (lines: () => number) => (): Reaction => this.#scroll(this.#offset + lines());
    this.keys = [
      { keys: ['UP'], label: 'Up', help: 'One line up', bar: null, run: by(() => -1) },
      { keys: ['DOWN'], label: 'Down', help: 'One line down', bar: null, run: by(() => 1) },
      { keys: ['PAGE_UP', '-'], label: 'PgUp', help: 'One page up', bar: 'Up', run: by(() => 1 - this.#visible) },
      { keys: ['PAGE_DOWN', ' '], label: 'PgDn', help: 'One page down', bar: 'Down', run: by(() => this.#visible - 1) },
      { keys: ['HOME'], label: 'Home', help: 'First line', bar: null, run: () => this.#scroll(0) },
      { keys: ['END'], label: 'End', help: 'Last line', bar: null, run: () => this.#scroll(this.#lines.length) },
      { keys: ['?', 'F1', 'ENTER'], label: 'Enter', help: 'Back', bar: null, run: () => BACK },
    ];
  }

  queries(): [] {
    return [];
  }

  statusText(): string {
    return 'Esc goes back';
  }

  #scroll(to: number): Reaction {
    this.#offset = Math.min(Math.max(0, to), Math.max(0, this.#lines.length - this.#visible));
    return REDRAW;
  }

  draw(canvas: Canvas): void {
    const box = contentArea(canvas);
    canvas.frame(box.x, box.y, box.width, box.height, 'frame', { topLeft: 'Keys' });
    const inner: Area = { x: box.x + 2, y: box.y + 1, width: box.width - 4, height: box.height - 2 };
    this.#visible = inner.height;
    this.#scroll(this.#offset);
    const keysWidth = Math.max(...this.#lines.map((line) => (line.style === 'text' ? textWidth(line.keys) : 0))) + 5;
    for (let y = 0; y < Math.min(inner.height, this.#lines.length - this.#offset); y++) {
      const line = this.#lines[this.#offset + y];
      const indent = line.style === 'text' ? 2 : 0;
      const style = line.style === 'text' ? 'value' : line.style;
      canvas.text(inner.x + indent, inner.y + y, clipText(line.keys, inner.width - indent), style);
      canvas.text(inner.x + keysWidth, inner.y + y, clipText(line.text, inner.width - keysWidth), 'text');
    }
    const scroll = { offset: this.#offset, visible: this.#visible, total: this.#lines.length };
    drawScrollbar(canvas, { x: box.width - 1, y: inner.y, width: 1, height: inner.height }, scroll);
  }

  onKey(key: string): Reaction {
    return dispatchKey(this.keys, key);
  }

  onMouse(event: MouseEvent): Reaction {
    if (event.kind === 'press') return BACK;
    return this.#scroll(this.#offset + (event.kind === 'wheel-up' ? -3 : 3));
  }
}

/** Help for the screen below; Esc, ? or a click goes back. */
export function createHelp(below: Screen): Screen {
  return new HelpScreen(below);
}

/** About the program. */
export function createAbout(version: string): Screen {
  return messageDialog(
    'About',
    [
      `iptraf-ts ${version}`,
      'Who is on this network, and who is causing it.',
      '',
      'A network monitor for Linux terminals, in the manner of iptraf-ng, iftop and nethogs.',
      '',
      'MIT License. No warranty.',
    ].join('\n'),
  );
}
