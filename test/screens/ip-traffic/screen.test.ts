import { beforeEach, describe, expect, it } from 'vitest';
import { createHelp } from '../../../screens/help/screen.ts';
import { DEFAULT_VIEW } from '../../../screens/ip-traffic/cells.ts';
import { PacketView, packetTime } from '../../../screens/ip-traffic/packet-view.ts';
import { IpTrafficScreen } from '../../../screens/ip-traffic/screen.ts';
import type { IpTrafficOptions, IpTrafficRow } from '../../../screens/ip-traffic/types.ts';
import { commonKeysOf } from '../../../screens/kit/chrome.ts';
import type { Reaction, Screen } from '../../../screens/kit/screen.ts';
import { LiteralMonitor, packetLines, tcpRows } from '../../support/ip-traffic-rows.ts';
import { drawStack } from '../../support/screens.ts';

const names = {
  lookup: (address: string) => (address === '10.77.0.2' ? 'bob.example' : null),
  addressesMatching: (isMeant: (name: string) => boolean) => (isMeant('bob.example') ? ['10.77.0.2'] : []),
};

let monitor: LiteralMonitor;
let screen: IpTrafficScreen;

/** Draws, asks what the screen now wants, draws: one turn of the loop. */
function turn(of: Screen = screen, width = 80, height = 24): string {
  drawStack([of], width, height, { head: monitor.head });
  monitor.feed(of);
  return drawStack([of], width, height, { head: monitor.head }).toText();
}

function press(...keys: string[]): Reaction {
  let reaction: Reaction = { type: 'ignored' };
  for (const key of keys) {
    reaction = screen.onKey(key);
    turn();
  }
  return reaction;
}

function opened(reaction: Reaction): Screen {
  const all = reaction.type === 'all' ? reaction.reactions : [reaction];
  const open = all.find((each) => each.type === 'open');
  if (open?.type !== 'open') throw new Error(`nothing opened: ${JSON.stringify(reaction)}`);
  return open.screen;
}

/** Carries out what a dialog answered: everything but closing it. */
function answered(reaction: Reaction): Reaction[] {
  return reaction.type === 'all' ? reaction.reactions.filter((each) => each.type !== 'back') : [reaction];
}

const optionsOf = (i: number): IpTrafficOptions => screen.queries()[i].query.options as unknown as IpTrafficOptions;

beforeEach(() => {
  monitor = new LiteralMonitor();
  screen = new IpTrafficScreen({ watched: 'eth0', names });
  turn();
});

it('begins with source MAC addresses in both panels where the settings ask for them', () => {
  expect(turn().match(/Source MAC/g) ?? []).toEqual([]);
  screen = new IpTrafficScreen({ watched: 'eth0', names, showSourceMacs: true });
  const text = turn();
  expect(text.match(/Source MAC/g)).toHaveLength(2);
  expect(text).toMatch(/ICMP +10\.77\.0\.1 .*([0-9a-f]{2}:){5}[0-9a-f]{2}│$/m);
  press('m', 'm', 'm');
  expect(turn()).toMatch(/TCP connections .* Pkts +Bytes /);
});

describe('what the screen asks for', () => {
  it('is one page for each panel, as long as the panel is high, the busiest first', () => {
    const [tcp, other] = screen.queries();
    expect(tcp.query).toMatchObject({ sort: 'rate', descending: true, offset: 0, limit: 5 });
    expect(other.query).toMatchObject({ offset: 0, limit: 6 });
    expect([optionsOf(0).panel, optionsOf(1).panel]).toEqual(['tcp', 'other']);
  });

  it('grows with the terminal', () => {
    turn(screen, 200, 60);
    expect(screen.queries().map(({ query }) => query.limit)).toEqual([16, 20]);
  });
});

