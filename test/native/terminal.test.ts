import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  foregroundProcessGroup,
  ignoreTerminalStops,
  restoreTerminalSettings,
  saveTerminalSettings,
  withoutLineEditing,
} from '../../src/native/terminal.ts';

/** What stty says about the terminal, in its own portable form. */
function stty(terminal: number, ...settings: string[]): string {
  return execFileSync('stty', settings, { stdio: [terminal, 'pipe', 'pipe'], encoding: 'utf8' });
}

it('gives a terminal its saved settings back, as stty sees them', () => {
  const terminal = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  const before = stty(terminal, '-g');
  const settings = saveTerminalSettings(terminal);
  stty(terminal, 'raw', '-echo');
  expect(stty(terminal, '-g')).not.toBe(before);
  restoreTerminalSettings(terminal, settings);
  expect(stty(terminal, '-g')).toBe(before);
  closeSync(terminal);
});

it('takes line editing and echo from settings, and nothing else, as stty does', () => {
  const terminal = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  const settings = saveTerminalSettings(terminal);
  stty(terminal, '-icanon', '-echo');
  const expected = stty(terminal, '-g');
  restoreTerminalSettings(terminal, settings);
  restoreTerminalSettings(terminal, withoutLineEditing(settings));
  expect(stty(terminal, '-g')).toBe(expected);
  closeSync(terminal);
});

it('refuses settings that were not saved here', () => {
  expect(() => restoreTerminalSettings(0, new Uint8Array(4))).toThrow(RangeError);
});

it('says when a descriptor is no terminal', () => {
  const file = openSync('/dev/null', 'r');
  expect(() => saveTerminalSettings(file)).toThrow('tcgetattr: ENOTTY');
  expect(() => foregroundProcessGroup(file)).toThrow('tcgetpgrp: ENOTTY');
  closeSync(file);
});

it('ignores the stop signal of background terminal output, as the kernel says', async () => {
  const { readFileSync } = await import('node:fs');
  ignoreTerminalStops();
  const ignored = BigInt(`0x${/^SigIgn:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`);
  const SIGTTOU = 22n;
  expect((ignored >> (SIGTTOU - 1n)) & 1n).toBe(1n);
});
