// The measured programs: how each is started on an interface, in a terminal or with a pipe, and stopped again.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { spawn as spawnInTerminal } from '@lydell/node-pty';
import { INTERFACE, onReceiver } from './link.mjs';

export const PROGRAM = fileURLToPath(new URL('../../dist/iptraf-ts.js', import.meta.url));

const STOP_PATIENCE = 3000;

/** name, how it runs, and what must be installed (null: it is ours). */
export const TOOLS = {
  'iptraf-ts (JSON)': {
    run: () => withPipe(process.execPath, PROGRAM, '-i', INTERFACE, '--json', '--every', '1'),
    needs: null,
  },
  'iptraf-ts (screen)': { run: (size) => inTerminal(size, process.execPath, PROGRAM, '-i', INTERFACE), needs: null },
  'iptraf-ng -i': { run: (size) => inTerminal(size, 'iptraf-ng', '-i', INTERFACE), needs: 'iptraf-ng' },
  'iftop -n': { run: (size) => inTerminal(size, 'iftop', '-n', '-i', INTERFACE), needs: 'iftop' },
  'nethogs -C': { run: (size) => inTerminal(size, 'nethogs', '-C', INTERFACE), needs: 'nethogs' },
  'tcpdump -w /dev/null': {
    run: () => withPipe('tcpdump', '-i', INTERFACE, '-s', '256', '-w', '/dev/null'),
    needs: 'tcpdump',
  },
};

export function isInstalled(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;
}

/** A running tool: pid, stdout and stderr so far, bytes to the terminal, `stop()` resolves when it has ended. */
export function withPipe(...command) {
  const child = spawn(...onReceiver(...command), { stdio: ['ignore', 'pipe', 'pipe'] });
  // Only the last part matters: the last report, the last line of statistics.
  const tool = { pid: child.pid, output: '', bytes: 0, onData: null };
  const keep = (chunk) => {
    tool.bytes += chunk.length;
    tool.output = (tool.output + chunk).slice(-200_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise((resolve) => child.on('close', resolve));
  return Object.assign(tool, { stop: () => stop((signal) => child.kill(signal), ended) });
}

export function inTerminal({ cols = 80, rows = 24 } = {}, ...command) {
  return runInTerminal({ cols, rows }, ...onReceiver(...command));
}

/** The same outside of the namespaces. */
export function runInTerminal({ cols, rows }, command, args) {
  const env = { ...process.env, TERM: 'xterm-256color', COLORTERM: undefined };
  const pty = spawnInTerminal(command, args, { cols, rows, env, name: 'xterm-256color' });
  const tool = { pid: pty.pid, output: '', bytes: 0, onData: null };
  pty.onData((data) => {
    tool.bytes += Buffer.byteLength(data);
    tool.output = (tool.output + data).slice(-200_000);
    tool.onData?.(data);
  });
  const ended = new Promise((resolve) => pty.onExit(resolve));
  return Object.assign(tool, { ended, stop: () => stop((signal) => pty.kill(signal), ended) });
}

async function stop(kill, ended) {
  kill('SIGINT');
  const patience = setTimeout(() => kill('SIGTERM'), STOP_PATIENCE);
  const end = setTimeout(() => kill('SIGKILL'), 2 * STOP_PATIENCE);
  await ended;
  clearTimeout(patience);
  clearTimeout(end);
}
