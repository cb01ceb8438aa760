// The engine under a filter: what passes is counted, everywhere the same; what does not is counted as left out; a
// filter that is replaced changes nothing of what was counted.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { expressionFilter } from '../../filters/bpf.ts';
import type { PreparedFilter, PreparedRule } from '../../filters/prepared.ts';
import type { IpTrafficRow } from '../../screens/ip-traffic/types.ts';
import type { CompiledExpression } from '../../src/base/bpf-program.ts';
import { ETHERTYPE, IP_PROTOCOL, LINKTYPE } from '../../src/wire/numbers.ts';
import { EngineStage } from '../support/engine-stage.ts';
import { arp, ethernet, filler, ipv4, tcp, udp } from '../support/packets.ts';
import { ANY, preparedRule } from '../support/random-filter.ts';

const ROWS = { sort: null, descending: false, offset: 0, limit: 0, follow: null, options: { panel: 'all' } };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function filterOf(text: string, rules: Partial<PreparedRule>[], unmatched: 'drop' | 'keep' = 'drop'): PreparedFilter {
  return { text, rules: rules.map((rule) => preparedRule(rule)), unmatched, local: [] };
}

const toPort = (port: number): Partial<PreparedRule> => ({ destination: { ...ANY, ports: [[port, port]] } });
const DNS = filterOf('dns', [toPort(53)]);
const WEB = filterOf('web', [toPort(80)]);

/** A UDP packet to this port, from a port of its own. */
const udpTo = (port: number): Uint8Array =>
  ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.udp }, udp(30_000 + port, port, filler(20))));
const tcpTo = (port: number): Uint8Array =>
  ethernet(ETHERTYPE.ipv4, ipv4({ protocol: IP_PROTOCOL.tcp }, tcp({ destinationPort: port }, filler(20))));
const ARP = ethernet(ETHERTYPE.arp, arp());

/** Two datagrams in two fragments each, to these ports. */
function fragmentsTo(...ports: number[]): Uint8Array[] {
  return ports.flatMap((port) => {
    const whole = udp(4000, port, filler(40));
    const fields = { protocol: IP_PROTOCOL.udp, identification: port };
    return [
      ethernet(ETHERTYPE.ipv4, ipv4({ ...fields, moreFragments: true }, whole.subarray(0, 24))),
      ethernet(ETHERTYPE.ipv4, ipv4({ ...fields, fragmentOffset: 24 }, whole.subarray(24))),
    ];
  });
}

/** An expression that only IPv4 packets of this protocol match. */
function protocolExpression(text: string, protocol: number): CompiledExpression {
  const instructions = new Uint8Array(4 * 8);
  const view = new DataView(instructions.buffer);
  for (const [n, [code, whenTrue, whenFalse, k]] of [
    [0x30, 0, 0, 23],
    [0x15, 0, 1, protocol],
    [0x06, 0, 0, 0xffff],
    [0x06, 0, 0, 0],
  ].entries()) {
    view.setUint16(n * 8, code, true);
    view.setUint8(n * 8 + 2, whenTrue);
    view.setUint8(n * 8 + 3, whenFalse);
    view.setUint32(n * 8 + 4, k, true);
  }
  return { text, programs: [{ linkType: LINKTYPE.ethernet, instructions, error: null }] };
}

/** Packets of each conversation by its service's port. */
function packetsByPort({ engine }: EngineStage): Record<string, number> {
  const rows = engine.page('ip-traffic', ROWS).rows as IpTrafficRow[];
  return Object.fromEntries(
    rows.map(({ endpoints, packets, protocol }) => [
      `${protocol} ${Math.min(...endpoints.map((endpoint) => endpoint.port ?? 0))}`,
      packets[0] + packets[1],
    ]),
  );
}

