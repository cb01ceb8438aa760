/**
 * Thresholds that are watched while packets are counted: what the operator asks for (--alert), and what becomes of it.
 * Parsed in the front (parse.ts), judged in the engine each second (engine/alert-watch.ts), told as facts. Pure.
 *
 *   'host>100Mbit/s for 10s'   'interface eth0 rx>80% for 1m'   'packets>10000 in 5m'   'drops>0'   'new-connections>1000/s'
 */

/** What is measured; each subject of its own where there are several (hosts, interfaces). */
export type AlertMeasure =
  /** IP bytes a second that a host (an address) sends and receives. */
  | 'host'
  /** IP bytes a second of an interface; as a share of the link's speed: frame bytes. */
  | 'interface'
  /** All packets, all IP bytes. */
  | 'packets'
  | 'bytes'
  /** Packets that the kernel or the interface dropped in front of us. */
  | 'drops'
  | 'malformed'
  /** IP conversations that began; TCP that was open before it was seen is none. */
  | 'new-connections';

export interface AlertRule {
  /** As the operator wrote it: the name of the alert everywhere. */
  text: string;
  measure: AlertMeasure;
  /** The one interface or host that is meant; null: each for itself (all traffic, where there is only one). */
  subject: string | null;
  direction: 'rx' | 'tx' | 'both';
  /** rate: a second; share: of the link's speed, 0 to 1; count: within `within` seconds (null: since the start). */
  kind: 'rate' | 'share' | 'count';
  /** The value must be above it. Rates of bytes are in bytes a second. */
  limit: number;
  /** Seconds of a sliding count ("in 5m"); null where there is none. */
  within: number | null;
  /** Seconds that it must hold before it is an alert ("for 10s"); 0: at once. */
  sustained: number;
}

/** What a value is counted in. */
export type AlertUnit =
  | 'bytesPerSecond'
  | 'share'
  | 'packets'
  | 'packetsPerSecond'
  | 'bytes'
  | 'connections'
  | 'connectionsPerSecond';

/** An alert that began or ended. CONTRACT section 4: event "alert"; section 5: alert-started, alert-ended. */
export interface AlertChange {
  type: 'alert';
  state: 'started' | 'ended';
  /** Seconds since 1970, engine time; when it began (the same for 'started'). */
  time: number;
  since: number;
  /** AlertRule.text. */
  alert: string;
  measure: AlertMeasure;
  /** The address or interface, or "all". */
  subject: string;
  /** What was measured now (the largest value, where it ended) and what the limit is, in `unit`. */
  value: number;
  limit: number;
  unit: AlertUnit;
  /** Ended although nobody saw the value go down: the capture is over, or its engine was lost. */
  cut?: 'capture-ended' | 'engine-lost';
}

/** What keeps a rule from being judged, or from being told in full ("the speed of veth0 is not known"). */
export interface AlertNotice {
  type: 'alert';
  state: 'notice';
  time: number;
  alert: string;
  /** One line, clean. */
  text: string;
}

export type AlertFact = AlertChange | AlertNotice;
