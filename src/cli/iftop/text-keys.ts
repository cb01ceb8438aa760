/**
 * Keys of the text mode, with iftop's meaning: each makes another view of the one there is, and a line that says what
 * holds now; a report follows. In one table, of which the help (h) is made.
 */
import { type Side, toggleAllPorts, toggleHosts, togglePorts } from '../../../screens/host-pairs/grouping.ts';
import type { HostPairSort, PairGrouping } from '../../../screens/host-pairs/types.ts';
import type { PairsView } from '../../../screens/host-pairs/view.ts';

/** What a key changes. */
export interface TextView {
  pairs: PairsView;
  /** No reports for now; the capture goes on. */
  paused: boolean;
}

interface Changed {
  view: TextView;
  /** Said on a line of its own. */
  says: string;
}

type Change = (view: TextView) => Changed;

interface TextKey {
  key: string;
  does: string;
  /** null: the view stays. */
  change: Change | null;
}

/** What is to happen after a key: the end, a report (with a line before it), or a few lines alone. */
export type KeyAnswer =
  | { kind: 'quit' }
  | { kind: 'report'; view: TextView; says: string | null }
  | { kind: 'say'; view: TextView; says: string };

const TEXT_KEYS: readonly TextKey[] = [
  { key: 'u', does: 'report now', change: null },
  { key: 'n', does: 'names or addresses of hosts', change: (view) => shows(view, 'showNames', 'host names') },
  { key: 'N', does: 'names or numbers of services', change: (view) => shows(view, 'showServices', 'service names') },
  { key: 's', does: 'all source hosts as one', change: (view) => hides(view, 'ours', 'source hosts') },
  { key: 'd', does: 'all destination hosts as one', change: (view) => hides(view, 'theirs', 'destination hosts') },
  { key: 'S', does: 'source ports', change: (view) => regroups(view, togglePorts(view.pairs.grouping, 'ours')) },
  {
    key: 'D',
    does: 'destination ports',
    change: (view) => regroups(view, togglePorts(view.pairs.grouping, 'theirs')),
  },
  { key: 'p', does: 'ports of both sides', change: (view) => regroups(view, toggleAllPorts(view.pairs.grouping)) },
  { key: 'P', does: 'pause the reports', change: pause },
  { key: 'o', does: 'freeze the order', change: freeze },
  { key: '1', does: 'sort by the last 2 s', change: (view) => sort(view, 'rate-2s', 'the last 2 s') },
  { key: '2', does: 'sort by the last 10 s', change: (view) => sort(view, 'rate-10s', 'the last 10 s') },
  { key: '3', does: 'sort by the last 40 s', change: (view) => sort(view, 'rate-40s', 'the last 40 s') },
  { key: '<', does: 'sort by source', change: (view) => sort(view, 'source', 'source') },
  { key: '>', does: 'sort by destination', change: (view) => sort(view, 'destination', 'destination') },
  { key: 'h', does: 'this list', change: null },
  { key: 'q', does: 'quit', change: null },
];

/** Answers a key, or null: it means nothing here. */
export function answerKey(key: string, view: TextView): KeyAnswer | null {
  const known = TEXT_KEYS.find((each) => each.key === (key === '?' ? 'h' : key));
  if (known === undefined) return null;
  if (known.change !== null) return answerChange(known.change(view));
  if (known.key === 'q') return { kind: 'quit' };
  if (known.key === 'h') return { kind: 'say', view, says: keyHelp() };
  return view.paused ? { kind: 'say', view, says: PAUSED } : { kind: 'report', view, says: null };
}

function answerChange({ view, says }: Changed): KeyAnswer {
  return { kind: view.paused ? 'say' : 'report', view, says };
}

function keyHelp(): string {
  return TEXT_KEYS.map(({ key, does }) => `${key}  ${does}`).join('\n');
}

const PAUSED = 'paused: P goes on';

function changed(view: TextView, changes: Partial<PairsView>, says: string): Changed {
  return { view: { ...view, pairs: { ...view.pairs, ...changes } }, says };
}

function shows(view: TextView, what: 'showNames' | 'showServices', name: string): Changed {
  const on = !view.pairs[what];
  return changed(view, { [what]: on }, `${name}: ${on ? 'on' : 'off'}`);
}

function hides(view: TextView, side: Side, name: string): Changed {
  const grouping = toggleHosts(view.pairs.grouping, side);
  return changed(view, { grouping }, `${name}: ${grouping[side].hidden ? 'all as one' : 'each by itself'}`);
}

function regroups(view: TextView, grouping: PairGrouping): Changed {
  const { ours, theirs } = grouping;
  const sides = [...(ours.ports ? ['source'] : []), ...(theirs.ports ? ['destination'] : [])];
  return changed(view, { grouping }, `ports: ${sides.join(' and ') || 'none'}`);
}

function pause(view: TextView): Changed {
  const paused = !view.paused;
  return { view: { ...view, paused }, says: paused ? PAUSED : 'going on' };
}

function freeze(view: TextView): Changed {
  const frozen = !view.pairs.frozen;
  return changed(view, { frozen }, `order: ${frozen ? 'frozen' : 'follows the traffic'}`);
}

function sort(view: TextView, by: HostPairSort, name: string): Changed {
  return changed(view, { sort: by }, `sorted by ${name}`);
}
