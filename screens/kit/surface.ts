/**
 * Surface: where the loop draws. A terminal with its presenter is one; tests have another. It decides whether a frame
 * can be shown now, and sends only what changed.
 */
import { createCanvas, type TextGrid } from './canvas.ts';
import { Presenter } from './presenter.ts';
import type { Terminal } from './terminal.ts';
import { asciiOnly, type ColourDepth, colourDepth, createPalette, type ThemeName } from './theme.ts';

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

/** What of the settings decides the colours. */
interface Look {
  theme: ThemeName;
  /** false: none, whatever the terminal can do. */
  colour: boolean;
}

export class TerminalSurface implements Surface {
  readonly #terminal: Terminal;
  readonly #depth: ColourDepth;
  readonly #synchronised: boolean;
  #presenter: Presenter;
  readonly #ascii: boolean;
  #grid: TextGrid;

  constructor(terminal: Terminal, env: Environment, look: Look) {
    this.#terminal = terminal;
    this.#ascii = asciiOnly(env);
    // The Linux console prints what it does not know of mode 2026.
    this.#synchronised = env.TERM !== 'linux';
    this.#depth = colourDepth(env);
    this.#presenter = this.#makePresenter(look);
    this.#grid = createCanvas(0, 0, this.#ascii);
  }

  #makePresenter({ theme, colour }: Look): Presenter {
    const palette = createPalette(theme, colour ? this.#depth : 'none');
    return new Presenter({ palette, synchronised: this.#synchronised });
  }

  /** The next frame is drawn whole in these colours. */
  useTheme(look: Look): void {
    this.#presenter = this.#makePresenter(look);
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
