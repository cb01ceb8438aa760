/**
 * Lines to the local syslog socket in the old form that every daemon understands there (RFC 3164 section 5.4 describes
 * it): "<PRI>Mmm dd HH:MM:SS name[pid]: text". Sending never waits.
 */
import { SystemCallError } from '../native/koffi.ts';
import { AF, closeDescriptor, openSocket, SOCK, sendDatagram } from '../native/sockets.ts';
import { SYSLOG_FACILITIES } from './syslog-facilities.ts';

export const SYSLOG_SOCKET = '/dev/log';

/** Daemons cut what is longer (rsyslog: 8 KiB), and a socket refuses what its buffer does not hold. */
const MOST_CHARACTERS = 4000;

export interface SyslogLine {
  /** RFC 5424 section 6.2.1: 0 emergency … 7 debug. */
  severity: number;
  text: string;
  /** Since 1970. */
  seconds: number;
}

/** Why a datagram did not arrive. */
export interface SyslogRefusal {
  cause: string;
  /** A daemon listens, and has not read what it has: no failure. */
  busy: boolean;
}

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

/** One datagram socket, each line sent to the daemon that listens at that moment. */
export class SyslogSocket {
  readonly #facility: string;
  readonly #tag: string;
  readonly #path: string;
  readonly #address: Buffer;
  #fd: number;

  constructor(facility: string, tag: string, path = SYSLOG_SOCKET) {
    this.#facility = facility;
    this.#tag = `${tag}[${process.pid}]`;
    this.#path = path;
    this.#address = unixAddress(path);
    this.#fd = openSocket(AF.unix, SOCK.datagram, 0);
  }

  /** Null, or why it was not sent. Never waits, never throws. */
  send({ severity, text, seconds }: SyslogLine): SyslogRefusal | null {
    const cut = text.slice(0, MOST_CHARACTERS);
    const datagram = Buffer.from(syslogDatagram(this.#facility, severity, this.#tag, cut, seconds));
    try {
      sendDatagram(this.#fd, datagram, this.#address);
      return null;
    } catch (error) {
      const code = error instanceof SystemCallError ? error.code : String(error);
      const nobody = code === 'ENOENT' || code === 'ECONNREFUSED';
      return {
        cause: nobody ? `nobody listens on ${this.#path}` : code,
        busy: code === 'EAGAIN' || code === 'ENOBUFS',
      };
    }
  }

  close(): void {
    if (this.#fd < 0) return;
    closeDescriptor(this.#fd);
    this.#fd = -1;
  }
}
