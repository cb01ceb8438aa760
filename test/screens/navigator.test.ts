import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Filter } from '../../filters/filter.ts';
import { messageDialog } from '../../screens/kit/dialog.ts';
import { IGNORED } from '../../screens/kit/keys.ts';
import type { Reaction, Screen } from '../../screens/kit/screen.ts';
import { createMenu } from '../../screens/menu/screen.ts';
import { Navigator, type NavigatorClient, type ScreenFact } from '../../screens/navigator.ts';
import type { AlertChange } from '../../src/alerts/alert.ts';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { MonitorName, Query } from '../../src/engine/monitor.ts';
import type { SettingChanges } from '../../src/store/settings-table.ts';
import { FakeFilterControl } from '../support/filter-control.ts';
import { MemorySurface, snapshotHead } from '../support/screens.ts';

const PINGS: Filter = { name: 'pings', description: '', rules: [{ action: 'include', protocol: 'icmp' }] };
const QUERY: Query = { sort: null, descending: true, offset: 0, limit: 10, follow: null, options: {} };

function snapshotOf(packets: number): Snapshot {
  const head = snapshotHead();
  return {
    ...head,
    capture: { ...head.capture, received: packets },
    rows: [packets],
    offset: 0,
    rowsTotal: 1,
    hidden: 0,
    extra: {},
  };
}

/** A client whose answers the test gives. */
class FakeClient implements NavigatorClient {
  asked: { monitor: MonitorName; query: Query; answer: (snapshot: Snapshot) => void; fail: (error: Error) => void }[] =
    [];
  requests: string[] = [];
  handlers = new Set<(fact: ScreenFact) => void>();
  /** Answer at once. */
  auto = true;
  /** Packets received, as every answer says it; null: one more with each. */
  received: number | null = null;
  outstanding = 0;
  mostOutstanding = 0;

  page(monitor: MonitorName, query: Query): Promise<Snapshot> {
    this.outstanding++;
    this.mostOutstanding = Math.max(this.mostOutstanding, this.outstanding);
    return new Promise<Snapshot>((answer, fail) => {
      this.asked.push({ monitor, query, answer, fail });
      if (this.auto) answer(snapshotOf(this.received ?? this.asked.length));
    }).finally(() => {
      this.outstanding--;
    });
  }

  async reset(): Promise<void> {
    this.requests.push('reset');
  }

  async command(monitor: MonitorName, command: string): Promise<void> {
    this.requests.push(`${monitor} ${command}`);
    if (command === 'fails') throw new Error('no such command');
  }

  async save(path: string, { monitor }: { monitor: MonitorName }): Promise<number> {
    this.requests.push(`save ${monitor} ${path}`);
    if (path === '/full') throw new Error('no space left');
    return 7;
  }

  onFact(handler: (fact: ScreenFact) => void): () => void {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  tell(fact: ScreenFact): void {
    for (const handler of this.handlers) handler(fact);
  }
}

/** A screen that shows how many packets its last snapshot had, and reacts to keys as told. */
class FakeScreen implements Screen {
  readonly title: string;
  readonly keys = [{ keys: ['s'], label: 's', help: 'Sort', bar: 'Sort' }];
  packets = 0;
  updates = 0;
  closed = 0;
  polled = 0;
  reactions: Record<string, Reaction> = { s: { type: 'refresh' } };
  readonly isMonitor: boolean;

  constructor(title: string, isMonitor = true) {
    this.title = title;
    this.isMonitor = isMonitor;
  }

  queries() {
    return this.isMonitor ? [{ monitor: 'ip-traffic' as const, query: QUERY }] : [];
  }

  update(snapshots: readonly Snapshot[]): void {
    this.packets = snapshots[0].rows[0] as number;
    this.updates++;
  }

  draw(canvas: { text(x: number, y: number, text: string, style: 'text'): void }): void {
    canvas.text(0, 5, `${this.title} shows ${this.packets}`, 'text');
  }

  onKey(key: string): Reaction {
    return this.reactions[key] ?? IGNORED;
  }

