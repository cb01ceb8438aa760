/** The screens of filters on a stack, with reactions carried out as the loop does. */
import type { Filter } from '../../../filters/filter.ts';
import { allFilters } from '../../../filters/ready-made.ts';
import { createFilters } from '../../../screens/filters/screen.ts';
import type { Reaction, Screen } from '../../../screens/kit/screen.ts';
import { FakeFilterControl } from '../../support/filter-control.ts';
import { drawStack } from '../../support/screens.ts';

export const OFFICE: Filter = {
  name: 'office',
  description: 'What the office does on the internet, without the backups at night',
  rules: [
    { action: 'exclude', source: { address: '192.168.7.0/24' }, destination: { port: '873' }, protocol: 'tcp' },
    { action: 'exclude', ownSession: true },
    {
      action: 'include',
      source: { address: '192.168.7.0/24,fd12:3456:789a::/48' },
      destination: { port: '80,443,8000-8100' },
      protocol: 'tcp,udp',
      interface: 'eth0,veth*',
      direction: 'out',
      ways: 'one',
      vlan: '10,100-199',
    },
    { action: 'include', expression: 'tcp[13] & 2 != 0 and ether host 02:11:22:33:44:55' },
  ],
};

export const QUIET: Filter = {
  name: 'quiet',
  description: '',
  rules: [{ action: 'exclude', protocol: 'arp,icmpv6' }],
};

export class Desk {
  readonly control: FakeFilterControl;
  readonly stack: Screen[];
  /** What was refused, by the control or by nobody taking the key. */
  failure: string | null = null;
  left = false;

  constructor(stored: readonly Filter[] = [OFFICE, QUIET], prepare: (control: FakeFilterControl) => void = () => {}) {
    this.control = new FakeFilterControl(allFilters(stored));
    prepare(this.control);
    this.stack = [createFilters(this.control)];
  }

  get top(): Screen {
    return this.stack[this.stack.length - 1];
  }

  async press(...keys: string[]): Promise<this> {
    for (const key of keys) {
      const reaction = this.top.onKey(key);
      const leaves = key === 'ESCAPE' || (key === 'q' && this.top.overlay !== true);
      const isBack = reaction.type === 'ignored' && leaves;
      await this.#carryOut(isBack ? { type: 'back' } : reaction);
    }
    return this;
  }

  async click(x: number, y: number): Promise<void> {
    await this.#carryOut(this.top.onMouse?.({ kind: 'press', x, y }) ?? { type: 'ignored' });
  }

  /** One second of the loop. */
  async second(): Promise<this> {
    await this.top.poll?.();
    return this;
  }

  async #carryOut(reaction: Reaction): Promise<void> {
    if (reaction.type === 'open') this.stack.push(reaction.screen);
    else if (reaction.type === 'back') this.stack.pop()?.close?.();
    else if (reaction.type === 'leave') this.left = true;
    else if (reaction.type === 'all') for (const each of reaction.reactions) await this.#carryOut(each);
    else if (reaction.type === 'filter') await this.#filter(reaction);
    if (reaction.type === 'back' || reaction.type === 'filter') await this.top?.poll?.();
  }

  async #filter({ request, done }: Extract<Reaction, { type: 'filter' }>): Promise<void> {
    try {
      await this.control.carryOut(request);
    } catch (error) {
      this.failure = (error as Error).message;
      return;
    }
    await this.#carryOut(done?.() ?? { type: 'ignored' });
  }

  draw(width = 80, height = 24): string {
    return drawStack(this.stack, width, height).toText();
  }
}
