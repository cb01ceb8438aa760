/**
 * Network namespaces for tests: two, joined by a veth pair, with IPv4 and IPv6 addresses, removed afterwards whatever
 * happens. Needs root.
 *
 *   left: "left" 10.91.0.1/24 fd91::1/64 02:00:00:00:91:01  ◄─veth─►  right: "right" 10.91.0.2/24 fd91::2/64 …:02
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why namespaces cannot be made here, or null: for describe.skipIf with the reason in the title. */
export function namespacesUnavailable(): string | null {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (spawnSync('ip', ['netns', 'list']).status !== 0) return 'ip netns does not work here (package iproute2)';
  return null;
}

export class Namespace {
  readonly name: string;
  /** Its end of the veth pair. */
  readonly interface: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly mac: string;
  readonly #children = new Set<ChildProcess>();

  constructor(name: string, interfaceName: string, host: number) {
    this.name = name;
    this.interface = interfaceName;
    this.ipv4 = `10.91.0.${host}`;
    this.ipv6 = `fd91::${host}`;
    this.mac = `02:00:00:00:91:0${host}`;
  }

  /** Runs a command inside to its end and answers with what it printed. Throws when it fails. */
  run(...command: string[]): string {
    const stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe'];
    return execFileSync('ip', ['netns', 'exec', this.name, ...command], {
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 1 << 28,
      stdio,
    });
  }

  /** Starts a command inside; killed with the namespace. */
  spawn(command: string[], options: SpawnOptions = {}): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.name, ...command], { stdio: 'pipe', ...options });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** A counter of an interface inside, from /sys/class/net/NAME/statistics. */
  counter(counter: string, interfaceName = this.interface): number {
    return Number(this.run('cat', `/sys/class/net/${interfaceName}/statistics/${counter}`));
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    // What they started outlives them: a shell's loops would run for ever in a namespace that nobody can name any more.
    const { stdout } = spawnSync('ip', ['netns', 'pids', this.name], { encoding: 'utf8' });
    for (const pid of stdout.split('\n').map(Number)) if (pid > 0) killProcess(pid);
    spawnSync('ip', ['netns', 'del', this.name]);
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

export interface NamespacePair {
  left: Namespace;
  right: Namespace;
  /** Takes both away with everything in them. Idempotent. */
  dispose(): void;
}

/** Tests count packets: no duplicate address detection, no router solicitations, multicast reports at once. */
const QUIET_IPV6 = [
  'accept_dad=0',
  'router_solicitations=0',
  'mldv1_unsolicited_report_interval=1',
  'mldv2_unsolicited_report_interval=1',
];

/** Where nothing was sent for that long, nothing is sent by itself any more. */
const QUIET_MILLISECONDS = 300;

/**
 * Makes two joined namespaces, ready to exchange packets. The prefix keeps test files apart (at most 8 letters);
 * `interfaces` are the names of the two ends.
 */
export async function createNamespacePair(prefix: string, interfaces = ['left', 'right']): Promise<NamespacePair> {
  const base = `${prefix}-${process.pid}`;
  const left = new Namespace(`${base}-l`, interfaces[0], 1);
  const right = new Namespace(`${base}-r`, interfaces[1], 2);
  const dispose = (): void => {
    process.off('exit', dispose);
    left.remove();
    right.remove();
  };
  process.on('exit', dispose);
  try {
    for (const namespace of [left, right]) execFileSync('ip', ['netns', 'add', namespace.name]);
    joinNamespaces(left, right);
    await connected(left, right);
    await quiet(left, right);
  } catch (error) {
    dispose();
    throw error;
  }
  return { left, right, dispose };
}

/** Makes the veth pair (again), with the usual names, addresses, and no chatter of its own. */
export function joinNamespaces(left: Namespace, right: Namespace): void {
  left.run(
    ...['ip', 'link', 'add', left.interface, 'address', left.mac, 'type', 'veth'],
    ...['peer', 'name', right.interface, 'address', right.mac, 'netns', right.name],
  );
  for (const namespace of [left, right]) {
    const device = namespace.interface;
    for (const setting of QUIET_IPV6) namespace.run('sysctl', '-qw', `net.ipv6.conf.${device}.${setting}`);
    namespace.run('ip', 'address', 'add', `${namespace.ipv4}/24`, 'dev', device);
    namespace.run('ip', '-6', 'address', 'add', `${namespace.ipv6}/64`, 'dev', device, 'nodad');
    namespace.run('ip', 'link', 'set', 'lo', 'up');
    namespace.run('ip', 'link', 'set', device, 'up');
  }
  // Neighbours are given: neither ARP nor neighbour solicitations among the packets that tests count.
  for (const [here, there] of [
    [left, right],
    [right, left],
  ]) {
    const permanent = ['lladdr', there.mac, 'dev', here.interface, 'nud', 'permanent'];
    here.run('ip', 'neighbour', 'replace', there.ipv4, ...permanent);
    here.run('ip', 'neighbour', 'replace', there.ipv6, ...permanent);
  }
}

async function connected(left: Namespace, right: Namespace): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // The kernel announces a carrier at most once a second: IPv6 begins at the second end that much later.
    const ready = [left, right].every((end) => end.run('cat', `/sys/class/net/${end.interface}/operstate`) === 'up\n');
    if (ready && [right.ipv4, right.ipv6].every((address) => answers(left, address))) return;
    await sleep(100);
  }
  throw new Error('the namespaces do not reach each other');
}

function answers(from: Namespace, address: string): boolean {
  return spawnSync('ip', ['netns', 'exec', from.name, 'ping', '-c', '1', '-W', '1', address]).status === 0;
}

/** Until both ends have been silent for a while: on a busy machine the kernel's own packets come late. */
async function quiet(left: Namespace, right: Namespace): Promise<void> {
  const sent = (): string => [left, right].map((end) => end.counter('tx_packets')).join();
  for (let attempt = 0; attempt < 30; attempt++) {
    const before = sent();
    await sleep(QUIET_MILLISECONDS);
    if (sent() === before) return;
  }
  throw new Error('the namespaces do not fall silent');
}
