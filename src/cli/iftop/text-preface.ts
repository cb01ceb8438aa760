/**
 * What iftop says before it listens, on standard error: the interface and its addresses. iftop knows one of each family;
 * we decide by all of them which end of a conversation is ours, so all are told.
 */
import { isIPv4 } from 'node:net';
import { type InterfaceInfo, listInterfaces } from '../../capture/interfaces.ts';
import { sanitizeText } from '../../names/sanitize.ts';

type Told = Pick<InterfaceInfo, 'name' | 'addresses' | 'mac'>;

/** Of an interface that is not there (yet) its name alone. */
export function prefaceLines(
  interfaces: readonly string[] | 'all',
  list: () => readonly Told[] = listInterfaces,
): string {
  if (interfaces === 'all') return 'interface: all\n';
  const known = list();
  return interfaces
    .map((name) => interfaceLines(known.find((each) => each.name === name) ?? { name, addresses: [], mac: null }))
    .join('');
}

function interfaceLines({ name, addresses, mac }: Told): string {
  const plain = addresses.map((address) => address.replace(/\/.*/, ''));
  return [
    `interface: ${sanitizeText(name)}`,
    ...plain.filter(isIPv4).map((address) => `IP address is: ${address}`),
    ...plain
      .filter((address) => !isIPv4(address) && !isLinkLocal(address))
      .map((address) => `IPv6 address is: ${address}`),
    ...(mac === null ? [] : [`MAC address is: ${mac}`]),
    '',
  ].join('\n');
}

/** fe80::/10, which every interface has. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
