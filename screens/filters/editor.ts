/**
 * The editor of one filter: name and description, what happens to the rest, and the rules in the order in which they are
 * tried. Changes live here until they are saved; leaving with changes asks.
 *
 *   ┌ name, description, the rest ───────┐
 *   ├ rules in order ────────────────────┤
 *   ├ the marked rule, whole ────────────┤
 *   └ live count ──────── place of mark ─┘
 */
import type { Filter, FilterRule, Unmatched } from '../../filters/filter.ts';
import { filterProblems, type Problem } from '../../filters/rule.ts';
import { ruleText } from '../../filters/rule-text.ts';
import type { Area, Canvas } from '../kit/canvas.ts';
import { contentArea } from '../kit/chrome.ts';
import { type Answer, askDialog, confirmDialog, messageDialog } from '../kit/dialog.ts';
import { BACK, binding, IGNORED, type KeyBinding, REDRAW } from '../kit/keys.ts';
import { LocalTable, LocalTableScreen } from '../kit/local-table.ts';
import type { Reaction } from '../kit/screen.ts';
import { clipText, fitText, wrapText } from '../kit/text.ts';
import { RULE_COLUMNS, type RuleLine } from './columns.ts';
import type { FilterControl, FilterRequest } from './control.ts';
import type { LiveCount } from './live-count.ts';
import { nameDialog } from './name-dialog.ts';
import { RuleForm } from './rule-form.ts';
import { matchText, restText } from './words.ts';

export interface EditorOptions {
  control: FilterControl;
  count: LiveCount;
  filter: Filter;
  /** The stored filter that saving replaces; null: a new one, or one in the place of a ready-made. */
  replaces: Filter | null;
  /** It is a ready-made one: saving makes an own one of it. */
  readyMade: boolean;
  /** It stands nowhere yet: leaving it as it is loses it. */
  isNew: boolean;
  /** Hears under which name it was saved. */
  saved(name: string): void;
}

/** Name, description, the rest, with the border above. */
const HEAD_LINES = 4;
/** From this height of the content on, the marked rule is shown whole below the others. */
const ROOMY_HEIGHT = 16;
const WHOLE_RULE_LINES = 3;
const LEAVE: Reaction = { type: 'leave' };
const SAVED_NOTHING = '';

export class FilterEditor extends LocalTableScreen<RuleLine> {
  readonly keys: readonly KeyBinding[];
  readonly #control: FilterControl;
  readonly #count: LiveCount;
  readonly #tellSaved: (name: string) => void;
  protected readonly list: LocalTable<RuleLine>;
  #name: string;
  #description: string;
  #unmatched: Unmatched | undefined;
  #rules: { id: number; rule: FilterRule }[];
  #nextId: number;
  #replaces: Filter | null;
  #readyMade: boolean;
  /** Name of the filter that was applied from here without being saved, or null. */
  #tried: string | null = null;
  /** The filter as it is stored, as JSON; SAVED_NOTHING where it is not. */
  #saved: string;

