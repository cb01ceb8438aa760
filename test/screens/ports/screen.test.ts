import { beforeEach, describe, expect, it } from 'vitest';
import { IpTrafficScreen } from '../../../screens/ip-traffic/screen.ts';
import type { Screen } from '../../../screens/kit/screen.ts';
import { PortsScreen } from '../../../screens/ports/screen.ts';
import type { PortOptions } from '../../../screens/ports/types.ts';
import { LiteralMonitor } from '../../support/ip-traffic-rows.ts';
import { LiteralPorts } from '../../support/port-rows.ts';
import { drawStack } from '../../support/screens.ts';

const names = { lookup: () => null, addressesMatching: () => [] };

let screen: PortsScreen;
let ports: LiteralPorts;

beforeEach(() => {
  screen = new PortsScreen({ watched: 'eth0', names, byteKind: 'wire' });
  ports = new LiteralPorts();
  settle();
});

function settle(): string {
  for (let round = 0; round < 2; round++) {
    screen.update([ports.answer(screen.queries()[0].query)]);
    drawStack([screen], 80, 24);
  }
  return drawStack([screen], 80, 24).toText();
}

function opened(key: string): Screen {
  const reaction = screen.onKey(key);
  if (reaction.type !== 'open') throw new Error(`${key} opens nothing`);
  return reaction.screen;
}

describe('the port screen', () => {
  it('asks for services by rate, and turns to the strict view and back', () => {
    const asked = { sort: 'rate', descending: true, options: { view: 'services', search: null } };
    expect(screen.queries()).toMatchObject([{ monitor: 'ports', query: asked }]);
    expect(screen.onKey('t')).toEqual({ type: 'refresh' });
    expect(screen.queries()[0].query.options).toMatchObject({ view: 'strict' });
    expect(settle()).toContain('7 ports below 1024 or configured');
    screen.onKey('t');
    expect(settle()).toContain('13 ports');
  });

  it.each([
    ['r', 'port', false],
    ['p', 'packets', true],
    ['b', 'bytes', true],
    ['t', 'packets-to', true],
    ['o', 'bytes-to', true],
    ['f', 'packets-from', true],
    ['m', 'bytes-from', true],
  ])("has iptraf-ng's letter %s for the order by %s", (letter, sort, descending) => {
    opened('s').onKey(letter);
    expect(screen.queries()[0].query).toMatchObject({ sort, descending });
  });

  it('tells the engine which ports a service name stands for', () => {
    for (const key of ['/', ...'HTTPS', 'ENTER']) screen.onKey(key);
    const { search, searchNames } = screen.queries()[0].query.options as unknown as PortOptions;
    expect(search).toBe('HTTPS');
    expect(searchNames?.[0].ports).toContain(443);
  });

  it('opens the conversations of the marked port with Enter, in units and names as they are here', () => {
    screen = new PortsScreen({ watched: 'eth0', names, byteKind: 'wire', sort: 'port' });
    settle();
    screen.onKey('DOWN');
    const conversations = opened('ENTER');
    expect(conversations).toBeInstanceOf(IpTrafficScreen);
    expect(conversations.title).toBe('IP traffic monitor: eth0, udp port 443');
    const within = { port: { ipProtocol: 17, port: 443 } };
    // One panel, and an order that this screen has.
    expect(conversations.queries()).toMatchObject([
      { monitor: 'ip-traffic', query: { sort: 'rate', options: { panel: 'other', within } } },
    ]);
    const monitor = new LiteralMonitor();
    monitor.feed(conversations);
    const text = drawStack([conversations], 80, 24).toText();
    expect(text).toContain('Other: 1 conversation ');
    expect(text).toMatch(/udp port 443: .* │ Rate .* │ Packets 52 │ IP /);
  });

  it('keeps packets, saved rows and both panels of a restricted screen to the port', () => {
    const conversations = opened('ENTER');
    const within = { port: { ipProtocol: 6, port: 443 } };
    new LiteralMonitor().feed(conversations);
    drawStack([conversations], 80, 24);
    expect(conversations.onKey('TAB')).toEqual({ type: 'redraw' });
    expect(conversations.queries()).toHaveLength(1);
    const packets = conversations.onKey('p');
    if (packets.type !== 'all' || packets.reactions[1].type !== 'open') throw new Error('p opens no packets');
    expect(packets.reactions[1].screen.title).toBe('Packet by packet: tcp port 443');
    expect(packets.reactions[1].screen.queries()[0].query.options).toEqual({ panel: 'packets', search: null, within });
    const save = conversations.onKey('CTRL_S');
    if (save.type !== 'open') throw new Error('Ctrl-S asks nothing');
    expect(save.screen.onKey('ENTER')).toMatchObject({
      reactions: [{ type: 'back' }, { question: { query: { options: { panel: 'all', within } } } }],
    });
  });

  it('opens nothing from an empty table', () => {
    ports.rows = [];
    settle();
    expect(screen.onKey('ENTER')).toEqual({ type: 'ignored' });
  });
});
