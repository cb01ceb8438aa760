import { EventEmitter } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadStream, WriteStream } from 'node:tty';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  openTerminal,
  restoreNow,
  restoreSequence,
  safeTerm,
  type Terminal,
  terminalProblem,
} from '../../../screens/kit/terminal.ts';

class FakeInput extends EventEmitter {
  isTTY = true;
  isRaw = false;
  setRawMode(raw: boolean): this {
    this.isRaw = raw;
    return this;
  }
  resume(): this {
    return this;
  }
  pause(): this {
    return this;
  }
}

class FakeOutput extends EventEmitter {
  isTTY = true;
  columns = 80;
  rows = 24;
  readonly fd: number;
  constructor(fd: number) {
    super();
    this.fd = fd;
  }
}

// terminal-kit listens on the process for every terminal that is made; the program makes one, these tests many.
process.setMaxListeners(64);

const folder = mkdtempSync(join(tmpdir(), 'terminal-test-'));
const path = join(folder, 'screen');
let fd = -1;
let stdin: FakeInput;
let stdout: FakeOutput;
let terminal: Terminal;
let seen: string[];
let stops = 0;

/** Everything that was written to the terminal so far. */
function written(): string {
  return readFileSync(path, 'latin1');
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function open(env: Record<string, string> = {}): Promise<void> {
  terminal = await openTerminal({
    stdin: stdin as unknown as ReadStream,
    stdout: stdout as unknown as WriteStream,
    env: { TERM: 'xterm-256color', ...env },
    handlers: {
      onKey: (key) => seen.push(key),
      onMouse: (event) => seen.push(`${event.kind} ${event.x},${event.y}`),
      onResize: (width, height) => seen.push(`resize ${width}x${height}`),
      onResume: () => seen.push('resume'),
      onClose: (reason) => seen.push(`close: ${reason}`),
    },
    stopSelf: () => {
      stops++;
    },
  });
  terminal.enter();
}

beforeEach(() => {
  fd = openSync(path, 'w');
  stdin = new FakeInput();
  stdout = new FakeOutput(fd);
  seen = [];
  stops = 0;
});

afterEach(() => {
  terminal?.close();
  closeSync(fd);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('terminal', () => {
  it('takes alternate screen, raw mode, hidden cursor and mouse, and gives them all back', async () => {
    await open();
    expect(stdin.isRaw).toBe(true);
    const on = [...written().matchAll(/\x1b\[\?(\d+)h/g)].map((match) => match[1]);
    const off = [...written().matchAll(/\x1b\[\?(\d+)l/g)].map((match) => match[1]);
    expect(on).toEqual(expect.arrayContaining(['1049', '1000', '1006']));
    expect(off).toEqual(expect.arrayContaining(['25', '7']));
    terminal.close();
    expect(stdin.isRaw).toBe(false);
    expect(written().endsWith(restoreSequence)).toBe(true);
    for (const mode of on) expect(restoreSequence).toContain(`\x1b[?${mode}l`);
    for (const mode of ['25', '7']) expect(restoreSequence).toContain(`\x1b[?${mode}h`);
  });

  it('restores once, however often and from wherever it is asked', async () => {
    await open();
    const before = written();
    restoreNow();
    restoreNow();
    terminal.close();
    terminal.close();
    restoreNow();
    expect(written()).toBe(before + restoreSequence);
  });

  it('writes nothing after it was restored', async () => {
    await open();
    restoreNow();
    const before = written();
    terminal.write(Buffer.from('late frame'));
    expect(written()).toBe(before);
    expect(terminal.isBusy).toBe(true);
  });

  it('leaves no listener behind', async () => {
    const emitters = [stdin, stdout, process];
    const names = ['data', 'end', 'close', 'error', 'SIGTSTP', 'SIGCONT'];
    const count = (): number[] => emitters.flatMap((emitter) => names.map((name) => emitter.listenerCount(name)));
    const before = count();
    await open();
    expect(count()).not.toEqual(before);
    terminal.close();
    expect(count()).toEqual(before);
  });

  it.each(['xterm-256color', 'linux', 'rxvt', 'screen-256color', 'no-such-terminal'])(
    'names keys under TERM=%s',
    async (TERM) => {
      await open({ TERM });
      for (const bytes of ['q', 'S', '?', ' ', '\r', '\t', '\x7f', '\x03', '\x0c', '\x1a', 'é'])
        stdin.emit('data', Buffer.from(bytes));
      for (const bytes of [
        '\x1b[A',
        '\x1bOB',
        '\x1b[5~',
        '\x1b[6~',
        '\x1b[H',
        '\x1b[4~',
        '\x1b[17~',
        '\x1bOP',
        '\x1b[11~',
        '\x1b[[A',
      ]) {
        stdin.emit('data', Buffer.from(bytes));
      }
      expect(seen).toEqual(
        ['q', 'S', '?', ' ', 'ENTER', 'TAB', 'BACKSPACE', 'CTRL_C', 'CTRL_L', 'CTRL_Z', 'é'].concat([
          'UP',
          'DOWN',
          'PAGE_UP',
          'PAGE_DOWN',
          'HOME',
          'END',
          'F6',
          'F1',
          'F1',
          'F1',
        ]),
      );
    },
  );

  it('keeps the keys behind a sequence that nobody knows', async () => {
    await open();
    stdin.emit('data', Buffer.from('a\x1b[99;99~b\x1b[200~c'));
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('does not hang on bytes that are no UTF-8', async () => {
    await open();
    stdin.emit('data', Buffer.from([0x61, 0x80, 0xbf, 0x62]));
    expect(seen).toEqual(['a', 'b']);
  });

  it('takes a lone Escape for the key after a moment', async () => {
    await open();
    stdin.emit('data', Buffer.from('\x1b'));
    expect(seen).toEqual([]);
    await wait(80);
    expect(seen).toEqual(['ESCAPE']);
  });

  it('gives clicks and the wheel in cells from 0, and nothing for a release', async () => {
    await open();
    for (const report of ['0;11;6M', '0;11;6m', '64;1;1M', '65;200;60M'])
      stdin.emit('data', Buffer.from(`\x1b[<${report}`));
    expect(seen).toEqual(['press 10,5', 'wheel-up 0,0', 'wheel-down 199,59']);
  });

  it('makes one resize of a burst, with the last size', async () => {
    await open();
    for (let width = 100; width < 110; width++) {
      stdout.columns = width;
      stdout.emit('resize');
    }
    await wait(80);
    expect(seen).toEqual(['resize 109x24']);
  });

  it('leaves the screen before it stops, and takes it again when it goes on', async () => {
    await open();
    const entered = written();
    terminal.suspend();
    terminal.suspend();
    expect(stops).toBe(1);
    expect(stdin.isRaw).toBe(false);
    expect(written()).toBe(entered + restoreSequence);
    process.emit('SIGCONT');
    expect(stdin.isRaw).toBe(true);
    expect(seen).toEqual(['resume']);
    terminal.close();
    expect(written().split(restoreSequence)).toHaveLength(3);
  });

  it('tells when the terminal is gone', async () => {
    await open();
    stdin.emit('error', Object.assign(new Error('read EIO'), { code: 'EIO' }));
    stdout.emit('error', new Error('write EIO'));
    stdin.emit('end');
    expect(seen).toEqual(['close: read EIO', 'close: write EIO', 'close: end of input']);
  });

  it('never lets TERM name a file: terminal-kit would load it', () => {
    expect(safeTerm('../../../../tmp/evil')).toBe('xterm');
    expect(safeTerm('/tmp/evil')).toBe('xterm');
    expect(safeTerm('a.b')).toBe('xterm');
    expect(safeTerm(undefined)).toBe('xterm');
    expect(safeTerm('Screen.xterm-256color')).toBe('xterm');
    expect(safeTerm('tmux-256color')).toBe('tmux-256color');
  });

  it('says why a screen cannot be shown', () => {
    const tty = { isTTY: true };
    expect(terminalProblem({ TERM: 'xterm' }, tty, tty)).toBeNull();
    expect(terminalProblem({ TERM: 'xterm' }, {}, tty)).toBe('standard input is not a terminal');
    expect(terminalProblem({ TERM: 'xterm' }, tty, {})).toBe('standard output is not a terminal');
    expect(terminalProblem({}, tty, tty)).toBe('TERM is not set');
    expect(terminalProblem({ TERM: 'dumb' }, tty, tty)).toBe('TERM=dumb cannot show a screen');
  });
});