  constructor({ control, count, filter, replaces, readyMade, isNew, saved }: EditorOptions) {
    super();
    this.#control = control;
    this.#count = count;
    this.#tellSaved = saved;
    this.#name = filter.name;
    this.#description = filter.description;
    this.#unmatched = filter.unmatched;
    this.#rules = filter.rules.map((rule, id) => ({ id, rule }));
    this.#nextId = filter.rules.length;
    this.#replaces = replaces;
    this.#readyMade = readyMade;
    this.#saved = isNew ? SAVED_NOTHING : JSON.stringify(this.#filter());
    this.list = new LocalTable({ columns: RULE_COLUMNS, rowId: ({ id }) => id, gap: 2, rows: () => this.#lines() });
    this.keys = this.#bindings();
  }

  get title(): string {
    return `Filter ${this.#name}${this.#isChanged ? ' (not saved)' : ''}`;
  }

  get #isChanged(): boolean {
    return JSON.stringify(this.#filter()) !== this.#saved;
  }

  /** The filter as it stands here; its fields always in this order, so that changes can be told by its JSON. */
  #filter(): Filter {
    const filter: Filter = {
      name: this.#name,
      description: this.#description,
      rules: this.#rules.map(({ rule }) => rule),
    };
    if (this.#unmatched !== undefined) filter.unmatched = this.#unmatched;
    return filter;
  }

  statusText(): string {
    if (this.#isChanged) return 'Not saved: s saves, t applies it as it is here to try it';
    if (this.#readyMade) return 'Comes with the program: saving makes a filter of your own in its place';
    return this.#rules.length === 0 ? 'a adds the first rule' : 'Rules are tried from the top: the first match decides';
  }

  poll(): Promise<void> {
    return this.#count.poll(this.#filter());
  }

  #lines(): RuleLine[] {
    return this.#rules.map(({ id, rule }, i): RuleLine => ({ id, rule, number: i + 1 }));
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  draw(canvas: Canvas): void {
    const area = contentArea(canvas);
    const whole = area.height < ROOMY_HEIGHT ? 0 : WHOLE_RULE_LINES + 1;
    const list = { ...area, y: area.y + HEAD_LINES, height: area.height - HEAD_LINES };
    const inside = { x: area.x + 1, y: list.y + 1, width: area.width - 3, height: list.height - 2 - whole };
    this.list.fit(canvas, inside);
    canvas.fill(area.x, area.y, area.width, area.height, ' ', 'text');
    this.#drawHead(canvas, area);
    this.#drawFrame(canvas, list);
    if (whole > 0) this.#drawWholeRule(canvas, { ...list, y: inside.y + inside.height, height: whole });
    this.list.draw(canvas, inside, { scrollbarX: area.x + area.width - 1, emptyText: 'no rules; a adds one' });
  }

  #drawHead(canvas: Canvas, area: Area): void {
    canvas.frame(area.x, area.y, area.width, area.height, 'frame');
    const line = (i: number, label: string, text: string): void => {
      canvas.text(area.x + 2, area.y + 1 + i, fitText(label, 13), 'heading');
      canvas.text(area.x + 15, area.y + 1 + i, clipText(text, area.width - 17), i === 0 ? 'title' : 'text');
    };
    const applied = this.#control.active === this.#name ? ' (applied now)' : '';
    line(0, 'Name', this.#name + applied);
    line(1, 'Description', this.#description === '' ? '—' : this.#description);
    line(2, 'The rest', restText(this.#filter()));
  }

  /** The marked rule without being cut, as far as there are lines. */
  #drawWholeRule(canvas: Canvas, { x, y, width }: Area): void {
    canvas.text(x, y, `├${'─'.repeat(width - 2)}┤`, 'frame');
    const line = this.list.selectedRow;
    if (line === null) return;
    canvas.text(x + 1, y, ` Rule ${line.number} `, 'title');
    const lines = wrapText(ruleText(line.rule), width - 4);
    if (lines.length > WHOLE_RULE_LINES) lines[WHOLE_RULE_LINES - 1] = '… Enter shows it all';
    for (const [i, text] of lines.slice(0, WHOLE_RULE_LINES).entries()) canvas.text(x + 2, y + 1 + i, text, 'text');
  }

  #drawFrame(canvas: Canvas, { x, y, width, height }: Area): void {
    canvas.text(x, y, `├${'─'.repeat(width - 2)}┤`, 'frame');
    canvas.text(x + 1, y, ' Rules: the first that matches decides ', 'title');
    const place = this.list.position;
    const bottom = y + height - 1;
    if (place !== '') canvas.text(x + width - place.length - 3, bottom, ` ${place} `, 'title');
    const counted = this.#count.of(this.#filter());
    if (counted === null) return;
    const text = clipText(counted.text, width - 6 - (place === '' ? 0 : place.length + 3));
    canvas.text(x + 1, bottom, ` ${text} `, counted.refused ? 'error' : 'value');
  }

  // --- keys -----------------------------------------------------------------------------------------------------------

  #bindings(): KeyBinding[] {
    return [
      binding(['a', 'A', 'INSERT'], 'a', 'Add', 'Add a rule below the marked one', () => this.#add()),
      binding(['ENTER', 'e', 'E'], 'Enter', 'Edit', 'Edit the marked rule', () => this.#edit()),
      binding(['c', 'C'], 'c', null, 'Copy the marked rule, to change the copy', () => this.#copy()),
      binding(['d', 'D', 'DELETE'], 'd', 'Del', 'Delete the marked rule (asks first)', () => this.#delete()),
      binding(['-', 'K', 'CTRL_UP'], '-', null, 'Move the rule up: it is tried earlier', () => this.#move(-1)),
      binding(['+', 'J', 'CTRL_DOWN'], '-/+', 'Move', 'Move the rule down: it is tried later', () => this.#move(1)),
      binding(['r', 'R'], 'r', 'Rest', 'What happens to the rest: by the rules, dropped, kept', () => this.#turnRest()),
      binding(['n', 'N'], 'n', 'Name', 'Change name and description', () => this.#rename()),
      binding(['t', 'T'], 't', 'Try', 'Apply it as it is here, without saving it', () => this.#try()),
      binding(['s', 'S'], 's', 'Save', 'Save the filter', () => this.#save(IGNORED)),
      ...this.list.keys,
      binding(['ESCAPE', 'q'], 'Esc', 'Back', 'Back to the list; asks where something is not saved', () =>
        this.#leave(BACK),
      ),
      binding(['x', 'CTRL_C'], 'x', null, 'Leave the program; asks where something is not saved', () =>
        this.#leave(LEAVE),
      ),
    ];
  }

  // --- rules ----------------------------------------------------------------------------------------------------------

  /** Place of the marked rule; behind the last where there is none. */
  get #place(): number {
    const id = this.list.selectedRow?.id;
    const place = this.#rules.findIndex((each) => each.id === id);
    return place < 0 ? this.#rules.length : place;
  }

  #add(): Reaction {
    return this.#openForm({ action: 'include' }, Math.min(this.#place + 1, this.#rules.length), null);
  }

  #copy(): Reaction {
    const line = this.list.selectedRow;
    return line === null ? IGNORED : this.#openForm(line.rule, this.#place + 1, null);
  }

  #edit(): Reaction {
    const line = this.list.selectedRow;
    return line === null ? this.#add() : this.#openForm(line.rule, this.#place, line.id);
  }

  /** `id`: the rule that is edited; null: a new one, for that place. */
  #openForm(rule: FilterRule, place: number, id: number | null): Reaction {
    const rulesWith = (edited: FilterRule): { id: number; rule: FilterRule }[] =>
      this.#rules.toSpliced(place, id === null ? 0 : 1, { id: id ?? this.#nextId, rule: edited });
    const form = new RuleForm({
      title: id === null ? `New rule ${place + 1} of ${this.#name}` : `Rule ${place + 1} of ${this.#name}`,
      rule,
      count: this.#count,
      candidate: (edited) => ({ ...this.#filter(), rules: rulesWith(edited).map((each) => each.rule) }),
      accept: (edited) => {
        this.#rules = rulesWith(edited);
        if (id === null) this.#nextId++;
        this.list.mark(place);
        return REDRAW;
      },
    });
    return { type: 'open', screen: form };
  }

  #delete(): Reaction {
    const line = this.list.selectedRow;
    if (line === null) return IGNORED;
    const question = `Delete rule ${line.number}?\n${line.rule.action} ${matchText(line.rule)}`;
    const remove = (): Reaction => {
      this.#rules = this.#rules.filter(({ id }) => id !== line.id);
      this.list.refresh();
      return REDRAW;
    };
    return { type: 'open', screen: confirmDialog('Delete', question, remove) };
  }

  #move(by: 1 | -1): Reaction {
    const place = this.#place;
    const to = place + by;
    if (place >= this.#rules.length || to < 0 || to >= this.#rules.length) return IGNORED;
    this.#rules = this.#rules.with(place, this.#rules[to]).with(to, this.#rules[place]);
    this.list.mark(to);
    return REDRAW;
  }

  // --- the filter -----------------------------------------------------------------------------------------------------

  #turnRest(): Reaction {
    const turns = [undefined, 'drop', 'keep'] as const;
    this.#unmatched = turns[(turns.indexOf(this.#unmatched) + 1) % turns.length];
    return REDRAW;
  }

  #rename(): Reaction {
    const now = { name: this.#name, description: this.#description };
    const taken = this.#control
      .list()
      .map(({ filter }) => filter.name)
      .filter((name) => name !== this.#name && name !== this.#replaces?.name);
    const screen = nameDialog('Name and description', now, taken, ({ name, description }) => {
      this.#name = name;
      this.#description = description;
      return REDRAW;
    });
    return { type: 'open', screen };
  }

  /** What keeps the filter from being saved or applied, as a dialog; null: nothing. */
  #refusal(): Reaction | null {
    const problems = filterProblems(this.#filter());
    if (problems.length === 0) return null;
    return { type: 'open', screen: messageDialog('This filter cannot be used', problems.map(problemText).join('\n')) };
  }

  #try(): Reaction {
    const filter = this.#filter();
    const tried = (): Reaction => {
      this.#tried = filter.name;
      return REDRAW;
    };
    return this.#refusal() ?? { type: 'filter', request: { type: 'apply', filter }, done: tried };
  }

  /** Saves (where it is the filter that applies, capture goes on with what was saved); then comes `next`. */
  #save(next: Reaction): Reaction {
    const refusal = this.#refusal();
    if (refusal !== null) return refusal;
    const filter = this.#filter();
    const saved = (): Reaction => {
      this.#saved = JSON.stringify(filter);
      this.#tried = null;
      this.#replaces = filter;
      this.#readyMade = false;
      this.#tellSaved(filter.name);
      return next;
    };
    const replaced = this.#replaces;
    const opened = replaced === null ? {} : { opened: replaced };
    const request: FilterRequest = { type: 'save', filter, replaces: replaced?.name ?? null, ...opened };
    return { type: 'filter', request, done: saved };
  }

  #leave(leaving: Reaction): Reaction {
    if (!this.#isChanged) return leaving;
    const answers: Answer[] = [
      {
        keys: ['ENTER', 's', 'S'],
        label: 'Enter',
        help: 'Save the filter',
        bar: 'Save',
        run: () => this.#save(leaving),
      },
      { keys: ['d', 'D'], label: 'd', help: 'Leave it as it was', bar: 'Discard', run: () => leaving },
    ];
    const lines = [`The filter ${this.#name} was changed and is not saved.`];
    if (this.#tried !== null && this.#tried === this.#control.active) {
      lines.push('What was tried stays applied until another filter is, or none.');
    }
    return { type: 'open', screen: askDialog('Not saved', lines.join('\n'), answers, 'Go on editing') };
  }
}

/** "rule 2, source port: 70000 is no port". */
function problemText({ field, problem }: Problem): string {
  const [, number, name] = /^rules\/(\d+)\/(.*)$/.exec(field) ?? [];
  if (number === undefined) return `${field}: ${problem}`;
  return `rule ${Number(number) + 1}, ${name.replace('.', ' ')}: ${problem}`;
}
