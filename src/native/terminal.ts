/**
 * The terminal's settings and foreground group (termios(3), tcgetpgrp(3)), which Node does not offer.
 * Settings are opaque bytes: saved here, given back here, also by another process through a descriptor of its own.
 */
import { constants, endianness } from 'node:os';
import { checked, libc } from './koffi.ts';

/** sizeof(struct termios) is 60 with glibc and musl on 64-bit Linux; room for more is harmless. */
const TERMIOS_BYTES = 256;
const TCSANOW = 0;
const SIG_IGN = 1;

const libcTcgetattr = libc<(fd: number, settings: Uint8Array) => number>('int tcgetattr(int, void *)');
const libcTcsetattr = libc<(fd: number, actions: number, settings: Uint8Array) => number>(
  'int tcsetattr(int, int, const void *)',
);
const libcTcgetpgrp = libc<(fd: number) => number>('int tcgetpgrp(int)');
const libcSignal = libc<(signal: number, handler: number) => number>('uintptr_t signal(int, uintptr_t)');

/** The terminal's settings as bytes for restoreTerminalSettings. */
export function saveTerminalSettings(fd: number): Uint8Array {
  const settings = new Uint8Array(TERMIOS_BYTES);
  checked('tcgetattr', libcTcgetattr(fd, settings));
  return settings;
}

/** Puts saved settings back at once. From a background process group call ignoreTerminalStops first. */
export function restoreTerminalSettings(fd: number, settings: Uint8Array): void {
  if (settings.byteLength !== TERMIOS_BYTES) throw new RangeError('these are no saved terminal settings');
  checked('tcsetattr', libcTcsetattr(fd, TCSANOW, settings));
}

/** Process group in the terminal's foreground. Throws SystemCallError ENOTTY where fd is no terminal of ours. */
export function foregroundProcessGroup(fd: number): number {
  return checked('tcgetpgrp', libcTcgetpgrp(fd));
}

/**
 * Ignores SIGTTOU: a background process that changes a terminal's settings is stopped otherwise. Node cannot ignore
 * a signal, only handle it, and a handled SIGTTOU makes tcsetattr fail with EINTR.
 */
export function ignoreTerminalStops(): void {
  libcSignal(constants.signals.SIGTTOU, SIG_IGN);
}

/** struct termios (termbits.h): 0 c_iflag, 4 c_oflag, 8 c_cflag, 12 c_lflag, each u32. */
const LOCAL_FLAGS_OFFSET = 12;
const ICANON = 0x2;
const ECHO = 0x8;

/**
 * Saved settings with keys handed over one by one and not shown. What the driver itself does stays: Ctrl-C and Ctrl-Z are
 * signals, Ctrl-S holds the output, lines end as they did.
 */
export function withoutLineEditing(settings: Uint8Array): Uint8Array {
  const changed = settings.slice();
  const view = new DataView(changed.buffer);
  const little = endianness() === 'LE';
  view.setUint32(LOCAL_FLAGS_OFFSET, view.getUint32(LOCAL_FLAGS_OFFSET, little) & ~(ICANON | ECHO), little);
  return changed;
}
