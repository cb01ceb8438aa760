/**
 * Filters: every filter there is, the applied one marked, and below what the marked one does. What is done here (apply,
 * detach, delete) the loop carries out; the editor (editor.ts) changes one filter.
 *
 *   ┌ filters ───────────────────────────┐
 *   │ ► web   2  HTTP and HTTPS          │
 *   └ applied: web ──────────────────────┘
 *   ┌ web ───────────────────────────────┐
 *   │ description, rules, the rest       │
 *   └ live count ────────────────────────┘
 */
import type { Filter } from '../../filters/filter.ts';
import { type NamedFilter, READY_MADE } from '../../filters/ready-made.ts';
import { rowMatcher } from '../../src/search/rows.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { contentArea, inner } from '../kit/chrome.ts';
import { confirmDialog, messageDialog } from '../kit/dialog.ts';
import { BACK, binding, IGNORED, type KeyBinding } from '../kit/keys.ts';
import { LocalTable, LocalTableScreen, numbersOfNames } from '../kit/local-table.ts';
import type { Reaction, Screen } from '../kit/screen.ts';
import { Search } from '../kit/search.ts';
import { clipText, wrapText } from '../kit/text.ts';
import { APPLIED_MARK, FILTER_COLUMNS, type FilterLine } from './columns.ts';
import type { FilterControl } from './control.ts';
import { FilterEditor } from './editor.ts';
import { LiveCount } from './live-count.ts';
import { nameDialog } from './name-dialog.ts';
import { restText, ruleLines, searchedTexts } from './words.ts';

const NEW_FILTER: Filter = { name: '', description: '', rules: [] };
/** Lines of the explanation with its frame. */
const LEAST_EXPLANATION = 4;

class FilterScreen extends LocalTableScreen<FilterLine> {
  readonly title = 'Filters';
  readonly keys: readonly KeyBinding[];
  readonly #control: FilterControl;
  readonly #count: LiveCount;
  protected readonly list: LocalTable<FilterLine>;
  readonly #search = new Search([], 'name, description, rules');
  readonly #numberOf = numbersOfNames();
  #listed: readonly NamedFilter[];

  constructor(control: FilterControl) {
    super();
    this.#control = control;
    this.#count = new LiveCount(control);
    this.#listed = control.list();
    this.list = new LocalTable({
      columns: FILTER_COLUMNS,
      rowId: ({ id }) => id,
      gap: 2,
      rows: () => this.#shown(),
      search: this.#search,
    });
    this.keys = this.#bindings();
    if (control.active !== null) this.#mark(control.active);
  }

