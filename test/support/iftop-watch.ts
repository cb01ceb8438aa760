/** The real iftop beside the program, in its text mode: for tests that compare them. */
import { createInterface } from 'node:readline';
import type { PairCounts } from '../../screens/host-pairs/types.ts';
import type { Namespace } from './namespaces.ts';

/** Bytes since its start that the real iftop tells of each pair ("ours>theirs"), by its newest report. */
export class IftopWatch {
  #report = new Map<string, PairCounts>();
  #open = new Map<string, PairCounts>();
  #ours = ['', ''];
  #wake: () => void = () => undefined;
  readonly listening: Promise<void>;

  constructor(namespace: Namespace, interfaceName: string) {
    const child = namespace.spawn(['stdbuf', '-oL', 'iftop', '-t', '-nN', '-i', interfaceName], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
    this.listening = new Promise((resolve) => {
      lines.on('line', (line) => {
        if (line.startsWith('Listening on')) resolve();
        this.#read(line);
      });
    });
  }

  #read(line: string): void {
    const words = line.trim().split(/\s+/);
    if (words[2] === '=>') this.#ours = [words[1], words[6]];
    if (words[1] === '<=') {
      const [address, bytes] = this.#ours;
      this.#open.set(`${address}>${words[0]}`, [iftopBytes(bytes), iftopBytes(words[5])]);
    }
    if (!line.startsWith('====')) return;
    [this.#report, this.#open] = [this.#open, new Map()];
    this.#wake();
  }

  async until(accepts: (report: ReadonlyMap<string, PairCounts>) => boolean): Promise<void> {
    while (!accepts(this.#report)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** "26.3MB", of which 1 MB is 1024 * 1024 bytes. */
function iftopBytes(text: string): number {
  const [, figure, unit] = /^([0-9.]+)([KMG]?)B$/.exec(text) ?? [];
  return Number(figure) * 1024 ** ['', 'K', 'M', 'G'].indexOf(unit);
}
