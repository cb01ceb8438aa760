/**
 * A line below the figures in which something is typed: the screen filter, the capture expression. Owns the text and
 * what is said beside it; what the text means is the screen's business.
 */
import type { Canvas } from '../kit/canvas.ts';
import { InputLine } from '../kit/input-line.ts';
import { clipText, textWidth } from '../kit/text.ts';

/** What a key did. */
type PromptKey = 'ignored' | 'changed' | 'accepted' | 'cancelled';

const LONGEST_TEXT = 1024;
/** Cells that the text has before notes may take more. */
const LEAST_TEXT = 20;

export class Prompt {
  /** Why the text is not taken, or null. */
  problem: string | null = null;
  readonly #label: string;
  readonly #takes: string;
  readonly #line: InputLine;

  /** `takes` says beside the text what is taken, while nothing is wrong with it. */
  constructor(label: string, text: string, takes: string) {
    this.#label = label;
    this.#takes = takes;
    this.#line = new InputLine(text, LONGEST_TEXT);
  }

  get text(): string {
    return this.#line.text;
  }

  /** Keys that edit nothing (arrows up and down, pages) stay usable while typing. */
  onKey(key: string): PromptKey {
    if (key === 'ENTER') return 'accepted';
    if (key === 'ESCAPE') return 'cancelled';
    return this.#line.onKey(key) ? 'changed' : 'ignored';
  }

  draw(canvas: Canvas, y: number): void {
    canvas.fill(0, y, canvas.width, 1, ' ', 'field');
    canvas.text(1, y, this.#label, 'field');
    const x = textWidth(this.#label) + 2;
    const wanted = Math.max(LEAST_TEXT, Math.min(textWidth(this.text) + 1, canvas.width >> 1));
    const note = this.#noteFor(Math.max(0, canvas.width - x - wanted - 4));
    const noteX = canvas.width - 1 - textWidth(note);
    this.#line.draw(canvas, x, y, noteX - x - 2);
    canvas.text(noteX, y, note, this.problem === null ? 'field' : 'fieldError');
  }

  #noteFor(width: number): string {
    if (this.problem !== null) return clipText(this.problem, width);
    const parts = [this.#takes, 'Enter applies, Esc leaves it'];
    while (parts.length > 0 && textWidth(parts.join(' │ ')) > width) parts.pop();
    return parts.join(' │ ');
  }
}