describe('the engine under a filter', () => {
  it('counts what passes, and how many packets did not', async () => {
    const stage = await new EngineStage({ filter: DNS }).start();
    stage.receive([udpTo(53), udpTo(80), ARP, udpTo(53)]);
    expect(packetsByPort(stage)).toEqual({ 'udp 53': 2 });
    expect(stage.totals.packets).toBe(2);
    expect(stage.capture).toMatchObject({ filter: 'dns', filteredOut: 2 });
  });

  it('lets another filter decide from the next batch on, and keeps what was counted', async () => {
    const stage = await new EngineStage({ filter: DNS }).start();
    const traffic = [udpTo(53), udpTo(80), tcpTo(80), ARP];
    stage.receive(traffic);
    stage.engine.setFilter(WEB);
    stage.receive(traffic);
    expect(packetsByPort(stage)).toEqual({ 'udp 53': 1, 'udp 80': 1, 'tcp 80': 1 });
    expect(stage.capture).toMatchObject({ filter: 'web', filteredOut: 3 + 2 });
    stage.engine.setFilter(null);
    stage.receive(traffic);
    expect(packetsByPort(stage)).toEqual({ 'udp 53': 2, 'udp 80': 2, 'tcp 80': 2, 'arp 0': 1 });
    expect(stage.capture).toMatchObject({ filter: null, passed: null, filteredOut: 5 });
    expect(stage.totals.packets).toBe(1 + 2 + 4);
  });

  it('asks a packet to pass the expression and the filter', async () => {
    const expression = protocolExpression('udp', IP_PROTOCOL.udp);
    const stage = await new EngineStage({ filter: WEB }, { expression: expressionFilter(expression) }).start();
    stage.receive([udpTo(80), tcpTo(80), udpTo(53), ARP]);
    expect(packetsByPort(stage)).toEqual({ 'udp 80': 1 });
    expect(stage.capture).toMatchObject({ filter: 'web and udp', filteredOut: 3 });
    stage.engine.setFilter(null);
    stage.receive([udpTo(80), tcpTo(80)]);
    expect(stage.capture).toMatchObject({ filter: 'udp', filteredOut: 4 });
  });

  it('knows the ports of later fragments also where no conversations are kept', async () => {
    const stage = await new EngineStage({ filter: DNS, monitors: ['packet-sizes'] }).start();
    stage.receive(fragmentsTo(53, 80));
    expect(stage.totals.packets).toBe(2);
    expect(stage.capture.filteredOut).toBe(2);
  });

  it('knows no ports of fragments that come before their first, in one batch as in two', async () => {
    const [first, later] = fragmentsTo(53);
    const together = await new EngineStage({ filter: DNS }).start();
    together.receive([later, first, later]);
    const apart = await new EngineStage({ filter: DNS }).start();
    for (const fragment of [later, first, later]) apart.receive([fragment]);
    for (const stage of [together, apart]) {
      expect(packetsByPort(stage)).toEqual({ 'udp 53': 2 });
      expect(stage.capture.filteredOut).toBe(1);
    }
  });

  it('writes to the file what passes', async () => {
    const written: number[][] = [];
    const writer = {
      notWritten: 0,
      write: (_: unknown, selected: Uint8Array) => written.push([...selected.subarray(0, 3)]),
      close: async () => undefined,
    };
    const stage = await new EngineStage({ filter: DNS }, { writer }).start();
    stage.receive([udpTo(53), udpTo(80), ARP]);
    stage.engine.setFilter(WEB);
    stage.receive([udpTo(53), udpTo(80), ARP]);
    expect(written).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
  });

  it('begins its own counters at zero with a reset', async () => {
    const stage = await new EngineStage({ filter: DNS }).start();
    stage.receive([udpTo(53), udpTo(80)]);
    stage.engine.reset();
    expect(stage.capture).toMatchObject({ filter: 'dns', filteredOut: 0 });
    stage.receive([udpTo(80)]);
    expect(stage.capture.filteredOut).toBe(1);
  });
});

