/** Hours and days of the local zone, by the moments they begin at. Neighbouring records ask for the same ones. */

interface Span {
  start: number;
  end: number;
}

const NOWHERE: Span = { start: 0, end: 0 };

export class Calendar {
  #hour = NOWHERE;
  #day = NOWHERE;

  /** Seconds since 1970 at which the hour of `time` begins. Zones are not always whole hours from UTC. */
  hour(time: number): number {
    if (time < this.#hour.start || time >= this.#hour.end) {
      const date = new Date(time * 1000);
      // Counted back from the moment, not set: the hour that is there twice in autumn is two hours.
      const start = Math.floor(time) - date.getMinutes() * 60 - date.getSeconds();
      this.#hour = { start, end: start + 3600 };
    }
    return this.#hour.start;
  }

  day(time: number): number {
    if (time < this.#day.start || time >= this.#day.end) {
      const date = new Date(time * 1000);
      const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
      this.#day = { start: +new Date(year, month, day) / 1000, end: +new Date(year, month, day + 1) / 1000 };
    }
    return this.#day.start;
  }
}

const two = (value: number): string => String(value).padStart(2, '0');

/** "2026-11-21" of local time. */
export function dateText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** "14:05" of local time. */
export function clockText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function zoneName(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
