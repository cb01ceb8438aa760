/** What a fuzz target is: it makes an input from chance and checks what our code does with it. */
import type { TestPacket } from '../support/packets.ts';
import type { Random } from './random.ts';

export interface FuzzTarget<Input> {
  readonly name: string;
  /** Must depend on nothing but the random numbers and the corpus. */
  make(random: Random): Input;
  /** Throws when something is not as it must be. `random` continues where make() left it. */
  check(input: Input, random: Random): void | Promise<void>;
  /** The input as a file to keep when it failed. */
  toFile(input: Input): Uint8Array;
}

/** What mutations start from. */
export interface Corpus {
  /** Capture files. */
  files: readonly Uint8Array[];
  /** Packets of all fixtures, with their link types. */
  packets: readonly TestPacket[];
}

export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}
