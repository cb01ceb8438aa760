/**
 * From the kernel's hardware types (net/if_arp.h, ARPHRD_) to LINKTYPE_ numbers, as libpcap maps them.
 * Some tunnels have no link-layer header, or one of their own making: their packets begin at the network header.
 */
import { LINKTYPE } from '../wire/numbers.ts';

/** Not a LINKTYPE_: no decoder knows it, so that the packet is counted and nothing in it is guessed. */
export const LINKTYPE_UNSUPPORTED = 0xffff;

export const ARPHRD_ETHERNET = 1;

/** ARPHRD_LOOPBACK: its frames look like Ethernet. */
export const ARPHRD_LOOPBACK = 772;

export interface LinkLayer {
  linkType: number;
  /** The packet begins where the kernel saw the network header, not the link-layer header. */
  fromNetworkHeader: boolean;
}

const asIs = (linkType: number): LinkLayer => ({ linkType, fromNetworkHeader: false });
const NETWORK_ONLY: LinkLayer = { linkType: LINKTYPE.raw, fromNetworkHeader: true };
const UNSUPPORTED: LinkLayer = asIs(LINKTYPE_UNSUPPORTED);

const BY_HARDWARE_TYPE = new Map<number, LinkLayer>([
  [ARPHRD_ETHERNET, asIs(LINKTYPE.ethernet)],
  [ARPHRD_LOOPBACK, asIs(LINKTYPE.ethernet)],
  [6, asIs(6)], // ARPHRD_IEEE802: token ring
  [280, asIs(227)], // ARPHRD_CAN
  [256, NETWORK_ONLY], // ARPHRD_SLIP and its relatives
  [257, NETWORK_ONLY],
  [258, NETWORK_ONLY],
  [259, NETWORK_ONLY],
  [512, NETWORK_ONLY], // ARPHRD_PPP: ppp_generic hands over the packet without its PPP header
  [513, asIs(LINKTYPE.cHdlc)], // ARPHRD_CISCO
  [519, NETWORK_ONLY], // ARPHRD_RAWIP: mobile modems
  [768, NETWORK_ONLY], // ARPHRD_TUNNEL: ipip, vti
  [769, NETWORK_ONLY], // ARPHRD_TUNNEL6
  [776, NETWORK_ONLY], // ARPHRD_SIT
  [778, NETWORK_ONLY], // ARPHRD_IPGRE
  [801, asIs(105)], // ARPHRD_IEEE80211
  [802, asIs(119)], // ARPHRD_IEEE80211_PRISM
  [803, asIs(127)], // ARPHRD_IEEE80211_RADIOTAP
  [823, NETWORK_ONLY], // ARPHRD_IP6GRE
  [824, asIs(253)], // ARPHRD_NETLINK: nlmon
  [826, asIs(271)], // ARPHRD_VSOCKMON
  [0xfffe, NETWORK_ONLY], // ARPHRD_NONE: tun, WireGuard
]);

/** How packets of an interface of this hardware type begin. */
export function linkLayerOf(hardwareType: number): LinkLayer {
  return BY_HARDWARE_TYPE.get(hardwareType) ?? UNSUPPORTED;
}
