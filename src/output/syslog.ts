/**
 * Lines to the local syslog socket in the old form that every daemon understands there (RFC 3164 section 5.4 describes
 * it): "<PRI>Mmm dd HH:MM:SS name[pid]: text". Sending never waits: what has no room is counted.
 */
import { AF, closeDescriptor, openSocket, SOCK, sendDatagram } from '../native/sockets.ts';
import { SYSLOG_FACILITIES } from './syslog-facilities.ts';

export const SEVERITY = { error: 3, warning: 4, notice: 5, info: 6 } as const;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The datagram of one line. `seconds` since 1970; the zone is the machine's. */
export function syslogDatagram(facility: string, severity: number, tag: string, text: string, seconds: number): string {
  const date = new Date(seconds * 1000);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0'));
  const day = String(date.getDate()).padStart(2, ' ');
  return `<${SYSLOG_FACILITIES[facility] * 8 + severity}>${MONTHS[date.getMonth()]} ${day} ${clock.join(':')} ${tag}: ${text}`;
}

/** sockaddr_un (unix(7)): family, then the path, ended by NUL. */
function unixAddress(path: string): Buffer {
  const name = Buffer.from(`${path}\0`);
  const address = Buffer.alloc(2 + name.byteLength);
  address.writeUInt16LE(AF.unix, 0);
  name.copy(address, 2);
  return address;
}

export class Syslog {
  readonly #facility: string;
  readonly #tag: string;
  readonly #address: Buffer;
  #fd: number;
  /** Lines that could not be sent. */
  lost = 0;

  constructor(facility: string, tag: string, path = '/dev/log') {
    this.#facility = facility;
    this.#tag = tag;
    this.#address = unixAddress(path);
    this.#fd = openSocket(AF.unix, SOCK.datagram, 0);
  }

  /** False when the line was lost: no daemon listens, or its queue is full. */
  send(severity: number, text: string, seconds: number): boolean {
    const datagram = syslogDatagram(this.#facility, severity, `${this.#tag}[${process.pid}]`, text, seconds);
    try {
      sendDatagram(this.#fd, Buffer.from(datagram), this.#address);
      return true;
    } catch {
      this.lost++;
      return false;
    }
  }

  close(): void {
    if (this.#fd < 0) return;
    closeDescriptor(this.#fd);
    this.#fd = -1;
  }
}
