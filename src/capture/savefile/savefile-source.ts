/**
 * SavefileSource: packets from a capture file, standard input or a FIFO: classic pcap and pcapng, both byte orders,
 * gzip by its magic. Reads in slices so that a screen stays alive, with memory bounded whatever the file holds.
 * Batches point into the chunk that was read: nothing is copied. Decides nothing about what a packet means.
 */
import { performance } from 'node:perf_hooks';
import type { OperatorErrorFields } from '../../base/errors.ts';
import { OperatorError } from '../../base/errors.ts';
import { PACKET_TYPE, PacketBatch } from '../../wire/packet-batch.ts';
import type { CaptureSink, CaptureSource, CaptureStatistics, InterfaceTable } from '../capture-source.ts';
import type { ByteInput } from './byte-input.ts';
import { openInput, shownPath } from './byte-input.ts';
import type { FillOutcome, RecordReader } from './byte-window.ts';
import { FILL, SavefileInterfaces } from './byte-window.ts';
import { ChunkReader } from './chunk-reader.ts';
import { detectFormat } from './detect-format.ts';
import { TimeCut } from './time-cut.ts';

/** Longest time that reading keeps the event loop, milliseconds: less than a frame of the screen. */
const SLICE_MILLISECONDS = 12;

/**
 * A pipe's writer may be silent for long (tcpdump flushes its header with the first packets): after this many milliseconds
 * the source counts as started, and a header that turns out wrong becomes a capture-failed fact.
 */
const HEADER_PATIENCE_MILLISECONDS = 300;

export interface SavefileOptions {
  /** File, FIFO, or '-' for standard input. */
  path: string;
  /**
   * A batch never spans a multiple of this many seconds counted from the first packet's time; null: no such cuts.
   * During onBatch, `cutIndex` tells the period of the batch.
   */
  cutEverySeconds: number | null;
  /**
   * Asked between slices and between chunks (so at least once a mebibyte): what cannot keep up holds the reading with a
   * promise; undefined: go on at once.
   */
  beforeSlice?: () => Promise<void> | undefined;
  /** Bytes read at a time; a test makes them few. */
  chunkBytes?: number;
}

