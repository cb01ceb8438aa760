/**
 * Interfaces as the kernel of *our* network namespace names them (netdevice(7) ioctls; /sys may show another one's),
 * and news about them (rtnetlink(7)).
 *
 *   struct ifreq   0..15 name, NUL-terminated   16.. index i32 | flags i16 | hardware type u16 | pointer u64   40 bytes
 */
import { koffi, libc, SystemCallError } from './koffi.ts';
import { AF, bindSocket, closeDescriptor, openSocket, ReadWatcher, receiveNow, SOCK } from './sockets.ts';

const SIOCGIFNAME = 0x8910;
const SIOCGIFFLAGS = 0x8913;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const SIOCETHTOOL = 0x8946;
const IFREQ_BYTES = 40;
const NAME_BYTES = 16;

/** struct ethtool_drvinfo (linux/ethtool.h): 0..3 command, 4..35 driver, NUL-terminated, … */
const DRIVER_INFO_BYTES = 196;
const DRIVER_BYTES = 32;
const ETHTOOL_GDRVINFO = 3;

/** Interface flags (net/if.h). */
export const IFF = { up: 1, running: 0x40 } as const;

/** There is no such interface, or it has nothing to answer. */
const ABSENT: ReadonlySet<string> = new Set(['ENODEV', 'ENXIO', 'EOPNOTSUPP']);

const RTMGRP_LINK = 1;

const libcIoctl = libc<(fd: number, request: number, argument: Uint8Array) => number>(
  'int ioctl(int, unsigned long, void *)',
);

/** Asks about interfaces through one socket kept for that. Needs no privilege. */
export class InterfaceQueries {
  readonly #fd = openSocket(AF.inet, SOCK.datagram, 0);
  readonly #request = Buffer.alloc(IFREQ_BYTES);

  /** The kernel's index, or null where there is no such interface. */
  index(name: string): number | null {
    return this.#ask(SIOCGIFINDEX, name) ? this.#request.readInt32LE(NAME_BYTES) : null;
  }

  /** IFF bits, or null where there is no such interface. */
  flags(name: string): number | null {
    return this.#ask(SIOCGIFFLAGS, name) ? this.#request.readUInt16LE(NAME_BYTES) : null;
  }

  /** ARPHRD_ number (the family of its hardware address), or null where there is no such interface. */
  hardwareType(name: string): number | null {
    return this.#ask(SIOCGIFHWADDR, name) ? this.#request.readUInt16LE(NAME_BYTES) : null;
  }

  /** What its driver calls itself (ethtool(8), -i): "e1000e", "veth". null: it does not say, or there is no such interface. */
  driver(name: string): string | null {
    const info = Buffer.alloc(DRIVER_INFO_BYTES);
    info.writeUInt32LE(ETHTOOL_GDRVINFO, 0);
    // The request points to it: `info` stays referenced during the call.
    if (!this.#ask(SIOCETHTOOL, name, koffi().address(info))) return null;
    const driver = info.subarray(4, 4 + DRIVER_BYTES);
    return driver[0] === 0 ? null : driver.toString('latin1', 0, driver.indexOf(0));
  }

  /** The interface's name, or null where the index is not in use. */
  name(index: number): string | null {
    this.#request.fill(0);
    this.#request.writeInt32LE(index, NAME_BYTES);
    if (!this.#ioctl(SIOCGIFNAME)) return null;
    return this.#request.toString('utf8', 0, this.#request.indexOf(0));
  }

  close(): void {
    closeDescriptor(this.#fd);
  }

  #ask(request: number, name: string, pointer = 0n): boolean {
    const bytes = Buffer.from(name);
    if (bytes.byteLength === 0 || bytes.byteLength >= NAME_BYTES || bytes.includes(0)) return false;
    this.#request.fill(0);
    bytes.copy(this.#request);
    this.#request.writeBigUInt64LE(pointer, NAME_BYTES);
    return this.#ioctl(request);
  }

  #ioctl(request: number): boolean {
    if (libcIoctl(this.#fd, request, this.#request) === 0) return true;
    const error = new SystemCallError('ioctl', koffi().errno());
    if (ABSENT.has(error.code)) return false;
    throw error;
  }
}

/** Calls back after something about any interface changed (up, down, carrier, made, renamed, removed). */
export class LinkWatcher {
  readonly #fd: number;
  readonly #watcher: ReadWatcher;
  readonly #buffer = new Uint8Array(65536);

  constructor(onChange: () => void) {
    this.#fd = openSocket(AF.netlink, SOCK.raw, 0);
    // struct sockaddr_nl: family u16, padding u16, port id u32, groups u32.
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF.netlink, 0);
    address.writeUInt32LE(RTMGRP_LINK, 8);
    try {
      bindSocket(this.#fd, address);
      this.#watcher = new ReadWatcher(this.#fd, () => {
        this.#discard();
        this.#watcher.start();
        onChange();
      });
    } catch (error) {
      closeDescriptor(this.#fd);
      throw error;
    }
  }

  close(): void {
    this.#watcher.close();
    closeDescriptor(this.#fd);
  }

  /** What changed is asked anew, so the messages need not be read; ENOBUFS (some were lost) is a change, too. */
  #discard(): void {
    for (;;) {
      try {
        if (receiveNow(this.#fd, this.#buffer) === -1) return;
      } catch (error) {
        if (error instanceof SystemCallError && error.code === 'ENOBUFS') continue;
        throw error;
      }
    }
  }
}