  close(): void {
    this.closed++;
  }

  poll(): void {
    this.polled++;
  }
}

/** Settings in memory; a change of tcpTimeoutMinutes cannot be saved. */
class FakeSettings {
  current = { refreshSeconds: 0.25 };
  changed: SettingChanges[] = [];

  async change(changes: SettingChanges): Promise<void> {
    this.changed.push(changes);
    Object.assign(this.current, changes);
    if (changes.tcpTimeoutMinutes !== undefined) throw new Error('cannot write settings: no space left on device');
  }
}

let settings: FakeSettings;
let filters: FakeFilterControl;
let surface: MemorySurface;
let client: FakeClient;
let first: FakeScreen;
let navigator: Navigator;
let left: boolean;

async function settle(milliseconds = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

function start(screen: Screen = first): void {
  navigator = new Navigator({ surface, client, settings, filters, first: screen, program: 'iptraf-ts 0.1.0' });
  void navigator.run().then(() => {
    left = true;
  });
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'clearImmediate',
      'performance',
    ],
  });
  surface = new MemorySurface();
  settings = new FakeSettings();
  filters = new FakeFilterControl([{ filter: PINGS, readyMade: false }]);
  client = new FakeClient();
  first = new FakeScreen('first');
  left = false;
});

afterEach(() => {
  navigator.leave();
  expect(vi.getTimerCount()).toBe(0);
  expect(client.handlers.size).toBe(0);
  vi.useRealTimers();
});

