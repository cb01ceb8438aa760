/**
 * Form: labelled input lines one below the other, with a check for each. Tab, Up and Down move between them; errors
 * stand beside the field they belong to.
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
    const found = this.#fields.map((field, i): [string, string | null] => [
      field.id,
      field.check?.(this.#lines[i].text) ?? null,
    ]);
    return Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== null));
  }

  /** True when the key moved between fields or edited one. */
  onKey(key: string): boolean {
    const count = this.#fields.length;
    if (key === 'TAB' || key === 'DOWN') this.#focus = (this.#focus + 1) % count;
    else if (key === 'SHIFT_TAB' || key === 'UP') this.#focus = (this.#focus + count - 1) % count;
    else return this.#lines[this.#focus].onKey(key);
    return true;
  }

  draw(canvas: Canvas, area: Area): void {
    const labels = Math.max(...this.#fields.map((field) => textWidth(field.label))) + 2;
    const { problems } = this;
    for (const [i, field] of this.#fields.entries()) {
      if (i >= area.height) break;
      const wrong = problems[field.id];
      const room = Math.max(8, Math.floor((area.width - labels) * (wrong === undefined ? 1 : 0.5)));
      canvas.text(area.x, area.y + i, fitText(field.label, labels), 'dialog');
      const style = wrong === undefined ? 'field' : 'fieldError';
      this.#lines[i].draw(canvas, area.x + labels, area.y + i, room, style, i === this.#focus);
      if (wrong !== undefined) {
        canvas.text(area.x + labels + room + 1, area.y + i, fitText(wrong, area.width - labels - room - 1), 'dialog');
      }
    }
  }
}
