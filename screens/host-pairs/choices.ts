/**
 * What iftop's letters choose: each takes how the rows look now and answers how they look then, with the word for the
 * status line. Pure.
 */
import { type Side, showsPorts, toggleAllPorts, toggleHosts, togglePorts } from './grouping.ts';
import { PAIR_WINDOWS } from './types.ts';
import { LINE_DISPLAYS, type LineDisplay, type PairsView } from './view.ts';

export interface Choice {
  change: Partial<PairsView>;
  /** What it did. */
  says: string;
  /** Other rows are wanted than those at hand. */
  wantsRows: boolean;
}

export type Choose = (view: PairsView) => Choice;

const looks = (change: Partial<PairsView>, says: string): Choice => ({ change, says, wantsRows: false });
const rows = (change: Partial<PairsView>, says: string): Choice => ({ change, says, wantsRows: true });

const LINES_WORDS: Record<LineDisplay, string> = {
  'two-line': 'two lines a pair: sent above, received below',
  'one-line-both': 'one line a pair: both directions together',
  'one-line-sent': 'one line a pair: what was sent',
  'one-line-received': 'one line a pair: what was received',
};

const SIDE_WORDS: Record<Side, string> = { ours: 'our', theirs: 'their' };

export const names: Choose = ({ showNames }) =>
  rows({ showNames: !showNames }, showNames ? 'addresses of hosts' : 'names of hosts, as they become known');

export const services: Choose = ({ showServices }) =>
  rows({ showServices: !showServices }, showServices ? 'numbers of ports' : 'names of services');

export const hosts =
  (side: Side): Choose =>
  ({ grouping }) => {
    const changed = toggleHosts(grouping, side);
    const word = SIDE_WORDS[side];
    return rows({ grouping: changed }, changed[side].hidden ? `all ${word} hosts together` : `each of ${word} hosts`);
  };

export const ports =
  (side: Side): Choose =>
  ({ grouping }) => {
    const changed = togglePorts(grouping, side);
    return rows({ grouping: changed }, `${SIDE_WORDS[side]} ports ${changed[side].ports ? 'shown' : 'together'}`);
  };

export const allPorts: Choose = ({ grouping }) => {
  const changed = toggleAllPorts(grouping);
  return rows({ grouping: changed }, showsPorts(changed) ? 'ports shown on both sides' : 'all ports together');
};

export const lines: Choose = (view) => {
  const next = LINE_DISPLAYS[(LINE_DISPLAYS.indexOf(view.lines) + 1) % LINE_DISPLAYS.length];
  return rows({ lines: next }, LINES_WORDS[next]);
};

export const totals: Choose = ({ showTotals }) =>
  looks({ showTotals: !showTotals }, showTotals ? 'no cumulative column' : 'what each pair carried since it began');

export const bars: Choose = ({ bars: shown }) => rows({ bars: !shown }, shown ? 'no bars' : 'bars behind the rows');

export const barWindow: Choose = ({ barWindow: window }) => {
  const next = ((window + 1) % PAIR_WINDOWS.length) as PairsView['barWindow'];
  return looks({ barWindow: next, bars: true }, `bars show the average over ${PAIR_WINDOWS[next]} s`);
};

export const scale: Choose = ({ scale: kind }) => {
  const next = kind === 'linear' ? 'logarithmic' : 'linear';
  return looks({ scale: next, bars: true }, `${next} scale`);
};

export const frozen: Choose = ({ frozen: held }) =>
  rows({ frozen: !held }, held ? 'rows come and move again' : 'rows and their order are held; figures go on');
