/**
 * The conversations of one pair of hosts: what Enter opens on the host pair monitor. Enter here goes on to the IP traffic
 * monitor, with all conversations, where the marked one is.
 */
import { IpTrafficScreen } from '../ip-traffic/screen.ts';
import type { HostMatch, IpTrafficWithin } from '../ip-traffic/types.ts';
import type { KeyBinding } from '../kit/keys.ts';
import type { MonitorScreenOptions } from '../monitor-screen.ts';
import type { HostPairRow, PairEndpoint } from './types.ts';

export class PairConversationsScreen extends IpTrafficScreen {
  readonly #options: MonitorScreenOptions;

  /** `options`: those of the host pair monitor; its order is none of conversations. */
  constructor(options: MonitorScreenOptions, row: HostPairRow) {
    const own = { ...options, sort: undefined };
    super(own, { within: { hosts: hostsOf(row) } });
    this.#options = own;
  }

  protected override enterBinding(): KeyBinding {
    const help = 'All conversations, with this one marked';
    return this.openingBinding('All traffic', help, (marked) => {
      return new IpTrafficScreen({ ...this.#options, ...this.shownNames }, { marked });
    });
  }
}

/** What a pair's conversations have in common. */
function hostsOf({ endpoints, interface: name, ipProtocol }: HostPairRow): NonNullable<IpTrafficWithin['hosts']> {
  return { ends: [hostMatch(endpoints[0]), hostMatch(endpoints[1])], interface: name, ipProtocol };
}

function hostMatch({ address, prefix, port }: PairEndpoint): HostMatch {
  return { address, prefix, port };
}
