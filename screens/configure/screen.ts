/**
 * Configure: every setting with its value, and what the marked one does. A change holds at once and is saved at once;
 * the loop (navigator.ts) carries it out and says so where it cannot be saved.
 *
 *   ┌ settings by group ─────────────────┐
 *   │ Names   Reverse DNS lookups    off │
 *   └────────────────────────────────────┘
 *   ┌ the marked one, explained ─────────┐
 */
import { valueText } from '../../src/store/setting-kinds.ts';
import { isDefault, SETTINGS, type SettingLine, type Settings } from '../../src/store/settings-table.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { contentArea, inner } from '../kit/chrome.ts';
import { confirmDialog } from '../kit/dialog.ts';
import { dispatchKey, IGNORED, type KeyBinding, REDRAW, TABLE_KEYS } from '../kit/keys.ts';
import type { MouseEvent, Reaction, Screen } from '../kit/screen.ts';
import { Search } from '../kit/search.ts';
import { pageOf, positionText, Table } from '../kit/table.ts';
import { clipText, textWidth, wrapText } from '../kit/text.ts';
import { CHANGED_MARK, SETTING_COLUMNS, type SettingRow, settingRows, withGroups } from './columns.ts';
import { change, enterWords, turned, valueDialog } from './edit.ts';
import { portsScreen, stationsScreen } from './lists.ts';

/** What holds now; the object stays the same, its values change. */
export interface CurrentSettings {
  readonly current: Settings;
}

/** From this height of the content on, there is room for more than one line of explanation. */
const ROOMY_HEIGHT = 16;
const MOST_EXPLANATION_LINES = 3;

class ConfigureScreen implements Screen {
  readonly title = 'Configure';
  readonly keys: readonly KeyBinding[];
  readonly #settings: CurrentSettings;
  readonly #table: Table<SettingRow>;
  readonly searchFields = [];
  readonly #search = new Search([], 'name, value, explanation');

  constructor(settings: CurrentSettings) {
    this.#settings = settings;
    this.#table = new Table({ columns: SETTING_COLUMNS, rowId: (row) => row.id });
    this.keys = this.#bindings();
    this.#setPage();
  }

  queries(): [] {
    return [];
  }