describe('the kernel in front of it', () => {
  it('gets the program of each filter before the first packet and at every change, and none where there is none', async () => {
    const stage = await new EngineStage({ filter: DNS }).start();
    stage.engine.setFilter(WEB);
    stage.engine.setFilter(null);
    const [dns, web, none] = stage.source.prefilters;
    expect(dns?.instructions).not.toEqual(web?.instructions);
    expect([dns?.instructions.length, web?.instructions.length].every((bytes) => (bytes ?? 0) > 0)).toBe(true);
    expect(none).toBeNull();
    expect(stage.source.prefilters).toHaveLength(3);
  });

  it("gets the expression's program where the filter's could drop nothing", async () => {
    const expression = protocolExpression('udp', IP_PROTOCOL.udp);
    const stage = await new EngineStage({ expression, filter: filterOf('all', [], 'keep') }).start();
    const [program] = stage.source.prefilters;
    const ofExpression = expression.programs[0].instructions;
    expect(program?.instructions.subarray(-32)).toEqual(ofExpression);
  });

  it('refuses a program with words for the operator, as long as there is a filter', async () => {
    const stage = await new EngineStage({ filter: DNS }).start();
    expect(stage.capture.kernelFilterRefusal).toBeNull();
    stage.source.prefilterRefusal = '5006 instructions; the kernel takes 4096';
    expect(stage.capture.kernelFilterRefusal).toBe('5006 instructions; the kernel takes 4096');
    stage.source.kind = 'pcap';
    expect(stage.capture.kernelFilterRefusal).toMatch(/libpcap/);
    stage.engine.setFilter(null);
    expect(stage.capture.kernelFilterRefusal).toBeNull();
  });
});

describe('what a filter lets through', () => {
  it("is compared with the kernel's counters live, since the kernel drops what does not match", async () => {
    const stage = await new EngineStage({ filter: DNS }).start();
    expect(stage.capture).toMatchObject({ passed: null, coverage: null });
    stage.wait(1);
    for (let second = 0; second < 3; second++) stage.receive([udpTo(53), udpTo(80)], 8).wait(1);
    expect(stage.capture).toMatchObject({ passed: 1 / 8, coverage: null });
  });

  it('is nothing where the kernel drops everything, and not unknown', async () => {
    const stage = await new EngineStage({ filter: filterOf('nothing', []) }).start();
    for (let second = 0; second < 4; second++) {
      stage.kernel.set('eth0', 5000 + 100 * second);
      stage.wait(1);
    }
    expect(stage.capture.passed).toBe(0);
  });

  it('begins anew with another filter, in both directions', async () => {
    const stage = await new EngineStage({ filter: DNS }).start();
    const seconds = (count: number): void => {
      for (let second = 0; second < count; second++) stage.receive([udpTo(53), udpTo(80), udpTo(80), ARP]).wait(1);
    };
    seconds(4);
    expect(stage.capture.passed).toBe(1 / 4);
    stage.engine.setFilter(WEB);
    expect(stage.capture.passed).toBeNull();
    seconds(4);
    expect(stage.capture.passed).toBe(2 / 4);
    stage.engine.setFilter(null);
    expect(stage.capture).toMatchObject({ passed: null, coverage: null });
    seconds(4);
    expect(stage.capture).toMatchObject({ passed: null, coverage: 1 });
    stage.engine.setFilter(DNS);
    expect(stage.capture).toMatchObject({ passed: null, coverage: null });
  });

  it('does not take what came before the change for what the new filter let through', async () => {
    const stage = await new EngineStage({ filter: null }).start();
    stage.wait(1);
    stage.engine.setFilter(DNS);
    // Captured before the change, handed over after it, together with the first packet of after it.
    stage.now -= 0.01;
    stage.receive([udpTo(53), udpTo(53), udpTo(53)], 0);
    stage.now += 0.02;
    stage.receive([udpTo(80), udpTo(53)]).wait(1);
    stage.receive([udpTo(80), udpTo(53)]).wait(1);
    expect(stage.capture.passed).toBe(1 / 2);
  });
});