describe('selection', () => {
  it('stays with its row while rows change places', () => {
    press('DOWN', 'DOWN');
    const before = turn().split('\n');
    const tcp = monitor.rows.filter((row) => row.protocol === 'tcp');
    monitor.rows = [tcp[3], tcp[4], ...monitor.rows.filter((row) => row !== tcp[3] && row !== tcp[4])];
    turn();
    const details = opened(screen.onKey('ENTER'));
    monitor.feed(details);
    const text = drawStack([details], 80, 24).toText();
    expect(before.join()).toContain('192.168.100.200');
    expect(text).toContain('192.168.100.200');
  });

  it('scrolls a page with Space and -, to the ends with Home and End', () => {
    press('END');
    expect(turn()).toContain('11/11');
    press('-');
    expect(turn()).toContain('7/11');
    press('HOME');
    expect(turn()).toContain('1/11');
    press(' ');
    expect(turn()).toContain('5/11');
  });

  it('is separate in each panel; W and Tab change the active one', () => {
    press('W', 'DOWN');
    const lines = turn().split('\n');
    expect(lines.find((line) => line.includes('Other:'))).toContain('2/12 ─ Active');
    expect(lines.find((line) => line.includes('TCP:'))).not.toContain('Active');
    press('TAB');
    expect(turn().split('\n')[12]).toContain('Active');
  });

  it('follows the mouse into the other panel', () => {
    const reaction = screen.onMouse({ kind: 'press', x: 10, y: 16 });
    expect(reaction.type).not.toBe('ignored');
    expect(turn().split('\n')[20]).toContain('3/12 ─ Active');
  });
});

describe('order', () => {
  it('is chosen from a list; the same again turns it round', () => {
    const bytes = answered(opened(screen.onKey('S')).onKey('b'));
    expect(bytes).toContainEqual({ type: 'refresh' });
    expect(screen.queries()[0].query).toMatchObject({ sort: 'bytes', descending: true });
    opened(screen.onKey('F6')).onKey('b');
    expect(screen.queries()[1].query).toMatchObject({ sort: 'bytes', descending: false });
  });

  it('of texts goes upwards first', () => {
    opened(screen.onKey('o')).onKey('s');
    expect(screen.queries()[0].query).toMatchObject({ sort: 'source', descending: false });
  });
});

describe('search', () => {
  it('narrows with every key and says how much it hides', () => {
    expect(screen.onKey('/').type).toBe('redraw');
    expect(screen.onKey('5').type).toBe('refresh');
    press('3');
    expect(optionsOf(0).search).toBe('53');
    expect(turn()).toMatch(/Search: 53 .*shown, .*hidden/);
  });

  it('takes letters that are keys elsewhere', () => {
    press('/', 'q', 'x', '?', 'n');
    expect(optionsOf(0).search).toBe('qx?n');
  });

  it('stays after Enter and goes with Esc, which then does not leave the screen', () => {
    press('/', 'u', 'd', 'p', 'ENTER');
    expect(turn()).toContain('hidden by search');
    expect(screen.onKey('ESCAPE').type).toBe('refresh');
    expect(optionsOf(0).search).toBeNull();
    expect(screen.onKey('ESCAPE').type).toBe('ignored');
  });

  it('finds names of hosts and services where these are shown', () => {
    press('/', 'b', 'o', 'b');
    expect(optionsOf(0).searchNames).toBeUndefined();
    press('ENTER', 'n', 'N');
    expect(optionsOf(0).searchNames).toEqual([{ addresses: ['10.77.0.2'] }]);
    press('ESCAPE', '/', 's', 's', 'h');
    expect(optionsOf(0).searchNames?.[0].ports).toContain(22);
  });

  it('names its fields until something is typed, and says what is missing or wrong', () => {
    const line = (...keys: string[]): string => {
      press(...keys);
      return turn().split('\n')[21];
    };
    expect(line('/')).toMatch(/^ Search: +any text, host: port: proto: state: iface: process:$/);
    expect(line(...'host:')).toMatch(/^ Search: host: +host: address, network or name │ \d+ shown, 0 hidden$/);
    expect(line(...'/10\\.')).toContain('a regular expression ends with /');
    expect(line(...'(')).toContain('a regular expression ends with /');
    expect(line('/')).toContain('/10\\.(/: ( without )');
    expect(line('CTRL_U', ...'mac:aa')).toContain('no mac: here');
    expect(line('CTRL_U', ...'process:sshd')).toMatch(/programs are not known here │ 0 shown, \d+ hidden/);
  });

  it('keeps text and notes apart however long the text is', () => {
    for (const width of [60, 80, 120]) {
      screen = new IpTrafficScreen({ watched: 'eth0', names });
      press('/');
      for (const key of 'proto:tcp !port:22 host:/10\\.9\\./ iface:eth0 !state:closed host:/(') {
        screen.onKey(key);
        const line = turn(screen, width, 24).split('\n')[21].trimEnd();
        const [, , typed, note] = / (Search:) (.*?) {2,}(\S.*)$/.exec(line) ?? [null, '', '', ''];
        expect([line, line.length < width, typed.length > 0, note.length > 3]).toEqual([line, true, true, true]);
      }
    }
  });

  it('tells the engine names by term, those of hosts and services behind their fields even where they are not shown', () => {
    press('/', ...'host:bob !port:ssh tcp');
    expect(optionsOf(0)).toMatchObject({
      search: 'host:bob !port:ssh tcp',
      searchNames: [{ addresses: ['10.77.0.2'] }, { ports: [22] }, {}],
    });
    press('CTRL_U', ...'port:http');
    expect(optionsOf(0).searchNames).toEqual([{ ports: [80] }]);
    press('CTRL_U', ...'port:/^https?$/');
    expect(optionsOf(0).searchNames?.[0].ports?.toSorted()).toEqual([443, 80]);
  });

  it('marks the texts that it looks for, and no others', () => {
    press('/', ...'eth !udp');
    const canvas = drawStack([screen], 80, 24, { head: monitor.head });
    const rows = canvas.toText().split('\n');
    const marks = rows.flatMap((row, y) =>
      [...row].flatMap((cell, x) => (canvas.styleAt(x, y) === 'match' ? [cell] : [])),
    );
    expect([...new Set(marks.join('').match(/.{3}/g))]).toEqual(['eth']);
  });

  it('is explained on the help screen, with its own fields', () => {
    const help = turn(createHelp(screen), 80, 60);
    expect(help).toMatch(
      /Search \(\/\)[\s\S]*host:text +Only there: host, port, proto, state, iface, process[\s\S]*Everywhere/,
    );
    expect(help).toContain('host:10.0.0.0/8');
    expect(turn(createHelp(createHelp(screen)), 80, 60)).not.toContain('Search (/)');
  });

  it('lets the selection move while it is typed', () => {
    press('/', '1', '0', 'DOWN');
    expect(turn()).toContain('2/');
  });
});

