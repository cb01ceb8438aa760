import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createNamespacePair, type NamespacePair, namespacesUnavailable } from '../support/namespaces.ts';
import { buildProgram, PROGRAM, type ProgramHome, temporaryHome } from '../support/program.ts';
import { KEY, spawnInTerminal, type TerminalSession } from '../support/pty.ts';

const unavailable = namespacesUnavailable();
const TITLE = /^ iptraf-ts \S+ +Host pairs: right/;
const PAIR = /10\.91\.0\.2[\s\S]*10\.91\.0\.1/;

/** Talks to port 9000, again where nobody listens yet. One process: it ends with its namespace. */
const TALKER = `
const talk = () => {
  const socket = require('net').connect(9000, process.argv[1]);
  const words = setInterval(() => socket.write('some text\\n'), 50);
  socket.on('error', () => {}).on('close', () => { clearInterval(words); setTimeout(talk, 100); });
};
talk();`;

describe.skipIf(unavailable !== null)(`host pairs on a screen (${unavailable ?? 'in namespaces'})`, () => {
  let pair: NamespacePair;
  let home: ProgramHome;
  let terminal: TerminalSession;

  beforeAll(async () => {
    buildProgram();
    pair = await createNamespacePair('pairs');
    pair.right.spawn(['nc', '-lk', '9000'], { stdio: 'ignore' });
    pair.left.spawn([process.execPath, '-e', TALKER, pair.right.ipv4], { stdio: 'ignore' });
    pair.left.spawn(['ping', '-i', '0.2', pair.right.ipv4], { stdio: 'ignore' });
    // Another pair, by IPv6, and hosts beyond that answer nothing.
    pair.left.spawn(['ping', '-i', '0.2', pair.right.ipv6], { stdio: 'ignore' });
  });
  afterAll(() => pair?.dispose());

  beforeEach(() => {
    home = temporaryHome();
  });
  afterEach(async () => {
    await terminal?.close();
    home.remove();
  });

  const open = async (args: string[], cols = 100): Promise<void> => {
    const command = ['netns', 'exec', pair.right.name, process.execPath, PROGRAM, ...args];
    terminal = await spawnInTerminal('ip', command, { cols, rows: 30, env: home.env });
  };

  /** A key, and what is on the screen after it. */
  const press = async (key: string, shown: RegExp | ((screen: string[]) => boolean)): Promise<string> => {
    terminal.send(key);
    return (await terminal.waitFor(shown)).join('\n');
  };

  it('leads from the menu to a pair, its conversations, the IP traffic monitor at that row, and back', async () => {
    await open([]);
    await terminal.waitFor(/Host pair monitor[\s\S]*Exit/);
    await press('h', /which interface/);
    await press('a', /Host pairs: all interfaces[\s\S]*pairs/);
    await terminal.waitFor(PAIR);
    // IPv4 and IPv6 alone: the search leaves the one pair, which is marked.
    await press('/10.91.0.1', (screen) => /1 pair\b/.test(screen.join('\n')));
    terminal.send(KEY.enter);
    const conversations = await press(
      KEY.enter,
      /Conversations of 10\.91\.0\.[12] and 10\.91\.0\.[12] on right[\s\S]*:9000[\s\S]*ICMP/,
    );
    expect(conversations).toContain('this pair:');
    expect(conversations).not.toContain('ICMPv6');
    // The ping: it is the only one of the panel below.
    await press(KEY.tab, /Other: 1 conversation .*Active/);
    const whole = await press(KEY.enter, /IP traffic monitor: all interfaces[\s\S]*ICMPv6/);
    expect(whole).toMatch(/Other: \d+ conversations?.*Active/);
    expect(whole).not.toContain('no longer listed');
    // The marked row is the ping's: what Enter tells of it.
    await press(KEY.enter, /Conversation[\s\S]*A {2}seen first +10\.91\.0\.[12][\s\S]*ICMP/);
    await press(KEY.escape, /IP traffic monitor: all interfaces/);
    await press(KEY.escape, /Conversations of 10\.91\.0\.[12] and/);
    await press(KEY.escape, /Host pairs: all interfaces[\s\S]*1 pair\b/);
    // The search goes first, then the screen.
    await press(KEY.escape, (screen) => !/hidden by/.test(screen.join('\n')));
    await press(KEY.escape, /which interface/);
    terminal.send('x');
    expect(await terminal.waitForExit()).toBe(0);
  });

  it("has iftop's keys, and fits the terminal's size", async () => {
    await open(['--pairs', 'right']);
    await terminal.waitFor(TITLE);
    await terminal.waitFor(PAIR);
    const steps: [key: string, shown: RegExp][] = [
      ['p', /ports shown on both sides/],
      ['p', /all ports together/],
      ['S', /our ports shown/],
      ['S', /our ports together/],
      ['D', /their ports shown/],
      ['D', /their ports together/],
      ['s', /all our hosts together/],
      ['s', /each of our hosts/],
      ['d', /all their hosts together/],
      ['d', /each of their hosts/],
      ['t', /one line a pair: both/],
      ['t', /what was sent/],
      ['t', /what was received/],
      ['t', /two lines a pair/],
      ['T', /what each pair carried/],
      ['b', /no bars/],
      ['b', /bars behind/],
      ['B', /average over 40 s/],
      ['L', /logarithmic scale/],
      ['L', /linear scale/],
      ['1', /by 2 s average/],
      ['3', /by 40 s average/],
      ['2', /by 10 s average/],
      ['<', /by our host/],
      ['>', /by their host/],
      ['n', /names of hosts/],
      ['n', /addresses of hosts/],
      ['N', /names of services/],
      ['N', /numbers of ports/],
      ['o', /FROZEN/],
      ['o', /rows come and move again/],
      ['P', /PAUSED/],
      ['P', /^(?![\s\S]*PAUSED)/],
      ['h', /Help: Host pairs/],
      [KEY.escape, TITLE],
      ['l', /Show only:/],
      ['10.91.0.1\r', /hidden by screen filter[\s\S]*\/10\.91\.0\.1\//],
      ['l', /Show only:/],
      ['\x15\r', /no screen filter/],
      ['f', /Capture only:/],
      ['nonsense words\r', /Capture only:[\s\S]*(?:syntax|expression)/i],
      ['\x15icmp\r', /only "icmp" is counted/],
    ];
    for (const [key, shown] of steps) await press(key, shown);
    for (const key of ['j', 'k']) terminal.send(key);
    terminal.resize(132, 43);
    await terminal.waitFor((screen) => screen.length === 43 && screen.some((line) => line.length === 132));
    terminal.resize(40, 8);
    await terminal.waitFor(/needs 60x12/);
    terminal.resize(80, 24);
    await terminal.waitFor((screen) => screen.length === 24 && PAIR.test(screen.join('\n')));
    terminal.send('q');
    expect(await terminal.waitForExit()).toBe(0);
  });
});