  #setPage(): void {
    const { current } = this.#settings;
    const isChanged = (line: SettingLine): boolean => !isDefault(line, current[line.name]);
    const rows = settingRows(current, isChanged, this.#search.query);
    const page = pageOf(rows, (row) => row.id, this.#table.pageQuery());
    this.#table.setPage({ ...page, rows: withGroups(page.rows) });
  }

  statusText(): string | null {
    const row = this.#table.selectedRow;
    return row === null ? null : enterWords(row.line.kind, row.value);
  }

  draw(canvas: Canvas): void {
    const content = contentArea(canvas);
    const searching = this.#search.typing || this.#search.text !== null;
    const height = content.height - (searching ? 1 : 0);
    const explained = explanationLines(content) + 3;
    const list = { ...content, height: Math.min(height - explained, SETTINGS.length + 3) };
    this.#drawList(canvas, list);
    this.#drawExplanation(canvas, { ...content, y: list.y + list.height, height: explained });
    if (!searching) return;
    const { rowsTotal } = this.#table;
    this.#search.draw(canvas, content.y + content.height - 1, rowsTotal, SETTINGS.length - rowsTotal);
  }

  #drawList(canvas: Canvas, area: Area): void {
    const inside = { ...inner(area), x: area.x + 2, width: area.width - 4 };
    // Twice: the number of rows that fit is known after the first drawing.
    this.#table.draw(canvas, inside);
    this.#setPage();
    canvas.fill(area.x, area.y, area.width, area.height, ' ', 'text');
    const { offset } = this.#table.pageQuery();
    const scroll = { offset, visible: this.#table.visibleRows, total: this.#table.rowsTotal };
    const anyChanged = this.#table.rows.some((row) => row.changed);
    canvas.frame(area.x, area.y, area.width, area.height, 'frame', {
      topLeft: 'Settings',
      bottomLeft: anyChanged ? `${CHANGED_MARK} differs from the default` : '',
      bottomRight: positionText(scroll),
    });
    this.#table.draw(canvas, inside, {
      scrollbarX: area.x + area.width - 1,
      highlight: this.#search.marked,
      emptyText: 'no setting matches the search',
    });
  }

  #drawExplanation(canvas: Canvas, area: Area): void {
    canvas.fill(area.x, area.y, area.width, area.height, ' ', 'text');
    const row = this.#table.selectedRow;
    canvas.frame(area.x, area.y, area.width, area.height, 'frame', { topLeft: row?.line.label ?? '' });
    if (row === null) return;
    const { line } = row;
    const width = area.width - 4;
    const lines = wrapText(line.description, width);
    const shown = lines.slice(0, area.height - 3);
    if (shown.length < lines.length) shown[shown.length - 1] = clipText(`${shown.at(-1)}…`, width);
    for (const [i, text] of shown.entries()) canvas.text(area.x + 2, area.y + 1 + i, text, 'text');
    canvas.text(area.x + 2, area.y + area.height - 2, factsLine(line, width), 'heading');
  }

  #bindings(): KeyBinding[] {
    const key = (keys: string[], label: string, bar: string | null, help: string, run: () => Reaction): KeyBinding => ({
      keys,
      label,
      help,
      bar,
      run,
    });
    return [
      key(['ENTER', ' '], 'Enter', 'Change', 'Switch on or off, take the next value, or type one', () => this.#edit()),
      key(['RIGHT'], 'Right', null, 'Next value', () => this.#turn(1)),
      key(['LEFT'], 'Left', null, 'Value before', () => this.#turn(-1)),
      key(['d', 'D'], 'd', 'Default', 'Back to the default (asks before a list is deleted)', () => this.#toDefault()),
      key(['/'], '/', 'Search', 'Show only what contains a text; Esc shows all again', () => this.#startSearch()),
      ...TABLE_KEYS.map((help): KeyBinding => ({ ...help, run: (pressed) => this.#moved(this.#table.onKey(pressed)) })),
    ];
  }

  onKey(key: string): Reaction {
    // Several keys may come before the next drawing: each goes by what holds now.
    this.#setPage();
    if (this.#search.typing) return this.#onSearchKey(key);
    if (key === 'ESCAPE' && this.#search.text !== null) {
      this.#search.clear();
      return this.#moved(REDRAW);
    }
    return dispatchKey(this.keys, key);
  }

  #onSearchKey(key: string): Reaction {
    const did = this.#search.onKey(key);
    return this.#moved(did === 'ignored' ? this.#table.onKey(key) : REDRAW);
  }

  onMouse(event: MouseEvent): Reaction {
    return this.#moved(this.#table.onMouse(event));
  }

  /** The rows are all at hand: what the table wants to see, it gets. */
  #moved(reaction: Reaction): Reaction {
    if (reaction.type === 'ignored') return reaction;
    this.#setPage();
    return REDRAW;
  }

  #startSearch(): Reaction {
    this.#search.start();
    return REDRAW;
  }

  #edit(): Reaction {
    const row = this.#table.selectedRow;
    if (row === null) return IGNORED;
    const { line, value } = row;
    const next = turned(line.kind, value, 1);
    if (next !== null) return change(line, next);
    if (line.kind.type === 'ports') return { type: 'open', screen: portsScreen(line, this.#settings) };
    if (line.kind.type === 'stations') return { type: 'open', screen: stationsScreen(line, this.#settings) };
    return { type: 'open', screen: valueDialog(line, value) };
  }

  #turn(by: 1 | -1): Reaction {
    const row = this.#table.selectedRow;
    const next = row === null ? null : turned(row.line.kind, row.value, by);
    return row === null || next === null ? IGNORED : change(row.line, next);
  }

  #toDefault(): Reaction {
    const row = this.#table.selectedRow;
    if (row === null) return IGNORED;
    const { line, value } = row;
    const reaction = change(line, line.default);
    const isList = line.kind.type === 'ports' || line.kind.type === 'stations';
    if (!isList || isDefault(line, value)) return reaction;
    // A list was typed by hand: one key must not lose it.
    const question = `Delete all of it (${valueText(line.kind, value)})?`;
    return { type: 'open', screen: confirmDialog(line.label, question, reaction) };
  }
}

/** As many lines as the longest explanation takes: the box does not jump from one setting to the next. */
function explanationLines({ width, height }: Area): number {
  if (height < ROOMY_HEIGHT) return 1;
  const lines = SETTINGS.map(({ description }) => wrapText(description, width - 4).length);
  return Math.min(MOST_EXPLANATION_LINES, Math.max(...lines));
}

/** As many facts as fit. */
function factsLine(line: SettingLine, width: number): string {
  const facts = [
    `Default: ${valueText(line.kind, line.default)}`,
    line.immediate ? 'holds at once' : 'holds for the next monitor that is opened',
    `iptraf-ts config set ${line.name}`,
  ];
  while (textWidth(facts.join(' │ ')) > width && facts.length > 1) facts.pop();
  return clipText(facts.join(' │ '), width);
}

/** The screen of all settings; Esc goes back to the menu. */
export function createConfigure(settings: CurrentSettings): Screen {
  return new ConfigureScreen(settings);
}
