/**
 * Menu: a list of entries in a box, each with a hot key and one line of explanation. Up and Down wrap around; a hot key
 * runs its entry at once, as in iptraf-ng.
 */
import type { Area, Canvas } from './canvas.ts';
import { IGNORED, REDRAW } from './keys.ts';
import type { MouseEvent, Reaction } from './screen.ts';
import { drawScrollbar } from './table.ts';
import { fitText, textWidth } from './text.ts';

export interface MenuItem {
  label: string;
  /** Lower-case letter; marked where it first stands in the label. */
  hotKey: string;
  /** One line for the status line. */
  help: string;
  /** A line between the entry above and this one. */
  separated?: boolean;
  run(): Reaction;
}

export class Menu {
  readonly #items: readonly MenuItem[];
  readonly #title: string;
  #selected = 0;
  /** First entry shown where not all fit. */
  #offset = 0;
  #rows: { y: number; item: number }[] = [];
  #box: Area = { x: 0, y: 0, width: 0, height: 0 };

  constructor(items: readonly MenuItem[], title = '') {
    this.#items = items;
    this.#title = title;
  }

  get selected(): MenuItem {
    return this.#items[this.#selected];
  }

  /** Cells the box takes, frame included. */
  get width(): number {
    return Math.max(textWidth(this.#title) + 4, ...this.#items.map((item) => textWidth(item.label))) + 6;
  }

  get height(): number {
    return this.#items.length + this.#items.filter((item) => item.separated).length + 2;
  }

  onKey(key: string): Reaction {
    const count = this.#items.length;
    const moves: Record<string, number> = {
      UP: this.#selected + count - 1,
      DOWN: this.#selected + 1,
      HOME: 0,
      END: -1,
    };
    if (key in moves) {
      this.#selected = (moves[key] + count) % count;
      return REDRAW;
    }
    if (key === 'ENTER') return this.selected.run();
    const hot = this.#items.findIndex((item) => item.hotKey === key.toLowerCase());
    if (hot < 0) return IGNORED;
    this.#selected = hot;
    return this.selected.run();
  }

  onMouse(event: MouseEvent): Reaction {
    if (event.kind !== 'press') return this.onKey(event.kind === 'wheel-up' ? 'UP' : 'DOWN');
    const row = this.#rows.find((each) => each.y === event.y);
    const inside = event.x > this.#box.x && event.x < this.#box.x + this.#box.width - 1;
    if (row === undefined || !inside) return IGNORED;
    this.#selected = row.item;
    return this.selected.run();
  }

  draw(canvas: Canvas, box: Area): void {
    const { x, y, width } = box;
    this.#box = box;
    this.#rows = [];
    canvas.fill(x, y, width, box.height, ' ', 'menu');
    canvas.frame(x, y, width, box.height, 'menuFrame', { topLeft: this.#title, style: 'menu' });
    const visible = box.height - 2;
    // A low terminal shows entries rather than lines between them, and scrolls through what is left.
    const separated = this.height <= box.height;
    const most = separated ? 0 : Math.max(0, this.#items.length - visible);
    this.#offset = Math.min(Math.max(this.#offset, this.#selected - visible + 1), this.#selected, most);
    let line = y + 1;
    for (const [i, item] of this.#items.entries()) {
      if (i < this.#offset) continue;
      if (separated && item.separated) canvas.text(x, line++, `├${'─'.repeat(width - 2)}┤`, 'menuFrame');
      if (line >= y + box.height - 1) break;
      this.#rows.push({ y: line, item: i });
      this.#drawItem(canvas, x + 1, line++, width - 2, i);
    }
    const total = separated ? visible : this.#items.length;
    drawScrollbar(
      canvas,
      { x: x + width - 1, y: y + 1, width: 1, height: visible },
      {
        offset: this.#offset,
        visible,
        total,
      },
    );
  }

  #drawItem(canvas: Canvas, x: number, y: number, width: number, i: number): void {
    const item = this.#items[i];
    const selected = i === this.#selected;
    canvas.text(x, y, fitText(`  ${item.label}`, width), selected ? 'menuSelected' : 'menu');
    const hot = item.label.toLowerCase().indexOf(item.hotKey);
    if (!selected && hot >= 0) canvas.restyle(x + 2 + hot, y, 1, 1, 'hotKey');
  }
}