describe('pulling', () => {
  it('pulls four times a second and shows what came', async () => {
    start();
    await settle(1010);
    expect(client.asked.length).toBeGreaterThanOrEqual(4);
    expect(client.asked.length).toBeLessThanOrEqual(5);
    expect(surface.line(5)).toBe(`first shows ${client.asked.length}`);
  });

  it('pulls once a second while nothing is captured, and four times again when something is', async () => {
    client.received = 7;
    start();
    await settle(2510);
    const quiet = client.asked.length;
    expect(quiet).toBeGreaterThanOrEqual(3);
    expect(quiet).toBeLessThanOrEqual(5);
    client.received = null;
    await settle(2010);
    expect(client.asked.length - quiet).toBeGreaterThanOrEqual(5);
  });

  it('pulls as often as the settings say, also when they change', async () => {
    settings.current.refreshSeconds = 2;
    start();
    await settle(7900);
    expect(client.asked).toHaveLength(4);
    settings.current.refreshSeconds = 0.5;
    await settle(1100);
    expect(client.asked).toHaveLength(7);
  });

  it('pulls at once on refresh', async () => {
    start();
    await settle(10);
    expect(client.asked).toHaveLength(1);
    navigator.onKey('s');
    await settle(1);
    expect(client.asked).toHaveLength(2);
  });

  it('never has two pulls outstanding; a refresh meanwhile is asked right after', async () => {
    client.auto = false;
    start();
    for (let i = 0; i < 20; i++) navigator.onKey('s');
    await settle(2000);
    expect(client.asked).toHaveLength(1);
    client.asked[0].answer(snapshotOf(7));
    await settle(1);
    expect(client.asked).toHaveLength(2);
    client.asked[1].answer(snapshotOf(8));
    await settle(100);
    expect(client.asked).toHaveLength(2);
    expect(client.mostOutstanding).toBe(1);
  });

  it('does not pull while paused, keeps what is shown, and says so', async () => {
    start();
    await settle(10);
    navigator.onKey('CTRL_P');
    await settle(5000);
    expect(client.asked).toHaveLength(1);
    expect(surface.line(0)).toContain('PAUSED');
    expect(surface.line(5)).toBe('first shows 1');
    navigator.onKey('CTRL_P');
    await settle(1);
    expect(client.asked).toHaveLength(2);
    expect(surface.line(0)).not.toContain('PAUSED');
  });

  it('holds and goes on where a key of the screen asks for it', async () => {
    first.reactions.P = { type: 'toggle-pause' };
    start();
    await settle(10);
    navigator.onKey('P');
    await settle(5000);
    expect(client.asked).toHaveLength(1);
    expect(surface.line(0)).toContain('PAUSED');
    navigator.onKey('P');
    await settle(1);
    expect(client.asked).toHaveLength(2);
  });

  it('says what a key did for a moment', async () => {
    first.reactions.L = { type: 'all', reactions: [{ type: 'say', text: 'logarithmic scale' }, { type: 'redraw' }] };
    start();
    await settle(10);
    navigator.onKey('L');
    await settle(1);
    expect(surface.line(22)).toContain('logarithmic scale');
    await settle(3000);
    expect(surface.line(22)).not.toContain('logarithmic scale');
  });

  it('draws again when names were learned, also while paused', async () => {
    start();
    await settle(10);
    navigator.onKey('CTRL_P');
    await settle(10);
    first.packets = 77;
    await settle(100);
    expect(surface.line(5)).toBe('first shows 1');
    for (let n = 0; n < 100; n++) client.tell({ type: 'names-learned' });
    await settle(300);
    expect(surface.line(5)).toBe('first shows 77');
    expect(client.asked).toHaveLength(1);
  });

  it('says while paused that rows beyond those held do not come, until it goes on', async () => {
    start();
    await settle(10);
    navigator.onKey('s');
    await settle(1);
    expect(surface.line(22)).not.toContain('paused:');
    navigator.onKey('CTRL_P');
    navigator.onKey('s');
    await settle(1);
    expect(surface.line(22)).toContain('paused: these rows are held, others come when Ctrl-P goes on');
    navigator.onKey('CTRL_P');
    await settle(1);
    expect(surface.line(22)).not.toContain('paused:');
  });

  it('gives a screen that is opened while paused its first figures, and holds them', async () => {
    const second = new FakeScreen('second');
    first.reactions.ENTER = { type: 'open', screen: second };
    start();
    await settle(10);
    navigator.onKey('CTRL_P');
    navigator.onKey('ENTER');
    await settle(5000);
    expect(surface.line(0)).toContain('PAUSED');
    expect([second.updates, client.asked.length]).toEqual([1, 2]);
    navigator.onKey('ESCAPE');
    await settle(5000);
    expect([first.updates, client.asked.length]).toEqual([1, 2]);
  });

  it('holds what is shown while its help is read, and not once that screen is left', async () => {
    const second = new FakeScreen('second');
    const menu = new FakeScreen('menu', false);
    menu.reactions.ENTER = { type: 'open', screen: second };
    second.reactions.h = { type: 'open', screen: new FakeScreen('help', false) };
    start(menu);
    navigator.onKey('ENTER');
    await settle(10);
    navigator.onKey('CTRL_P');
    navigator.onKey('h');
    await settle(5000);
    navigator.onKey('ESCAPE');
    await settle(5000);
    expect(surface.line(0)).toContain('PAUSED');
    expect([second.updates, client.asked.length]).toEqual([1, 1]);
    navigator.onKey('ESCAPE');
    await settle(10);
    expect(surface.line(0)).not.toContain('PAUSED');
    navigator.onKey('ENTER');
    await settle(10);
    expect(second.updates).toBe(2);
  });

  it('says after a reset while paused that the rows are those of before', async () => {
    start();
    await settle(10);
    navigator.onKey('CTRL_P');
    navigator.onKey('CTRL_R');
    navigator.onKey('y');
    await settle(10);
    expect(client.requests).toEqual(['reset']);
    expect(surface.line(22)).toContain('paused: these rows are held');
  });

  it('a pull that was under way when the operator paused changes nothing', async () => {
    client.auto = false;
    start();
    navigator.onKey('CTRL_P');
    client.asked[0].answer(snapshotOf(9));
    await settle(10);
    expect(first.updates).toBe(0);
  });

  it('goes on for the monitor below a dialog, not below a whole screen', async () => {
    start();
    await settle(10);
    navigator.onKey('CTRL_R');
    await settle(500);
    const withDialog = client.asked.length;
    expect(withDialog).toBeGreaterThanOrEqual(3);
    navigator.onKey('ESCAPE');
    navigator.onKey('?');
    await settle(20);
    const before = client.asked.length;
    await settle(2000);
    expect(client.asked.length).toBe(before);
    navigator.onKey('q');
    await settle(1);
    expect(client.asked.length).toBe(before + 1);
  });

  it('an answer for a screen that was left is dropped', async () => {
    const second = new FakeScreen('second');
    first = new FakeScreen('first', false);
    first.reactions.ENTER = { type: 'open', screen: second };
    client.auto = false;
    start();
    navigator.onKey('ENTER');
    await settle(1);
    navigator.onKey('q');
    client.asked[0].answer(snapshotOf(3));
    await settle(10);
    expect(second.updates).toBe(0);
    expect(second.closed).toBe(1);
  });

  it('an answer that failed is told, the data stays, and pulling goes on', async () => {
    start();
    await settle(10);
    client.auto = false;
    await settle(300);
    client.asked[1].fail(new Error('the engine is busy'));
    await settle(300);
    expect(surface.line(22)).toContain('the engine is busy');
    expect(surface.line(5)).toBe('first shows 1');
    expect(client.asked.length).toBeGreaterThan(2);
    client.asked[2].answer(snapshotOf(5));
  });
});

