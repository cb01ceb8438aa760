/** A running program's JSON lines, and what TCP itself counts: for live tests that compare them. */
import type { ChildProcess } from 'node:child_process';
import type { Snapshot } from '../../src/engine/messages.ts';
import type { Namespace } from './namespaces.ts';

/** Snapshots of a running program, line by line. */
export class SnapshotWatch<Row> {
  readonly #child: ChildProcess;
  #text = '';
  #newest: Snapshot<Row> | null = null;
  #wake: () => void = () => undefined;
  #stderr = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk) => this.#read(String(chunk)));
    child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    child.once('exit', () => this.#wake());
  }

  #read(chunk: string): void {
    const lines = (this.#text + chunk).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      const value = JSON.parse(line);
      if (value.type === 'snapshot') this.#newest = value;
    }
    this.#wake();
  }

  /** The first snapshot from now on that is accepted. */
  async until(accepts: (snapshot: Snapshot<Row>) => boolean): Promise<Snapshot<Row>> {
    for (;;) {
      if (this.#newest !== null && accepts(this.#newest)) return this.#newest;
      if (this.#child.exitCode !== null) throw new Error(`the program ended: ${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  end(): void {
    this.#child.kill('SIGTERM');
  }
}

/** Segments that TCP sent in a namespace, retransmissions included (RFC 4022: OutSegs is without them). */
export function sentSegments(namespace: Namespace): number {
  const [names, values] = namespace
    .run('cat', '/proc/net/snmp')
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '));
  const read = (name: string): number => Number(values[names.indexOf(name)]);
  return read('OutSegs') + read('RetransSegs');
}

/** The server may not listen yet. */
export async function retry(action: () => void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      action();
      return;
    } catch (error) {
      if (attempt === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