export class SavefileSource implements CaptureSource {
  readonly kind = 'savefile';
  readonly #options: SavefileOptions;
  readonly #interfaces: SavefileInterfaces;
  readonly #cut: TimeCut;
  readonly #batch = new PacketBatch();
  #input: ByteInput | null = null;
  #reader: RecordReader | null = null;
  #received = 0;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SavefileOptions) {
    this.#options = options;
    this.#interfaces = new SavefileInterfaces(interfaceNameOf(options.path));
    this.#cut = new TimeCut(options.cutEverySeconds);
    this.#batch.packetType.fill(PACKET_TYPE.unknown);
  }

  /** Grows while a pcapng file is read: its interfaces are announced in between packets. */
  get interfaces(): InterfaceTable {
    return this.#interfaces.table;
  }

  /** Bytes taken from the file so far (compressed bytes of a compressed one). */
  get bytesRead(): number {
    return this.#input?.bytesRead ?? 0;
  }

  /** The file's size in bytes, or null where there is none (pipes). */
  get totalBytes(): number | null {
    return this.#input?.totalBytes ?? null;
  }

  /** Period of cutEverySeconds that the batch being delivered belongs to; 0 begins with the first packet. */
  get cutIndex(): number {
    return this.#cut.index;
  }

  statistics(): CaptureStatistics {
    return {
      received: this.#received,
      droppedByKernel: this.#reader?.droppedByKernel ?? null,
      droppedByInterface: this.#reader?.droppedByInterface ?? null,
      freezes: null,
    };
  }

  async start(sink: CaptureSink): Promise<void> {
    const input = await openInput(this.#options.path);
    this.#input = input;
    const chunks = new ChunkReader(input, this.#options.chunkBytes);
    const header = this.#readHeader(chunks);
    if (input.totalBytes === null && !(await settledWithin(header, HEADER_PATIENCE_MILLISECONDS))) {
      this.#running = this.#runLate(header, chunks, sink);
      return;
    }
    try {
      await header;
    } catch (error) {
      await input.close();
      throw error;
    }
    this.#running = this.#run(chunks, sink);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#input?.close();
    await this.#running;
  }

  async #readHeader(chunks: ChunkReader): Promise<void> {
    this.#reader = await detectFormat(chunks, this.#interfaces, this.#cut, this.#options.path);
  }

  /** The header came after start() had returned: its failure can only be told as a fact. */
  async #runLate(header: Promise<void>, chunks: ChunkReader, sink: CaptureSink): Promise<void> {
    try {
      await header;
    } catch (error) {
      if (this.#stopped) return;
      if (!(error instanceof OperatorError)) throw error;
      sink.onFact({ type: 'capture-failed', error: error.fields });
      sink.onEnd();
      return;
    }
    await this.#run(chunks, sink);
  }

  async #run(chunks: ChunkReader, sink: CaptureSink): Promise<void> {
    const reader = this.#reader as RecordReader;
    await nextTurn();
    let sliceEnd = performance.now() + SLICE_MILLISECONDS;
    let damage: string | null = null;
    while (!this.#stopped) {
      const outcome = this.#readSlice(reader, chunks, sink, sliceEnd);
      if (outcome === FILL.damaged) {
        damage = reader.damage;
        break;
      }
      const hold = this.#options.beforeSlice?.();
      if (hold !== undefined) await hold;
      if (outcome === FILL.needsBytes && !this.#stopped && !(await chunks.more())) {
        damage = chunks.failure ?? (chunks.unread === 0 ? null : 'the file ends in the middle of a record');
        break;
      }
      if (performance.now() >= sliceEnd) {
        await nextTurn();
        sliceEnd = performance.now() + SLICE_MILLISECONDS;
      }
    }
    await this.#finish(chunks, sink, damage);
  }

  async #finish(chunks: ChunkReader, sink: CaptureSink, damage: string | null): Promise<void> {
    if (this.#stopped) return;
    if (damage !== null) sink.onFact({ type: 'capture-damaged', error: this.#damageAt(chunks, damage) });
    sink.onEnd();
    await this.#input?.close();
  }

  /** Delivers batches until the chunk is used up, the file is damaged, or the slice is over (FILL.batchReady). */
  #readSlice(reader: RecordReader, chunks: ChunkReader, sink: CaptureSink, sliceEnd: number): FillOutcome {
    const batch = this.#batch;
    batch.bytes = chunks.bytes;
    batch.view = chunks.view;
    for (;;) {
      batch.count = 0;
      const outcome = reader.fill(chunks, batch);
      if (batch.count > 0) {
        this.#received += batch.count;
        sink.onBatch(batch);
      }
      if (outcome !== FILL.batchReady || this.#stopped || performance.now() >= sliceEnd) return outcome;
    }
  }

  #damageAt(chunks: ChunkReader, reason: string): OperatorErrorFields {
    const where = this.#input?.compressed ? 'of the decompressed data ' : '';
    return {
      code: 'E_SAVEFILE_DAMAGED',
      operation: 'read capture file',
      target: shownPath(this.#options.path),
      cause: `damaged at byte ${chunks.fileOffset} ${where}after ${this.#received} packets: ${reason}`,
      remedy: 'everything before the damage was read',
    };
  }
}

/** Name of the interface of a file that names none: the file's base name without its extensions. */
function interfaceNameOf(path: string): string {
  if (path === '-') return 'stdin';
  const base = path.slice(path.lastIndexOf('/') + 1);
  return base.replace(/\.gz$/, '').replace(/\.(pcap|pcapng|cap|dump)$/, '') || 'file';
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function settledWithin(work: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  const first = await Promise.race([settled, patience]);
  clearTimeout(timer);
  return first;
}