describe('reactions', () => {
  it('opens, replaces and goes back; leaves at the first screen', async () => {
    const second = new FakeScreen('second');
    const third = new FakeScreen('third');
    first.reactions.ENTER = { type: 'open', screen: second };
    second.reactions.r = { type: 'replace', screen: third };
    start();
    navigator.onKey('ENTER');
    await settle(1);
    expect(surface.line(5)).toMatch(/^second/);
    navigator.onKey('r');
    await settle(1);
    expect(surface.line(5)).toMatch(/^third/);
    expect(second.closed).toBe(1);
    navigator.onKey('ESCAPE');
    await settle(1);
    expect(surface.line(5)).toMatch(/^first/);
    expect(left).toBe(false);
    navigator.onKey('q');
    await settle(1);
    expect(left).toBe(true);
    expect([first.closed, second.closed, third.closed]).toEqual([1, 1, 1]);
  });

  it.each(['x', 'CTRL_C'])('%s leaves from anywhere', async (key) => {
    const second = new FakeScreen('second');
    first.reactions.ENTER = { type: 'open', screen: second };
    start();
    navigator.onKey('ENTER');
    navigator.onKey(key);
    await settle(1);
    expect(left).toBe(true);
    expect(second.closed).toBe(1);
  });

  it('shows a dialog that nobody opened by a key', async () => {
    start();
    navigator.open(messageDialog('Warning', 'settings are damaged'));
    await settle(1);
    expect(surface.shown).toContain('settings are damaged');
    navigator.onKey('ENTER');
    await settle(1);
    expect(surface.shown).not.toContain('settings are damaged');
    expect(left).toBe(false);
  });

  it('a key of the screen wins over the common one', async () => {
    first.reactions.q = { type: 'redraw' };
    start();
    navigator.onKey('q');
    await settle(1);
    expect(left).toBe(false);
  });

  it('what is typed into a dialog does not leave the program; Ctrl-C does', async () => {
    start();
    navigator.onKey('CTRL_R');
    for (const key of ['x', '?', 'CTRL_P', 'o']) navigator.onKey(key);
    await settle(1);
    expect(left).toBe(false);
    navigator.onKey('CTRL_C');
    await settle(1);
    expect(left).toBe(true);
  });

  it('Ctrl-C over a dialog is asked of the screen beneath, which may have something to lose; twice does not leave', async () => {
    start();
    await settle(1);
    for (const key of ['v', 'HOME', 'e', 'r', 'n', 'CTRL_C']) navigator.onKey(key);
    expect(navigator.top.title).toBe('Not saved');
    navigator.onKey('CTRL_C');
    expect(navigator.top.title).toBe('Name and description');
    await settle(1);
    expect(left).toBe(false);
    for (const key of ['CTRL_C', 'd']) navigator.onKey(key);
    await settle(1);
    expect(left).toBe(true);
  });

  it('resets the counters only after the question', async () => {
    start();
    await settle(1);
    navigator.onKey('CTRL_R');
    navigator.onKey('ESCAPE');
    await settle(1);
    expect(client.requests).toEqual([]);
    navigator.onKey('CTRL_R');
    await settle(1);
    expect(surface.shown).toContain('Set all counters to zero?');
    navigator.onKey('ENTER');
    await settle(1);
    expect(client.requests).toEqual(['reset']);
    expect(surface.shown).not.toContain('Set all counters to zero?');
  });

  it('carries out commands of a monitor, and tells when one failed until a key is pressed', async () => {
    const command = (name: string): Reaction => ({
      type: 'engine',
      request: { type: 'command', monitor: 'ip-traffic', command: name, arguments: {} },
    });
    first.reactions.F = command('flush');
    first.reactions.E = command('fails');
    start();
    navigator.onKey('F');
    navigator.onKey('E');
    await settle(60_000);
    expect(client.requests).toEqual(['ip-traffic flush', 'ip-traffic fails']);
    expect(surface.line(22)).toContain('no such command');
    navigator.onKey('s');
    await settle(1);
    expect(surface.line(22)).not.toContain('no such command');
  });

  it('changes settings, shows what holds, and says so where they cannot be saved', async () => {
    first.reactions = {
      t: { type: 'change-settings', changes: { theme: 'dark' } },
      u: { type: 'change-settings', changes: { tcpTimeoutMinutes: 5 } },
    };
    start();
    await settle(1);
    const { frames } = surface;
    first.packets = 42;
    navigator.onKey('t');
    await settle(1);
    expect(settings.changed).toEqual([{ theme: 'dark' }]);
    expect(surface.shown).toContain('shows 42');
    expect(surface.frames).toBeGreaterThan(frames);
    expect(surface.line(22)).not.toContain('cannot');
    navigator.onKey('u');
    await settle(1);
    expect(surface.line(22)).toContain('cannot write settings: no space left on device');
  });

  it('repaints, suspends, resizes', async () => {
    start();
    navigator.onKey('CTRL_L');
    navigator.onKey('CTRL_Z');
    expect([surface.forgotten, surface.suspended]).toEqual([1, 1]);
    surface.width = 100;
    surface.height = 30;
    navigator.onResize();
    expect(surface.shown.split('\n')).toHaveLength(31);
    surface.width = 40;
    navigator.onResize();
    expect(surface.shown).toContain('needs 60x12');
    surface.width = 80;
    navigator.onResize();
    expect(surface.line(5)).toMatch(/^first/);
  });

  it('reads a screen that lives by itself once a second, only while it is on top', async () => {
    const second = new FakeScreen('second');
    first.reactions.ENTER = { type: 'open', screen: second };
    start();
    await settle(3000);
    expect(first.polled).toBe(4);
    navigator.onKey('ENTER');
    await settle(2000);
    expect(first.polled).toBe(4);
    expect(second.polled).toBe(3);
  });
});