  /** Marks the filter of that name, where it is among those shown. */
  #mark(name: string): void {
    const place = this.#shown().findIndex((line) => line.filter.name === name);
    if (place >= 0) this.list.mark(place);
  }

  /** The filters that the search leaves. */
  #shown(): FilterLine[] {
    const isFound = rowMatcher(this.#search.query);
    return this.#listed
      .filter(({ filter }) => isFound({ other: searchedTexts(filter) }))
      .map((each): FilterLine => {
        const { name } = each.filter;
        return { ...each, id: this.#numberOf(name), applied: name === this.#control.active };
      });
  }

  async poll(): Promise<void> {
    this.#listed = this.#control.list();
    this.list.refresh();
    await this.#count.poll(this.list.selectedRow?.filter ?? null);
  }

  close(): void {
    this.#count.close();
  }

  statusText(): string | null {
    const line = this.list.selectedRow;
    if (line === null) return null;
    const { name } = line.filter;
    if (!this.#control.capturing) return `Enter applies ${name} to the monitors that are opened from now on`;
    return line.applied ? `${name} is applied; u detaches it` : `Enter applies ${name}: capture goes on with it`;
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  draw(canvas: Canvas): void {
    const content = contentArea(canvas);
    const height = content.height - (this.#search.visible ? 1 : 0);
    // As high as all filters need, also while a search shows fewer; at least half is for the explanation.
    const explained = Math.max(LEAST_EXPLANATION, Math.floor(height / 2) - 1, height - this.#listed.length - 3);
    const list = { ...content, height: height - explained };
    this.list.drawFramed(canvas, list, 'no filter matches the search', { bottomLeft: () => this.#appliedText() });
    this.#drawExplanation(canvas, { ...content, y: content.y + height - explained, height: explained });
    if (this.#search.visible) this.list.drawSearch(canvas, content.y + content.height - 1, this.#listed.length);
  }

  #appliedText(): string {
    const { active, withoutOwnSession } = this.#control;
    const parts = [active === null ? 'no filter is applied' : `${APPLIED_MARK} applied: ${active}`];
    if (withoutOwnSession) parts.push('your own session is left out (V)');
    return parts.join(' ─ ');
  }

  #drawExplanation(canvas: Canvas, area: Area): void {
    canvas.fill(area.x, area.y, area.width, area.height, ' ', 'text');
    const line = this.list.selectedRow;
    canvas.frame(area.x, area.y, area.width, area.height, 'frame', { topLeft: line?.filter.name ?? '' });
    if (line === null) return;
    const { filter } = line;
    const { x, y, width, height } = { ...inner(area), x: area.x + 2, width: area.width - 4 };
    const about = height < 5 ? [] : wrapText(filter.description, width).slice(0, 2);
    for (const [i, text] of about.entries()) canvas.text(x, y + i, text, 'value');
    const rules = ruleLines(filter.rules, width, height - about.length - 1);
    for (const [i, text] of rules.entries()) canvas.text(x, y + about.length + i, text, 'text');
    canvas.text(x, y + about.length + rules.length, clipText(restText(filter), width), 'heading');
    const counted = this.#count.of(filter);
    if (counted === null) return;
    const text = clipText(counted.text, width);
    canvas.text(area.x + 1, area.y + area.height - 1, ` ${text} `, counted.refused ? 'error' : 'value');
  }

  // --- keys -----------------------------------------------------------------------------------------------------------

  #bindings(): KeyBinding[] {
    return [
      binding(['ENTER'], 'Enter', 'Apply', 'Apply the marked filter', () => this.#apply()),
      binding(['n', 'N', 'INSERT', 'a', 'A'], 'n', 'New', 'Make a new filter', () =>
        this.#add(NEW_FILTER, 'New filter'),
      ),
      binding(['e', 'E'], 'e', 'Edit', 'Edit the marked filter', () => this.#edit()),
      binding(['c', 'C'], 'c', 'Copy', 'Copy the marked filter, to change the copy', () => this.#copy()),
      binding(['d', 'D', 'DELETE'], 'd', 'Delete', 'Delete the marked filter (asks first)', () => this.#delete()),
      binding(['u', 'U'], 'u', 'Detach', 'Detach: go on without a filter', () => this.#detach()),
      binding(['V'], 'V', null, 'Leave out your own ssh session, or count it again', () => this.#toggleOwnSession()),
      ...this.list.keys,
    ];
  }

  // --- what is done with filters --------------------------------------------------------------------------------------

  #apply(): Reaction {
    const line = this.list.selectedRow;
    if (line === null) return IGNORED;
    return { type: 'filter', request: { type: 'apply', filter: line.filter }, done: () => BACK };
  }

  #detach(): Reaction {
    if (this.#control.active === null) return IGNORED;
    return { type: 'filter', request: { type: 'apply', filter: null } };
  }

  #toggleOwnSession(): Reaction {
    return { type: 'filter', request: { type: 'toggle-own-session' } };
  }

  /** Asks for a name, then opens the editor on a filter that stands nowhere yet. */
  #add(filter: Filter, title: string): Reaction {
    const taken = this.#listed.map((each) => each.filter.name);
    const named = { name: filter.name, description: filter.description };
    const screen = nameDialog(title, named, taken, (answer) =>
      this.#openEditor({ ...filter, ...answer }, { replaces: null, readyMade: false, isNew: true }),
    );
    return { type: 'open', screen };
  }

  #copy(): Reaction {
    const line = this.list.selectedRow;
    if (line === null) return IGNORED;
    const { name } = line.filter;
    const taken = new Set(this.#listed.map(({ filter }) => filter.name));
    let copyName = `${name} copy`;
    for (let number = 2; taken.has(copyName); number++) copyName = `${name} copy ${number}`;
    return this.#add({ ...line.filter, name: copyName }, `Copy ${name}`);
  }

  #edit(): Reaction {
    const line = this.list.selectedRow;
    if (line === null) return IGNORED;
    const { filter, readyMade } = line;
    return this.#openEditor(filter, { replaces: readyMade ? null : filter, readyMade, isNew: false });
  }

  #openEditor(filter: Filter, how: { replaces: Filter | null; readyMade: boolean; isNew: boolean }): Reaction {
    const saved = (name: string): void => {
      this.#listed = this.#control.list();
      this.#mark(name);
    };
    const screen = new FilterEditor({ control: this.#control, count: this.#count, filter, saved, ...how });
    return { type: 'open', screen };
  }

  #delete(): Reaction {
    const line = this.list.selectedRow;
    if (line === null) return IGNORED;
    const { name } = line.filter;
    if (line.readyMade) {
      const text = `${name} comes with the program and stays. e makes a filter of your own of it.`;
      return { type: 'open', screen: messageDialog('Delete', text) };
    }
    const lines = [`Delete the filter ${name}?`];
    if (READY_MADE.some((each) => each.name === name)) lines.push('The ready-made one of this name is back then.');
    const remove: Reaction = { type: 'filter', request: { type: 'remove', name } };
    return { type: 'open', screen: confirmDialog('Delete', lines.join('\n'), remove) };
  }
}

/** The list of filters; Esc goes back to where it was opened. */
export function createFilters(control: FilterControl): Screen {
  return new FilterScreen(control);
}
