/**
 * The filter that this run goes by: what --filter named, until a screen chooses another. It is made ready anew for each
 * capture: host names may have other addresses by then, and a file tells less than an interface.
 */
import type { Filter } from '../../../filters/filter.ts';
import type { PreparedFilter } from '../../../filters/prepared.ts';
import type { OptionValues } from '../option-values.ts';
import { keptBytes, type Watched } from '../plan.ts';
import { refuseFilterWithoutPackets } from '../without-packets.ts';
import { type PrepareContext, prepareFilter, requireSession, withoutSession } from './prepare-filter.ts';

export interface FilterChoice {
  /** null: every packet passes. */
  filter: Filter | null;
  /** Leaves out the ssh session that the operator is logged in by. */
  withoutOwnSession: boolean;
}

/** null: every packet passes. `warnings`: one line each. */
export interface ReadyFilter {
  prepared: PreparedFilter | null;
  warnings: string[];
}

/** Where host names, expressions and the ssh session come from, when not from this system (tests). */
type Sources = Pick<PrepareContext, 'resolve' | 'compile' | 'session'>;

export class AppliedFilter {
  readonly #values: OptionValues;
  readonly #sources: Sources;
  /** libpcap captures in place of the packet ring (--capture auto): packets may tell less than was thought. */
  throughPcap = false;
  choice: FilterChoice;

  constructor(values: OptionValues, filter: Filter | null, sources: Sources = {}) {
    this.#values = values;
    this.#sources = sources;
    this.choice = { filter, withoutOwnSession: false };
  }

  /**
   * Makes a choice ready for what is to be captured; null: not known yet, an interface is assumed. Rejects with an
   * OperatorError (E_FILTER) where it cannot be applied there.
   */
  async prepare(what: Watched | null, { filter, withoutOwnSession } = this.choice): Promise<ReadyFilter> {
    if (what !== null && (filter !== null || withoutOwnSession)) {
      refuseFilterWithoutPackets(what, this.#values, filter?.name ?? 'without my ssh');
    }
    const context = { ...this.#sources, ...this.#context(what) };
    const { prepared, warnings } =
      filter === null ? { prepared: null, warnings: [] } : await prepareFilter(filter, context);
    if (!withoutOwnSession) return { prepared, warnings };
    return { prepared: withoutSession(prepared, requireSession(context), context), warnings };
  }

  #context(what: Watched | null): PrepareContext {
    const values = this.#values;
    const asFile = what !== null && 'file' in what;
    const pcap = what !== null && 'interfaces' in what && (values.capture === 'pcap' || this.throughPcap);
    // libpcap's cooked packets, which `all` gives, carry their direction but no interface; those of one interface the
    // other way round.
    const cooked = pcap && what.interfaces === 'all';
    return {
      tellsDirection: !asFile && (cooked || !pcap),
      tellsInterface: !cooked,
      local: values.local ?? [],
      snaplen: keptBytes(values),
    };
  }
}
