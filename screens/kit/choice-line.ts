/** Choice line: a form field whose value is one of a few. Space and the arrows turn it, a letter goes to what it begins. */
import type { Canvas } from './canvas.ts';
import type { Style } from './style.ts';
import { textWidth } from './text.ts';

export class ChoiceLine {
  readonly #choices: readonly string[];
  #chosen: number;

  /** `value` is one of the choices; else the first is taken. */
  constructor(choices: readonly string[], value: string) {
    this.#choices = choices;
    this.#chosen = Math.max(0, choices.indexOf(value));
  }

  get text(): string {
    return this.#choices[this.#chosen];
  }

  /** True when the key chose. */
  onKey(key: string): boolean {
    if (key === ' ' || key === 'RIGHT') return this.turn(1);
    if (key === 'LEFT') return this.turn(-1);
    const from = this.#chosen + 1;
    const inTurn = [...this.#choices.slice(from), ...this.#choices.slice(0, from)];
    const begun = inTurn.find((choice) => choice.startsWith(key.toLowerCase()));
    if (begun === undefined) return false;
    this.#chosen = this.#choices.indexOf(begun);
    return true;
  }

  /** The choice that many places on, around the end. */
  turn(by: number): true {
    const count = this.#choices.length;
    this.#chosen = (this.#chosen + by + count) % count;
    return true;
  }

  /** Draws the value with arrows behind it, in no more cells than the longest choice takes. */
  draw(canvas: Canvas, x: number, y: number, width: number, style: Style = 'field', focused = true): void {
    const cells = Math.min(width, Math.max(...this.#choices.map(textWidth)) + 3);
    const shown = focused ? 'menuSelected' : style;
    canvas.cell(x, y, cells, this.text, shown);
    canvas.text(x + cells - 2, y, '◄►', shown);
  }
}
