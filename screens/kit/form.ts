/**
 * Form: labelled input lines, with a check for each. Tab, Up and Down move between them; what is wrong with a field
 * stands on the line below it, once it was typed in or left.
 */
import type { Area, Canvas } from './canvas.ts';
import { InputLine } from './input-line.ts';
import { fitText, textWidth } from './text.ts';

export interface FormField {
  id: string;
  label: string;
  value: string;
  /** Why the text is wrong, or null. */
  check?(text: string): string | null;
}

export class Form {
  readonly #fields: readonly FormField[];
  readonly #lines: InputLine[];
  /** Fields whose problems are told: nobody has to read about a field that was not reached yet. */
  readonly #told = new Set<number>();
  #focus = 0;

  constructor(fields: readonly FormField[]) {
    this.#fields = fields;
    this.#lines = fields.map((field) => new InputLine(field.value));
  }

  /** Texts by field id. */
  get values(): Record<string, string> {
    return Object.fromEntries(this.#fields.map((field, i) => [field.id, this.#lines[i].text]));
  }

  /** Everything that is wrong, by field id; empty when the form can be accepted. */
  get problems(): Record<string, string> {
    const found = this.#fields.map((field, i): [string, string | null] => [field.id, this.#problem(i)]);
    return Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== null));
  }

  /** Lines that draw() needs. */
  get height(): number {
    return 2 * this.#fields.length;
  }

  #problem(i: number): string | null {
    return this.#fields[i].check?.(this.#lines[i].text) ?? null;
  }

  /** The texts when all is well; else null, with the first wrong field in focus and every problem told. */
  accept(): Record<string, string> | null {
    const wrong = this.#fields.findIndex((_, i) => this.#problem(i) !== null);
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

  draw(canvas: Canvas, area: Area): void {
    const labels = Math.max(...this.#fields.map((field) => textWidth(field.label))) + 2;
    const width = area.width - labels;
    for (const [i, field] of this.#fields.entries()) {
      const y = area.y + 2 * i;
      if (2 * i >= area.height) break;
      const problem = this.#told.has(i) ? this.#problem(i) : null;
      canvas.text(area.x, y, fitText(field.label, labels), 'dialog');
      const style = problem === null ? 'field' : 'fieldError';
      this.#lines[i].draw(canvas, area.x + labels, y, width, style, i === this.#focus);
      if (problem !== null && 2 * i + 1 < area.height) {
        canvas.text(area.x + labels, y + 1, fitText(problem, width), 'fieldError');
      }
    }
  }
}
