/**
 * Makes the interface "odd0" of a kind of link that no program knows by its number (tun devices take any), and lets an
 * IPv4 packet of 46 bytes arrive on it every 20 ms, until it is killed. Prints "ready" when the interface is up.
 */
import { execFileSync } from 'node:child_process';
import { openSync, writeSync } from 'node:fs';
import { koffi } from '../../src/native/koffi.ts';

const TUNSETIFF = 0x400454ca;
const TUNSETLINK = 0x400454cd;
const IFF_TUN_NO_PI = 0x1001;
const ODD_HARDWARE_TYPE = 4711;
/** UDP 10.99.0.2:9 -> 10.99.0.1:9 with 18 bytes of payload, no UDP checksum. */
const PACKET = `4500002e00000000401165f7${'0a630002'}${'0a630001'}00090009001a0000${'00'.repeat(18)}`;

const request = Buffer.alloc(40);
request.write('odd0');
request.writeUInt16LE(IFF_TUN_NO_PI, 16);
const tun = openSync('/dev/net/tun', 'r+');
const library = koffi().load(null);
const ioctl = library.func('int ioctl(int, unsigned long, void *)');
const ioctlNumber = library.func('ioctl', 'int', ['int', 'ulong', 'ulong']);
if (ioctl(tun, TUNSETIFF, request) !== 0) throw new Error('TUNSETIFF failed');
if (ioctlNumber(tun, TUNSETLINK, ODD_HARDWARE_TYPE) !== 0) throw new Error('TUNSETLINK failed');
execFileSync('ip', ['link', 'set', 'odd0', 'up']);
const packet = Buffer.from(PACKET, 'hex');
setInterval(() => writeSync(tun, packet), 20);
process.stdout.write('ready\n');
