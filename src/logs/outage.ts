/** A time in which a target of the log took nothing, or less than there was: what to say about it. Pure. */

export interface Outage {
  /** Seconds since 1970. */
  since: number;
  cause: string;
  /** Lines that are lost; those that waited are not. */
  lines: number;
}

/** Who hears of a target's outages. */
export interface OutageListener {
  /** It begins; nothing is lost yet. */
  failing(cause: string): void;
  /** It is over: the target takes lines again. */
  working(outage: Outage): void;
  /** It lasts to the end of the log. */
  abandoned(outage: Outage): void;
}
