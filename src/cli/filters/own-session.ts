/**
 * The ssh session that this program is used through: the TCP connection of the sshd among our ancestors, also through
 * sudo; else what SSH_CONNECTION says, ours or an ancestor's (sudo takes it out of the environment). Reads /proc only.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { parseAddress } from '../../wire/address.ts';
import { ancestors, parseStat } from '../daemon/process-stat.ts';

/** An endpoint of the connection. */
export interface SessionEndpoint {
  /** Four words, IPv4 as v4-mapped. */
  address: Uint32Array;
  port: number;
}

export interface OwnSession {
  client: SessionEndpoint;
  server: SessionEndpoint;
}

export interface SessionPlace {
  pid: number;
  environment: Readonly<Record<string, string | undefined>>;
  /** Where /proc is mounted; tests have their own tree. */
  proc: string;
}

/** Names of the OpenSSH server's processes: since 9.8 a session has a program of its own. */
const SERVERS: ReadonlySet<string> = new Set(['sshd', 'sshd-session']);

const ESTABLISHED = 1;

function thisPlace(): SessionPlace {
  return { pid: process.pid, environment: process.env, proc: '/proc' };
}

/** null: nobody is logged in by ssh here, or nothing tells by which connection. */
export function ownSession(place: SessionPlace = thisPlace()): OwnSession | null {
  const files = { stat: (pid: number) => readText(join(place.proc, String(pid), 'stat')), standardInput: () => null };
  const chain = ancestors(place.pid, files).map(({ pid }) => pid);
  return sessionOfServer(chain, place) ?? sessionOfEnvironment(chain, place);
}

// --- by the server's sockets ------------------------------------------------------------------------------------------

/**
 * A session's process also holds the connections that it forwards, but the process above it, which watches over it,
 * holds the session's alone.
 */
function sessionOfServer(chain: readonly number[], { proc }: SessionPlace): OwnSession | null {
  let found = new Map<string, OwnSession>();
  for (const pid of chain.filter((each) => SERVERS.has(programName(each, proc)))) {
    const connections = connectionsOf(pid, proc);
    const common = new Map([...connections].filter(([inode]) => found.has(inode)));
    // Above both is the server that listens: it holds no connection.
    if (found.size === 0) found = connections;
    else if (common.size > 0) found = common;
  }
  return [...found.values()][0] ?? null;
}

/** The name that the process has, which titles do not change. */
function programName(pid: number, proc: string): string {
  const text = readText(join(proc, String(pid), 'stat'));
  return text === null ? '' : parseStat(text).name;
}

/** Established TCP connections whose sockets the process holds, by inode. Empty where we may not look. */
function connectionsOf(pid: number, proc: string): Map<string, OwnSession> {
  const held = new Set(socketInodes(join(proc, String(pid), 'fd')));
  if (held.size === 0) return new Map();
  const rows = ['tcp', 'tcp6'].flatMap((name) => connectionRows(readText(join(proc, String(pid), 'net', name)) ?? ''));
  return new Map(rows.filter(([inode]) => held.has(inode)));
}

function socketInodes(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(join(folder, name)))?.[1];
      return inode === undefined ? [] : [inode];
    });
  } catch {
    return [];
  }
}

/** A descriptor may be closed while we look. */
function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Established rows of /proc/PID/net/tcp or tcp6 (proc(5)): "0: LOCAL REMOTE STATE … INODE". */
function connectionRows(text: string): [inode: string, session: OwnSession][] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line): [string, OwnSession][] => {
      const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
      if (inode === undefined || Number.parseInt(state, 16) !== ESTABLISHED) return [];
      return [[inode, { client: kernelEndpoint(remote), server: kernelEndpoint(local) }]];
    });
}

/** "0100007F:0016": words as they lie in memory, the port as a number. */
function kernelEndpoint(text: string): SessionEndpoint {
  const [address, port] = text.split(':');
  const words = (address.match(/.{8}/g) ?? []).map((word) => networkOrder(Number.parseInt(word, 16)));
  const mapped = words.length === 1 ? [0, 0, 0xffff, words[0]] : words;
  return { address: Uint32Array.from(mapped), port: Number.parseInt(port, 16) };
}

function networkOrder(word: number): number {
  if (endianness() === 'BE') return word;
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

// --- by the environment -----------------------------------------------------------------------------------------------

function sessionOfEnvironment(chain: readonly number[], { environment, proc }: SessionPlace): OwnSession | null {
  const own = parseConnection(environment.SSH_CONNECTION);
  if (own !== null) return own;
  for (const pid of chain) {
    const text = readText(join(proc, String(pid), 'environ')) ?? '';
    const line = text.split('\0').find((entry) => entry.startsWith('SSH_CONNECTION='));
    const session = parseConnection(line?.slice('SSH_CONNECTION='.length));
    if (session !== null) return session;
  }
  return null;
}

/** "CLIENT PORT SERVER PORT" (ssh(1)); link-local addresses have a zone. */
function parseConnection(text: string | undefined): OwnSession | null {
  const [client, clientPort, server, serverPort, more] = (text ?? '').split(' ');
  if (serverPort === undefined || more !== undefined) return null;
  const [from, to] = [client, server].map((address) => parseAddress(address.replace(/%.*/, '')));
  const ports = [clientPort, serverPort].map((port) => (/^\d{1,5}$/.test(port) ? Number(port) : Number.NaN));
  if (from === null || to === null || ports.some((port) => !(port >= 1 && port <= 65_535))) return null;
  return { client: { address: from, port: ports[0] }, server: { address: to, port: ports[1] } };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
