/**
 * Surface: where the loop draws. A terminal with its presenter is one; tests have another. It decides whether a frame
 * can be shown now, and sends only what changed.
 */
import { createCanvas, type TextGrid } from './canvas.ts';
import { Presenter } from './presenter.ts';
import type { Terminal } from './terminal.ts';
import { asciiOnly, colourDepth, createPalette, type ThemeName } from './theme.ts';

export interface Surface {
  readonly width: number;
  readonly height: number;
  /** What was shown has not been taken yet: draw later. */
  readonly isBusy: boolean;
  /** A blank canvas of the surface's size, to be handed to show(). Valid until the next one is asked for. */
  canvas(): TextGrid;
  show(grid: TextGrid): void;
  /** The next frame is drawn whole. */
  forget(): void;
  /** Back to the shell until fg. */
  suspend(): void;
}

type Environment = Record<string, string | undefined>;

export class TerminalSurface implements Surface {
  readonly #terminal: Terminal;
  readonly #presenter: Presenter;
  readonly #ascii: boolean;
  #grid: TextGrid;

  constructor(terminal: Terminal, env: Environment, theme: ThemeName = 'blue') {
    this.#terminal = terminal;
    this.#ascii = asciiOnly(env);
    // The Linux console prints what it does not know of mode 2026.
    const synchronised = env.TERM !== 'linux';
    this.#presenter = new Presenter({ palette: createPalette(theme, colourDepth(env)), synchronised });
    this.#grid = createCanvas(0, 0, this.#ascii);
  }

  get width(): number {
    return this.#terminal.width;
  }

  get height(): number {
    return this.#terminal.height;
  }

  get isBusy(): boolean {
    return this.#terminal.isBusy;
  }

  canvas(): TextGrid {
    const { width, height } = this;
    if (this.#grid.width !== width || this.#grid.height !== height)
      this.#grid = createCanvas(width, height, this.#ascii);
    this.#grid.clear();
    return this.#grid;
  }

  show(grid: TextGrid): void {
    const bytes = this.#presenter.frame(grid);
    if (bytes !== null) this.#terminal.write(bytes);
  }

  forget(): void {
    this.#presenter.forget();
  }

  suspend(): void {
    this.#terminal.suspend();
  }
}