describe('filters', () => {
  it('v opens them over any monitor; applying one comes back with a message', async () => {
    start();
    await settle(10);
    navigator.onKey('v');
    await settle(1);
    expect(surface.line(0)).toContain('Filters');
    navigator.onKey('ENTER');
    await settle(1);
    expect(filters.requests).toEqual([{ type: 'apply', filter: PINGS }]);
    expect(navigator.top).toBe(first);
    expect(surface.line(22)).toContain('filter pings applies');
  });

  it('says why one is refused, and stays there', async () => {
    filters.refusal = 'nobody knows www.example.org';
    start();
    navigator.onKey('v');
    navigator.onKey('ENTER');
    await settle(1);
    expect(surface.line(0)).toContain('Filters');
    expect(surface.line(22)).toContain('nobody knows www.example.org');
    filters.refusal = `nobody knows ${'www.example.org, '.repeat(5)}www.example.net`;
    navigator.onKey('ENTER');
    await settle(1);
    expect(surface.shown).toMatch(/Not possible[\s\S]*www\.example\.net/);
    expect(filters.active).toBeNull();
  });

  it('tells the reason alone to the screen that asked, while it is on top, else to the operator', async () => {
    const reasons: string[] = [];
    const failed = (reason: string): Reaction => {
      reasons.push(reason);
      return { type: 'say', text: `told: ${reason}` };
    };
    first.reactions.f = { type: 'filter', request: { type: 'apply-expression', text: 'foo' }, failed };
    filters.refusal = 'syntax error';
    start();
    await settle(10);
    navigator.onKey('f');
    await settle(1);
    expect(reasons).toEqual(['syntax error']);
    expect(surface.line(22)).toContain('told: syntax error');
    navigator.onKey('f');
    navigator.onKey('?');
    await settle(1);
    expect(reasons).toHaveLength(1);
    expect(surface.shown).toMatch(/cannot use filter .*syntax error/);
  });

  it('V leaves out the own session and counts it again, without leaving the monitor', async () => {
    start();
    navigator.onKey('V');
    await settle(1);
    expect(surface.line(22)).toContain('your ssh session is left out');
    navigator.onKey('V');
    await settle(1);
    expect(surface.line(22)).toContain('counted again');
    expect(navigator.top).toBe(first);
  });

  it('v and V mean nothing where no monitor is shown', async () => {
    const menu = new FakeScreen('menu', false);
    start(menu);
    navigator.onKey('v');
    navigator.onKey('V');
    await settle(1);
    expect(navigator.top).toBe(menu);
    expect(filters.requests).toEqual([]);
  });

  it('an answer that comes when something else is on top does not take that away', async () => {
    start();
    navigator.onKey('v');
    navigator.onKey('ENTER');
    navigator.onKey('n');
    await settle(1);
    expect(filters.active).toBe('pings');
    expect(surface.shown).toContain('New filter');
  });

  it('draws what a screen has found out as soon as it is known', async () => {
    filters.counted = { seconds: 2, matched: 3, seen: 4, exact: true };
    start();
    navigator.onKey('v');
    await settle(1010);
    expect(surface.shown).toContain('3 of 4 packets');
    navigator.onKey('ESCAPE');
    await settle(1);
    expect(filters.probed).toEqual([PINGS, null]);
  });
});

