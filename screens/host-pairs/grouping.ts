/** How pairs are put together, as keys and a dialog change it, and in words. Pure. */
import { formDialog } from '../kit/dialog.ts';
import type { Reaction } from '../kit/screen.ts';
import type { PairGrouping, PairSide } from './types.ts';

export type Side = keyof PairGrouping;

const IPV4_BITS = 32;
const IPV6_BITS = 128;

function changed(grouping: PairGrouping, side: Side, change: Partial<PairSide>): PairGrouping {
  return { ...grouping, [side]: { ...grouping[side], ...change } };
}

/** All hosts of a side are one, or told apart (keys s and d). */
export function toggleHosts(grouping: PairGrouping, side: Side): PairGrouping {
  return changed(grouping, side, { hidden: !grouping[side].hidden });
}

/** Ports of a side are told apart, or not (keys S and D). */
export function togglePorts(grouping: PairGrouping, side: Side): PairGrouping {
  return changed(grouping, side, { ports: !grouping[side].ports });
}

/** No ports where there are any, else all (key p). */
export function toggleAllPorts(grouping: PairGrouping): PairGrouping {
  const ports = !showsPorts(grouping);
  return changed(changed(grouping, 'ours', { ports }), 'theirs', { ports });
}

/** Ports, and with them protocols, are told apart on either side. */
export function showsPorts({ ours, theirs }: PairGrouping): boolean {
  return ours.ports || theirs.ports;
}

function prefixWords({ ipv4Prefix, ipv6Prefix }: PairSide): string {
  const words: string[] = [];
  if (ipv4Prefix < IPV4_BITS) words.push(`/${ipv4Prefix}`);
  if (ipv6Prefix < IPV6_BITS) words.push(`/${ipv6Prefix}${ipv4Prefix < IPV4_BITS ? '' : ' (IPv6)'}`);
  return words.join(', ');
}

/** "ours together", "theirs by /24, /64", "both by /24"; "" for single hosts. */
function hostWords({ ours, theirs }: PairGrouping): string {
  const word = (side: PairSide): string =>
    side.hidden ? 'together' : prefixWords(side) === '' ? '' : `by ${prefixWords(side)}`;
  const [left, right] = [word(ours), word(theirs)];
  if (left === right) return left === '' ? '' : `both ${left}`;
  const parts = [left === '' ? '' : `ours ${left}`, right === '' ? '' : `theirs ${right}`];
  return parts.filter((part) => part !== '').join(', ');
}

function portWords({ ours, theirs }: PairGrouping): string {
  if (ours.ports && theirs.ports) return 'with ports';
  if (ours.ports) return 'with our ports';
  return theirs.ports ? 'with their ports' : '';
}

/** What of the grouping is not as at first, in a few words; "" where all is. */
export function groupingWords(grouping: PairGrouping): string {
  return [portWords(grouping), hostWords(grouping)].filter((words) => words !== '').join(', ');
}

const EXPLANATION =
  'Hosts whose addresses begin with the same bits are one network. 24 makes 10.1.2.3 part of 10.1.2.0/24; ' +
  '32 (IPv6: 128) are single hosts, 0 all of them.';

/** Asks for the prefix lengths of both sides. */
export function networksDialog(grouping: PairGrouping, accept: (grouping: PairGrouping) => Reaction): Reaction {
  const field = (id: string, label: string, value: number, most: number) => ({
    id,
    label,
    value: String(value),
    check: (text: string) => prefixProblem(text, most),
  });
  const { ours, theirs } = grouping;
  const fields = [
    field('ours4', 'Ours, IPv4', ours.ipv4Prefix, IPV4_BITS),
    field('ours6', 'Ours, IPv6', ours.ipv6Prefix, IPV6_BITS),
    field('theirs4', 'Theirs, IPv4', theirs.ipv4Prefix, IPV4_BITS),
    field('theirs6', 'Theirs, IPv6', theirs.ipv6Prefix, IPV6_BITS),
  ];
  const screen = formDialog('Networks', EXPLANATION, fields, (values) =>
    accept({
      ours: { ...ours, ipv4Prefix: prefixOf(values.ours4), ipv6Prefix: prefixOf(values.ours6) },
      theirs: { ...theirs, ipv4Prefix: prefixOf(values.theirs4), ipv6Prefix: prefixOf(values.theirs6) },
    }),
  );
  return { type: 'open', screen };
}

/** "24" and "/24" are the same. */
function prefixOf(text: string): number {
  return Number(text.trim().replace(/^\//, ''));
}

function prefixProblem(text: string, most: number): string | null {
  return /^\s*\/?\d{1,3}\s*$/.test(text) && prefixOf(text) <= most ? null : `a number of bits, 0 to ${most}`;
}
