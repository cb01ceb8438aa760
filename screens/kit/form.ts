/**
 * Form: labelled fields (input lines, choices), with a check for each and for all together. Tab, Up and Down move
 * between them. What is wrong with a field is told once something stands in it, or it was left: nobody has to read about
 * a field that was not reached yet. Two layouts: the problem below its field, or (long forms) beside it.
 */
import type { Area, Canvas } from './canvas.ts';
import { ChoiceLine } from './choice-line.ts';
import { InputLine } from './input-line.ts';
import type { MouseEvent } from './screen.ts';
import { drawScrollbar } from './table.ts';
import { clipText, fitText, textWidth } from './text.ts';

export interface FormField {
  id: string;
  label: string;
  value: string;
  /** What it means, with examples. */
  help?: string;
  /** Values to choose from; absent: a text. */
  choices?: readonly string[];
  /** A blank line above it, where there is room. */
  separated?: boolean;
  /** Why the text is wrong, or null. */
  check?(text: string): string | null;
}

/** Why fields are wrong together, by field id. */
type FormCheck = (values: Record<string, string>) => Record<string, string>;

/** Cells of a field that are kept beside a long problem. */
const LEAST_FIELD = 16;

export class Form {
  readonly #fields: readonly FormField[];
  readonly #lines: (InputLine | ChoiceLine)[];
  readonly #check: FormCheck;
  readonly #told = new Set<number>();
  #focus = 0;
  /** First field shown where not all fit. */
  #offset = 0;
  /** Where fields were drawn: line of the canvas to field. */
  #rows = new Map<number, number>();

  constructor(fields: readonly FormField[], check: FormCheck = () => ({})) {
    this.#fields = fields;
    this.#lines = fields.map(({ choices, value }) =>
      choices === undefined ? new InputLine(value) : new ChoiceLine(choices, value),
    );
    this.#check = check;
  }

  /** Texts by field id. */
  get values(): Record<string, string> {
    return Object.fromEntries(this.#fields.map((field, i) => [field.id, this.#lines[i].text]));
  }

  /** Everything that is wrong, by field id; empty when the form can be accepted. */
  get problems(): Record<string, string> {
    const found = { ...this.#check(this.values) };
    for (const [i, { id, check }] of this.#fields.entries()) {
      const problem = check?.(this.#lines[i].text) ?? null;
      if (problem !== null) found[id] = problem;
    }
    return found;
  }

  /** The field in focus. */
  get focused(): FormField {
    return this.#fields[this.#focus];
  }

  /** What is wrong with the field in focus, as far as it is told, or null. */
  get focusedProblem(): string | null {
    return this.#toldProblem(this.#focus, this.problems);
  }

  /** Lines that draw() needs. */
  get height(): number {
    return 2 * this.#fields.length;
  }

  /** Lines that drawBeside() needs: without and with blank lines between groups. */
  get heightBeside(): { least: number; roomy: number } {
    const least = this.#fields.length;
    return { least, roomy: least + this.#fields.filter(({ separated }) => separated).length };
  }

  #toldProblem(i: number, problems: Record<string, string>): string | null {
    const isTold = this.#told.has(i) || this.#lines[i].text !== '';
    return (isTold ? problems[this.#fields[i].id] : null) ?? null;
  }

  /** The texts when all is well; else null, with the first wrong field in focus and every problem told. */
  accept(): Record<string, string> | null {
    const { problems } = this;
    const wrong = this.#fields.findIndex(({ id }) => problems[id] !== undefined);
    if (wrong < 0) return this.values;
    for (const i of this.#fields.keys()) this.#told.add(i);
    this.#focus = wrong;
    return null;
  }

  /** True when the key moved between fields or edited one. */
  onKey(key: string): boolean {
    const count = this.#fields.length;
    const before = this.#focus;
    if (key === 'TAB' || key === 'DOWN') this.#focus = (this.#focus + 1) % count;
    else if (key === 'SHIFT_TAB' || key === 'UP') this.#focus = (this.#focus + count - 1) % count;
    else if (!this.#lines[before].onKey(key)) return false;
    if (count > 1 || this.#focus === before) this.#told.add(before);
    return true;
  }

  /** A click goes to a field and turns a choice, the wheel goes to the field before or after; false outside. */
  onMouse(event: MouseEvent): boolean {
    if (event.kind !== 'press') return this.onKey(event.kind === 'wheel-up' ? 'UP' : 'DOWN');
    const field = this.#rows.get(event.y);
    if (field === undefined) return false;
    const line = this.#lines[field];
    if (field !== this.#focus) {
      this.#told.add(this.#focus);
      this.#focus = field;
    } else if (line instanceof ChoiceLine) line.turn(1);
    return true;
  }

  #labelWidth(): number {
    return Math.max(...this.#fields.map((field) => textWidth(field.label))) + 2;
  }

  /** Each field on a line, its problem on the next. */
  draw(canvas: Canvas, area: Area): void {
    const labels = this.#labelWidth();
    const width = area.width - labels;
    const { problems } = this;
    this.#rows = new Map();
    for (const [i, field] of this.#fields.entries()) {
      const y = area.y + 2 * i;
      if (2 * i >= area.height) break;
      this.#rows.set(y, i);
      const problem = this.#toldProblem(i, problems);
      canvas.text(area.x, y, fitText(field.label, labels), 'dialog');
      const style = problem === null ? 'field' : 'fieldError';
      this.#lines[i].draw(canvas, area.x + labels, y, width, style, i === this.#focus);
      if (problem !== null && 2 * i + 1 < area.height) {
        canvas.text(area.x + labels, y + 1, fitText(problem, width), 'fieldError');
      }
    }
  }

  /** One line a field, its problem at the right; scrolls to the field in focus where not all fit. */
  drawBeside(canvas: Canvas, area: Area, scrollbarX: number): void {
    const { problems } = this;
    const isRoomy = area.height >= this.heightBeside.roomy;
    const total = this.#fields.length;
    const most = Math.max(0, total - area.height);
    this.#offset = Math.min(Math.max(this.#offset, this.#focus - area.height + 1), this.#focus, most);
    this.#rows = new Map();
    let y = area.y;
    for (let i = this.#offset; i < total && y < area.y + area.height; i++) {
      if (isRoomy && i > 0 && this.#fields[i].separated) y++;
      this.#rows.set(y, i);
      this.#drawBesideLine(canvas, { ...area, y, height: 1 }, i, this.#toldProblem(i, problems));
      y++;
    }
    const scroll = { offset: this.#offset, visible: isRoomy ? total : area.height, total };
    drawScrollbar(canvas, { ...area, x: scrollbarX, width: 1 }, scroll);
  }

  #drawBesideLine(canvas: Canvas, area: Area, i: number, problem: string | null): void {
    const labels = this.#labelWidth();
    const width = area.width - labels;
    const focused = i === this.#focus;
    canvas.text(area.x, area.y, fitText(this.#fields[i].label, labels), focused ? 'hotKey' : 'dialog');
    if (problem === null) {
      this.#lines[i].draw(canvas, area.x + labels, area.y, width, 'field', focused);
      return;
    }
    const note = ` ${clipText(problem, width - LEAST_FIELD - 2)} `;
    const field = width - textWidth(note);
    this.#lines[i].draw(canvas, area.x + labels, area.y, field, 'field', focused);
    canvas.text(area.x + labels + field, area.y, note, 'fieldError');
  }
}