describe('drawing', () => {
  it('makes one frame of a burst of keys', async () => {
    start();
    await settle(10);
    const before = surface.frames;
    first.reactions.DOWN = { type: 'redraw' };
    for (let i = 0; i < 50; i++) navigator.onKey('DOWN');
    await settle(1);
    expect(surface.frames).toBe(before + 1);
  });

  it('skips frames while the terminal is busy, and shows the newest when it is not', async () => {
    start();
    await settle(10);
    surface.isBusy = true;
    const before = surface.frames;
    await settle(2000);
    expect(surface.frames).toBe(before);
    surface.isBusy = false;
    await settle(40);
    expect(surface.frames).toBeGreaterThan(before);
    expect(surface.line(5)).toBe(`first shows ${client.asked.length}`);
  });
});

describe('facts', () => {
  it('tells of an interface that went down for a while, then of the capture again', async () => {
    start();
    await settle(10);
    client.tell({ type: 'interface-down', interface: 'eth0', reason: 'no carrier' });
    await settle(1);
    expect(surface.line(22)).toContain('eth0 is down: no carrier; its data stays');
    client.tell({ type: 'interface-down', interface: 'eth0', reason: 'gone' });
    await settle(1);
    expect(surface.line(22)).toContain('eth0 is gone; its data stays');
    await settle(9000);
    expect(surface.line(22)).toMatch(/Received \d+/);
  });

  it('keeps data and error when the engine is lost, and asks nothing more', async () => {
    start();
    await settle(10);
    client.tell({
      type: 'engine-lost',
      error: { code: 'E_ENGINE_LOST', operation: 'go on', target: '', cause: 'the engine was killed (SIGKILL)' },
    });
    await settle(1);
    const asked = client.asked.length;
    await settle(60_000);
    navigator.onKey('s');
    await settle(1000);
    expect(surface.line(22)).toContain('the engine was killed (SIGKILL)');
    expect(surface.line(5)).toMatch(/^first shows \d/);
    expect(client.asked.length).toBe(asked);
    navigator.onKey('q');
    await settle(1);
    expect(left).toBe(true);
  });
});

