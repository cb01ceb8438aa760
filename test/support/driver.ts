/**
 * Speaks with a driver process: one JSON command a line in, one JSON answer a line out, facts in between.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CaptureFact } from '../../src/capture/capture-source.ts';
import { bundle } from './bundle.ts';
import type { Namespace } from './namespaces.ts';

interface Answer {
  result?: unknown;
  error?: unknown;
  fact?: CaptureFact | { type: 'end' };
}

export class Driver {
  /** What the source reported, in order. */
  readonly facts: (CaptureFact | { type: 'end' })[] = [];
  readonly child: ChildProcess;
  readonly #waiting: ((answer: Answer) => void)[] = [];

  constructor(child: ChildProcess) {
    this.child = child;
    if (child.stdout === null) throw new Error('the driver needs pipes');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      if (answer.fact !== undefined) this.facts.push(answer.fact);
      else this.#waiting.shift()?.(answer);
    });
    child.once('exit', (code, signal) => {
      for (const waiting of this.#waiting.splice(0)) waiting({ error: `the driver ended: ${code ?? signal}` });
    });
  }

  /** Runs the driver program `entry` in a namespace, by a command that runs commands (`wrapper`). */
  static async start(
    entry: string,
    namespace: Namespace,
    wrapper: string[] = [],
    programArguments: string[] = [],
  ): Promise<Driver> {
    const command = [...wrapper, process.execPath, await bundle(entry), ...programArguments];
    return new Driver(namespace.spawn(command, { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] }));
  }

  /** Sends a command and waits for its answer; rejects with what the driver said. */
  async ask<T>(command: string, value: unknown = null): Promise<T> {
    this.child.stdin?.write(`${JSON.stringify([command, value])}\n`);
    const answer = await new Promise<Answer>((resolve) => this.#waiting.push(resolve));
    if (answer.error !== undefined) throw answer.error;
    return answer.result as T;
  }

  /** Waits until `ready` says yes of what `command` answers; answers with the last. */
  async until<T>(command: string, ready: (value: T) => boolean, milliseconds = 5000): Promise<T> {
    const end = Date.now() + milliseconds;
    for (;;) {
      const value = await this.ask<T>(command);
      if (ready(value) || Date.now() > end) return value;
      await sleep(20);
    }
  }

  /** Waits for the fact of this type; false when it does not come. */
  async fact(type: string, milliseconds = 5000): Promise<boolean> {
    const end = Date.now() + milliseconds;
    while (!this.facts.some((fact) => fact.type === type)) {
      if (Date.now() > end) return false;
      await sleep(20);
    }
    return true;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    await ended;
  }
}
