/** The host pair screen on a desk: keys in, snapshots asked as the loop asks them, the stack of screens as text. */
import { HostPairsScreen } from '../../../screens/host-pairs/screen.ts';
import type { PairsView } from '../../../screens/host-pairs/view.ts';
import type { TextGrid } from '../../../screens/kit/canvas.ts';
import type { Reaction, Screen } from '../../../screens/kit/screen.ts';
import type { MonitorScreenOptions, NameSource } from '../../../screens/monitor-screen.ts';
import { LiteralMonitor } from '../../support/ip-traffic-rows.ts';
import { LiteralPairs } from '../../support/pair-rows.ts';
import { drawStack } from '../../support/screens.ts';

export const NO_NAMES: NameSource = { lookup: () => null, addressesMatching: () => [] };

export class Desk {
  readonly pairs: LiteralPairs;
  readonly screen: HostPairsScreen;
  readonly stack: Screen[];
  readonly ascii: boolean;
  /** What the status line says, as far as a key said it. */
  said: string | null = null;
  reactions: Reaction[] = [];
  width = 80;
  height = 24;
  #grid: TextGrid | null = null;

  constructor(
    options: Partial<MonitorScreenOptions> & { view?: Partial<PairsView>; ascii?: boolean } = {},
    pairs = new LiteralPairs(),
  ) {
    const { view, ascii = false, ...rest } = options;
    this.pairs = pairs;
    this.ascii = ascii;
    this.screen = new HostPairsScreen({ watched: 'eth0', names: NO_NAMES, pairs: view, ...rest });
    this.stack = [this.screen];
  }

  size(width: number, height: number): this {
    this.width = width;
    this.height = height;
    this.settle();
    return this;
  }

  /** Presses keys; each may open or close a screen. */
  press(...keys: readonly string[]): this {
    this.settle();
    for (const key of keys) {
      this.said = null;
      this.#carryOut(this.stack[this.stack.length - 1].onKey(key));
      this.settle();
    }
    return this;
  }

  #carryOut(reaction: Reaction): void {
    this.reactions.push(reaction);
    if (reaction.type === 'say') this.said = reaction.text;
    else if (reaction.type === 'open') this.stack.push(reaction.screen);
    else if (reaction.type === 'back') this.stack.pop();
    else if (reaction.type === 'all') for (const each of reaction.reactions) this.#carryOut(each);
  }

  /** Asks, hands over and draws until rows that fit have come. */
  settle(): this {
    for (let round = 0; round < 2; round++) {
      const asker = this.stack.findLast((screen) => screen.queries().length > 0) ?? this.screen;
      asker.update?.(
        asker
          .queries()
          .map(({ monitor, query }) =>
            monitor === 'host-pairs' ? this.pairs.answer(query) : new LiteralMonitor().answer(query),
          ),
      );
      this.#draw();
    }
    return this;
  }

  #draw(): TextGrid {
    const message = this.said === null ? null : { text: this.said, style: 'status' as const };
    const { head } = this.pairs;
    this.#grid = drawStack(this.stack, this.width, this.height, { head, message, ascii: this.ascii });
    return this.#grid;
  }

  get grid(): TextGrid {
    return this.#grid ?? this.settle().#draw();
  }

  get text(): string {
    return this.grid.toText();
  }

  line(y: number): string {
    return this.text.split('\n')[y];
  }
}
