/**
 * Names of ports from the system's services file (services(5)), read once on first use; a missing file means no names.
 */
import { readFileSync } from 'node:fs';
import { sanitizeName } from './sanitize.ts';

/** Longest service name shown: iptraf-ng's limit, and what a column of endpoints can spare. */
const MAXIMUM_SERVICE_LENGTH = 14;

/** "port/protocol" -> name, as services(5) writes it; the first line of a port wins, aliases are left out. */
export function parseServices(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([^\s#]+)\s+(\d{1,5})\/([a-z0-9-]+)/.exec(line);
    if (match === null) continue;
    const [, word, port, protocol] = match;
    const key = `${Number(port)}/${protocol}`;
    const name = sanitizeName(word)?.slice(0, MAXIMUM_SERVICE_LENGTH);
    if (name !== undefined && !names.has(key)) names.set(key, name);
  }
  return names;
}

export class ServiceNames {
  readonly #path: string;
  #names: Map<string, string> | null = null;

  constructor(path = '/etc/services') {
    this.#path = path;
  }

  /** The service's name, or null. Protocol in lower case: "tcp", "udp", "sctp", "dccp"; UDP-Lite shares UDP's ports. */
  name(port: number, protocol: string): string | null {
    return this.#all().get(`${port}/${protocol === 'udplite' ? 'udp' : protocol}`) ?? null;
  }

  /** Ports of services whose name is meant, at most `limit`. */
  portsMatching(isMeant: (name: string) => boolean, limit: number): number[] {
    const ports = new Set<number>();
    for (const [key, name] of this.#all()) {
      if (ports.size >= limit) break;
      if (isMeant(name)) ports.add(Number(key.slice(0, key.indexOf('/'))));
    }
    return [...ports];
  }

  #all(): Map<string, string> {
    if (this.#names === null) {
      let text = '';
      try {
        text = readFileSync(this.#path, 'utf8');
      } catch {
        // Minimal systems have no services file: ports stay numbers.
      }
      this.#names = parseServices(text);
    }
    return this.#names;
  }
}

const systemServices = new ServiceNames();

/** The name of a port on this system, or null. */
export function serviceName(port: number, protocol: string): string | null {
  return systemServices.name(port, protocol);
}

/** Ports on this system whose service name is meant, at most `limit`. */
export function servicePorts(isMeant: (name: string) => boolean, limit: number): number[] {
  return systemServices.portsMatching(isMeant, limit);
}