describe('keys', () => {
  it('M goes round the four kinds of columns', () => {
    const titles = (): string => turn().split('\n')[1];
    const seen = [titles()];
    for (let i = 0; i < 4; i++) {
      press('m');
      seen.push(titles());
    }
    expect(seen[1]).toContain('Source MAC');
    expect(seen[2]).toContain('Pkt size');
    expect(seen[3]).toContain('Retrans');
    expect(seen[4]).toBe(seen[0]);
  });

  it('F asks the engine to flush closed rows', () => {
    expect(screen.onKey('F')).toEqual({
      type: 'engine',
      request: { type: 'command', monitor: 'ip-traffic', command: 'flush', arguments: {} },
    });
  });

  it('n shows names where they are known and addresses where not', () => {
    press('n');
    const text = turn();
    expect(text).toContain('bob.example:443');
    expect(text).toContain('10.77.0.1:33418');
  });

  it('Ctrl-S asks for a file name and saves all rows of both panels in this order and search', () => {
    press('/', '4', '0', 'ENTER');
    const prompt = opened(screen.onKey('CTRL_S'));
    for (const key of ['CTRL_U', 'o', 'u', 't', '.', 'c', 's', 'v']) prompt.onKey(key);
    const [save] = answered(prompt.onKey('ENTER'));
    expect(save).toMatchObject({
      type: 'save',
      path: 'out.csv',
      question: { monitor: 'ip-traffic', query: { sort: 'rate', limit: 0, options: { panel: 'all', search: '40' } } },
    });
  });

  it('Ctrl-S without a name saves nothing', () => {
    const prompt = opened(screen.onKey('CTRL_S'));
    prompt.onKey('CTRL_U');
    expect(answered(prompt.onKey('ENTER')).map(({ type }) => type)).not.toContain('save');
  });

  it('C switches columns off and on again', () => {
    expect(turn(screen, 120, 40)).toContain('State');
    opened(screen.onKey('C')).onKey('ENTER');
    const title = turn(screen, 120, 40).split('\n')[1];
    expect(title).not.toContain('Pkts');
    expect(title).toContain('Bytes');
    opened(screen.onKey('C')).onKey('ENTER');
    expect(turn(screen, 120, 40).split('\n')[1]).toContain('Pkts');
  });

  it('leaves keys of the whole program alone', () => {
    for (const key of ['q', 'x', '?', 'CTRL_P', 'CTRL_R', 'CTRL_C']) expect(screen.onKey(key).type).toBe('ignored');
    const own = screen.keys.flatMap(({ keys }) => keys);
    expect(new Set(own).size).toBe(own.length);
    expect(commonKeysOf(screen).map(({ label }) => label)).toEqual(expect.arrayContaining(['?', '^P', 'q', 'x']));
  });
});

