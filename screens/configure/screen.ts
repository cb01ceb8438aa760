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
import { contentArea } from '../kit/chrome.ts';
import { confirmDialog } from '../kit/dialog.ts';
import { binding, IGNORED, type KeyBinding } from '../kit/keys.ts';
import { LocalTable, LocalTableScreen } from '../kit/local-table.ts';
import type { Reaction, Screen } from '../kit/screen.ts';
import { Search } from '../kit/search.ts';
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

class ConfigureScreen extends LocalTableScreen<SettingRow> {
  readonly title = 'Configure';
  readonly keys: readonly KeyBinding[];
  readonly #settings: CurrentSettings;
  protected readonly list: LocalTable<SettingRow>;
  readonly searchFields = [];
  readonly #search = new Search([], 'name, value, explanation');

  constructor(settings: CurrentSettings) {
    super();
    this.#settings = settings;
    this.list = new LocalTable({
      columns: SETTING_COLUMNS,
      rowId: (row) => row.id,
      rows: () => this.#rows(),
      arrange: withGroups,
      search: this.#search,
    });
    this.keys = this.#bindings();
  }

  #rows(): SettingRow[] {
    const { current } = this.#settings;
    const isChanged = (line: SettingLine): boolean => !isDefault(line, current[line.name]);
    return settingRows(current, isChanged, this.#search.query);
  }

  statusText(): string | null {
    const row = this.list.selectedRow;
    return row === null ? null : enterWords(row.line.kind, row.value);
  }

  draw(canvas: Canvas): void {
    const content = contentArea(canvas);
    const height = content.height - (this.#search.visible ? 1 : 0);
    const explained = explanationLines(content) + 3;
    const list = { ...content, height: Math.min(height - explained, SETTINGS.length + 3) };
    this.list.drawFramed(canvas, list, 'no setting matches the search', {
      topLeft: 'Settings',
      bottomLeft: (rows) => (rows.some((row) => row.changed) ? `${CHANGED_MARK} differs from the default` : ''),
    });
    this.#drawExplanation(canvas, { ...content, y: list.y + list.height, height: explained });
    if (this.#search.visible) this.list.drawSearch(canvas, content.y + content.height - 1, SETTINGS.length);
  }

  #drawExplanation(canvas: Canvas, area: Area): void {
    canvas.fill(area.x, area.y, area.width, area.height, ' ', 'text');
    const row = this.list.selectedRow;
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
    return [
      binding(['ENTER', ' '], 'Enter', 'Change', 'Switch on or off, take the next value, or type one', () =>
        this.#edit(),
      ),
      binding(['RIGHT'], 'Right', null, 'Next value', () => this.#turn(1)),
      binding(['LEFT'], 'Left', null, 'Value before', () => this.#turn(-1)),
      binding(['d', 'D'], 'd', 'Default', 'Back to the default (asks before a list is deleted)', () =>
        this.#toDefault(),
      ),
      ...this.list.keys,
    ];
  }

  #edit(): Reaction {
    const row = this.list.selectedRow;
    if (row === null) return IGNORED;
    const { line, value } = row;
    const next = turned(line.kind, value, 1);
    if (next !== null) return change(line, next);
    if (line.kind.type === 'ports') return { type: 'open', screen: portsScreen(line, this.#settings) };
    if (line.kind.type === 'stations') return { type: 'open', screen: stationsScreen(line, this.#settings) };
    return { type: 'open', screen: valueDialog(line, value) };
  }

  #turn(by: 1 | -1): Reaction {
    const row = this.list.selectedRow;
    const next = row === null ? null : turned(row.line.kind, row.value, by);
    return row === null || next === null ? IGNORED : change(row.line, next);
  }

  #toDefault(): Reaction {
    const row = this.list.selectedRow;
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
