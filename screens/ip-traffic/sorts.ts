/** What the orders of the IP traffic monitor are called, and their letters in the sort picker. */
import type { SortChoice } from '../kit/table-dialogs.ts';
import { IP_TRAFFIC_SORTS, type IpTrafficSort } from './types.ts';

const SORTS: Record<IpTrafficSort, Omit<SortChoice, 'column'>> = {
  rate: { word: 'rate', key: 'r' },
  bytes: { word: 'bytes', key: 'b' },
  packets: { word: 'packets', key: 'p' },
  source: { word: 'source', key: 's' },
  destination: { word: 'destination', key: 'd' },
  port: { word: 'port', key: 'o' },
  protocol: { word: 'protocol', key: 't' },
  state: { word: 'state', key: 'e' },
  interface: { word: 'interface', key: 'i' },
  'first-seen': { word: 'first seen', key: 'f' },
  'last-seen': { word: 'last seen', key: 'l' },
  rtt: { word: 'round-trip time', key: 'm' },
  retransmissions: { word: 'retransmissions', key: 'x' },
  window: { word: 'window', key: 'w' },
  size: { word: 'packet size', key: 'z' },
  vlan: { word: 'VLAN', key: 'v' },
  mac: { word: 'source MAC', key: 'a' },
};

export const SORT_CHOICES: readonly SortChoice[] = IP_TRAFFIC_SORTS.map((column) => ({ column, ...SORTS[column] }));

/** What the sort picker calls a column. */
export function sortWord(sort: IpTrafficSort): string {
  return SORTS[sort].word;
}