describe('alerts', () => {
  const started: AlertChange = {
    type: 'alert',
    state: 'started',
    time: 5,
    since: 5,
    alert: 'host>1MB/s',
    measure: 'host',
    subject: '10.0.0.1',
    value: 2e6,
    limit: 1e6,
    unit: 'bytesPerSecond',
  };

  it('are named when they begin and end, and counted while they last', async () => {
    start();
    await settle(10);
    client.tell(started);
    client.tell({ ...started, subject: '10.0.0.2' });
    await settle(1);
    expect(surface.line(22)).toMatch(/^ alert: host>1MB\/s: 10\.0\.0\.2, 16\.00 Mbit\/s +2 alerts\s*$/);
    await settle(9000);
    expect(surface.line(22)).toMatch(/Received \d+.* 2 alerts\s*$/);
    client.tell({ ...started, state: 'ended' });
    await settle(1);
    expect(surface.line(22)).toMatch(/^ alert over: host>1MB\/s: 10\.0\.0\.1, at most 16\.00 Mbit\/s +1 alert\s*$/);
  });

  it('that end with their capture are no news', async () => {
    start();
    await settle(10);
    client.tell(started);
    await settle(9000);
    client.tell({ ...started, state: 'ended', cut: 'capture-ended' });
    await settle(1);
    expect(surface.line(22)).not.toContain('alert');
  });

  it('that cannot be judged say so', async () => {
    start();
    await settle(10);
    client.tell({ type: 'alert', state: 'notice', time: 5, alert: 'interface>80%', text: 'no speed \u001b[2J' });
    await settle(1);
    expect(surface.line(22)).toContain('alert: interface>80%: no speed ·[2J');
    expect(surface.line(22)).not.toMatch(/\d alert/);
  });
});

it('what was told of an interface before the engine had started stays', async () => {
  start();
  client.tell({ type: 'interface-down', interface: 'eth0', reason: 'down' });
  client.tell({ type: 'engine-started' });
  await settle(10);
  expect(surface.line(22)).toContain('eth0 is down; its data stays');
});

it('an engine that was lost is forgotten when another capture starts', async () => {
  start();
  await settle(10);
  client.tell({
    type: 'engine-lost',
    error: { code: 'E_ENGINE_LOST', operation: 'go on', target: '', cause: 'the engine was killed (SIGKILL)' },
  });
  await settle(1000);
  const asked = client.asked.length;
  client.tell({ type: 'engine-started' });
  await settle(1);
  expect(client.asked.length).toBe(asked + 1);
  expect(surface.line(22)).not.toContain('the engine was killed');
  navigator.say('news');
  await settle(1);
  expect(surface.line(22)).toContain('news');
});

it('from the menu to a monitor and back, by keys alone', async () => {
  const monitor = new FakeScreen('IP traffic');
  start(
    createMenu({
      version: '0.1.0',
      interfaces: () => [],
      filters: () => monitor,
      configure: () => monitor,
      openMonitor: () => monitor,
    }),
  );
  await settle(1);
  expect(surface.shown).toContain('IP traffic monitor');
  expect(surface.line(22)).toContain('Every conversation');
  navigator.onKey('m');
  navigator.onKey('a');
  await settle(10);
  expect(surface.line(0)).toContain('IP traffic');
  expect(surface.line(5)).toBe('IP traffic shows 1');
  for (const key of ['ESCAPE', 'ESCAPE', 'ESCAPE']) navigator.onKey(key);
  await settle(1);
  expect(left).toBe(true);
});