describe('rows', () => {
  it('that are over are dim, the others not', () => {
    const closed = tcpRows().filter(({ state }) => state === 'closed' || state === 'established');
    monitor.rows = closed;
    turn();
    const grid = drawStack([screen], 80, 24, { head: monitor.head });
    const lines = grid.toText().split('\n');
    const styleOf = (text: string): string =>
      grid.styleAt(
        5,
        lines.findIndex((line) => line.includes(text)),
      );
    expect(styleOf('10.77.0.51:80')).toBe('dim');
    expect(styleOf('203.0.113.117:22')).toBe('text');
  });

  it('keep the port when the address is cut', () => {
    turn(screen, 60, 24);
    const cut = turn(screen, 60, 24)
      .split('\n')
      .filter((line) => line.includes('…'));
    expect(cut.some((line) => line.includes(']:54321'))).toBe(true);
  });

  it('of a name with escapes reach the canvas without them', () => {
    monitor.rows = [{ ...(monitor.rows[0] as IpTrafficRow), interface: '\u001b[31mx' }];
    expect(turn()).not.toContain('\u001b');
  });
});

describe('details', () => {
  it('say when the conversation is gone, and keep its last figures', () => {
    const details = opened(screen.onKey('ENTER'));
    monitor.rows = monitor.rows.slice(1);
    expect(turn(details)).toContain('gone: these are the last figures');
    expect(turn(details)).toContain('10.77.0.1');
  });
});

describe('names in the details', () => {
  it('are asked for only on request', () => {
    const asked: string[] = [];
    const lookup = (address: string): string => `${asked.push(address)}.example`;
    screen = new IpTrafficScreen({ watched: 'eth0', names: { lookup, addressesMatching: () => [] } });
    turn();
    const details = opened(screen.onKey('ENTER'));
    expect(turn(details)).toContain('n asks for the name');
    expect(asked).toEqual([]);
    details.onKey('n');
    expect(turn(details)).toMatch(/\d\.example/);
  });
});

describe('packet by packet', () => {
  const view = (): PacketView => {
    const [keep, open] = (screen.onKey('p') as { reactions: Reaction[] }).reactions;
    expect(keep).toMatchObject({ type: 'engine', request: { command: 'packets', arguments: { on: true } } });
    return opened(open) as PacketView;
  };
  const lastLine = (text: string): string => text.split('\n')[19];

  it('follows the newest until one scrolls up, and again with End', () => {
    monitor.packets = packetLines(100);
    const packets = view();
    expect(lastLine(turn(packets))).toContain('02:44:59.986');
    packets.onKey('UP');
    monitor.packets = packetLines(101);
    expect(lastLine(turn(packets))).not.toContain('02:44:59.986');
    const stopped = turn(packets);
    monitor.packets = packetLines(150);
    expect(turn(packets)).toBe(stopped);
    packets.onKey('END');
    expect(lastLine(turn(packets))).toContain('02:44:59.986');
  });

  it('stops the engine from keeping packets when it is left', () => {
    expect(view().onKey('ESCAPE')).toMatchObject({
      reactions: [{ type: 'engine', request: { arguments: { on: false } } }, { type: 'back' }],
    });
  });

  it('goes back to the oldest and no further', () => {
    monitor.packets = packetLines(40);
    const packets = new PacketView(DEFAULT_VIEW, names);
    turn(packets);
    packets.onKey('HOME');
    const text = turn(packets);
    packets.onKey('PAGE_UP');
    expect(turn(packets)).toBe(text);
    expect(text.split('\n')[2]).toContain(packetTime(monitor.packets[0].time).slice(0, 12));
  });

  it('searches', () => {
    monitor.packets = packetLines(40);
    const packets = view();
    turn(packets);
    for (const key of ['/', 'n', 'e', 'i', 'g', 'h']) packets.onKey(key);
    const text = turn(packets);
    expect(text).toContain('neigh sol');
    expect(text).not.toContain('echo req');
    packets.onKey('ESCAPE');
    expect(turn(packets)).toContain('echo req');
  });

  it('writes times that no calendar has as nothing', () => {
    expect([packetTime(0.000_123), packetTime(1e18)]).toEqual(['00:00:00.000123', '']);
  });
});
