/**
 * Keys of the host pair monitor: iftop's, with their meaning (all but `!`, which ran a shell), and those of every table.
 * Where both want a letter, iftop's wins: `o` freezes, `O` asks for an order.
 */
import { binding, type KeyBinding, tableKeys } from '../kit/keys.ts';
import type { Reaction } from '../kit/screen.ts';
import * as choices from './choices.ts';

/** What the keys do. */
export interface PairActions {
  openConversations(): Reaction;
  openHelp(): Reaction;
  openNetworks(): Reaction;
  openSort(): Reaction;
  openColumns(): Reaction;
  openSave(): Reaction;
  choose(what: choices.Choose): Reaction;
  sortBy(column: 'rate-2s' | 'rate-10s' | 'rate-40s' | 'source' | 'destination'): Reaction;
  askScreenFilter(): Reaction;
  askExpression(): Reaction;
  startSearch(): Reaction;
  /** A key of the table itself ("UP", "PAGE_DOWN"). */
  move(key: string): Reaction;
}

/** In the order of the key bar. */
export function pairKeys(act: PairActions): KeyBinding[] {
  const pause = (): Reaction => ({ type: 'toggle-pause' });
  return [
    binding(['ENTER'], 'Enter', 'Traffic', 'Conversations of the pair', () => act.openConversations()),
    binding(['p'], 'p', 'Ports', 'Ports on both sides, or on none', () => act.choose(choices.allPorts)),
    binding(['t'], 't', 'Lines', 'Two lines a pair; one: both, only sent, only received', () =>
      act.choose(choices.lines),
    ),
    binding(['o'], 'o', 'Freeze', 'Hold the order and the set of rows; figures go on', () =>
      act.choose(choices.frozen),
    ),
    binding(['g'], 'g', 'Nets', 'Networks in place of hosts: how many bits', () => act.openNetworks()),
    binding(['n'], 'n', 'Names', 'Names of hosts (~ as seen on the wire), or addresses', () =>
      act.choose(choices.names),
    ),
    binding(['T'], 'T', 'Total', 'What each pair carried since it began, as a column', () =>
      act.choose(choices.totals),
    ),
    binding(['L'], 'L', 'Log', 'Scale of the bars: linear, or logarithmic', () => act.choose(choices.scale)),
    binding(['/'], '/', 'Search', 'Show only what contains a text; Esc shows all again', () => act.startSearch()),
    binding(['N'], 'N', null, 'Names of services, or numbers of ports', () => act.choose(choices.services)),
    binding(['s'], 's', null, 'Our hosts together, or each (iftop: source)', () => act.choose(choices.hosts('ours'))),
    binding(['d'], 'd', null, 'Their hosts together, or each (iftop: destination)', () =>
      act.choose(choices.hosts('theirs')),
    ),
    binding(['S'], 'S', null, 'Our ports', () => act.choose(choices.ports('ours'))),
    binding(['D'], 'D', null, 'Their ports', () => act.choose(choices.ports('theirs'))),
    binding(['b'], 'b', null, 'Bars behind the rows, and their ruler', () => act.choose(choices.bars)),
    binding(['B'], 'B', null, 'Average that the bars show: 2, 10 or 40 s', () => act.choose(choices.barWindow)),
    ...sortKeys(act),
    binding(['O', 'F6'], 'O', null, 'Order by a column; the same again turns it round', () => act.openSort()),
    binding(['l'], 'l', null, 'Screen filter: hosts that match a regular expression', () => act.askScreenFilter()),
    binding(['f'], 'f', null, 'Capture expression: what is counted at all', () => act.askExpression()),
    binding(['P'], 'P', null, 'Pause, as Ctrl-P', pause),
    binding(['C'], 'C', null, 'Columns: on and off', () => act.openColumns()),
    binding(['CTRL_S'], '^S', null, 'Save all rows, in this order and search, as CSV', () => act.openSave()),
    binding(['h'], 'h', null, 'Help, as ?', () => act.openHelp()),
    ...tableKeys((key) => act.move(key)),
    binding(['j', 'k'], 'j/k', null, 'Select the row below or above', (key) => act.move(key === 'j' ? 'DOWN' : 'UP')),
    binding([' '], 'Space', null, 'One page down', () => act.move('PAGE_DOWN')),
    binding(['-'], '-', null, 'One page up', () => act.move('PAGE_UP')),
  ];
}

function sortKeys(act: PairActions): KeyBinding[] {
  return [
    binding(['1'], '1', null, 'Order by the average over 2 s', () => act.sortBy('rate-2s')),
    binding(['2'], '2', null, 'Order by the average over 10 s', () => act.sortBy('rate-10s')),
    binding(['3'], '3', null, 'Order by the average over 40 s', () => act.sortBy('rate-40s')),
    binding(['<'], '<', null, 'Order by our host', () => act.sortBy('source')),
    binding(['>'], '>', null, 'Order by their host', () => act.sortBy('destination')),
  ];
}
