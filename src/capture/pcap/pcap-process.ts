/**
 * The parent's side of a pcap child: starts it, waits for its first word, hands on its stream, and ends it for certain.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '../../base/errors.ts';
import { passingOnCapture } from '../../native/privileges.ts';
import { PERMISSION_REMEDY } from '../permission.ts';
import type { PcapMessage, PcapTask } from './pcap-child.ts';

const END_MILLISECONDS = 500;
const STREAM = 3;

/** In the bundle the child lies beside whatever file this is in. */
export const DEFAULT_CHILD_PATH = fileURLToPath(new URL('./pcap-child.js', import.meta.url));

export const PCAP_REMEDY = 'npm rebuild pcap needs libpcap-dev and a C++ compiler';

export class PcapProcess {
  readonly #child: ChildProcess;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  /** Why it ended, as far as it could say. */
  cause = 'the libpcap process ended';

  constructor(childPath: string, task: PcapTask) {
    this.#child = passingOnCapture(() =>
      fork(childPath, [JSON.stringify(task)], {
        execArgv: [],
        stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'ipc'],
      }),
    );
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      // It could not even be started.
      this.#child.once('error', (error) => {
        this.cause = error.message;
        resolve();
      });
    });
    this.#child.on('message', (message) => {
      const { type, ...rest } = message as PcapMessage;
      if (type === 'failed' && 'cause' in rest) this.cause = rest.cause;
    });
  }

  /** The child's first message. */
  async firstMessage(): Promise<PcapMessage> {
    const message = new Promise<PcapMessage>((resolve) => {
      this.#child.once('message', (value) => resolve(value as PcapMessage));
    });
    const lost = this.ended.then((): PcapMessage => ({ type: 'failed', cause: this.cause }));
    return Promise.race([message, lost]);
  }

  onChunk(handler: (chunk: Uint8Array) => void): void {
    const stream = this.#child.stdio[STREAM] as Readable;
    stream.on('data', handler);
    // The child's end is reported by `ended`.
    stream.on('error', () => {});
  }

  /** Ends the child: kindly, and after half a second by force. Nothing is read from now on. */
  async stop(): Promise<void> {
    const stream = this.#child.stdio[STREAM] as Readable | null | undefined;
    stream?.removeAllListeners('data');
    stream?.destroy();
    if (this.#child.connected) this.#child.disconnect();
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), END_MILLISECONDS);
    await this.ended;
    clearTimeout(killer);
  }
}

/** The error that an operator gets for what libpcap or the package said when opening. */
export function pcapOpenError(device: string, message: PcapMessage): OperatorError {
  const cause = 'cause' in message ? message.cause : 'unexpected answer';
  const base = { operation: 'capture with libpcap on', target: device, cause };
  if (message.type === 'unavailable') {
    return new OperatorError({
      ...base,
      code: 'E_CAPTURE_UNAVAILABLE',
      cause: `the pcap package does not work here: ${cause}`,
      remedy: PCAP_REMEDY,
    });
  }
  if (/permi(tted|ssion)/i.test(cause)) {
    return new OperatorError({
      ...base,
      code: 'E_CAPTURE_PERMISSION',
      remedy: PERMISSION_REMEDY,
    });
  }
  if (/no such device/i.test(cause)) return new OperatorError({ ...base, code: 'E_INTERFACE_UNKNOWN' });
  return new OperatorError({ ...base, code: 'E_CAPTURE_FAILED' });
}
