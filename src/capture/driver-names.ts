/** Names of interfaces' drivers, asked through one socket that is open only while it is needed. */
import { InterfaceQueries } from '../native/interfaces.ts';

/** Runs `action` with a function that answers what the driver of an interface calls itself, or null. */
export function withDriverNames<R>(action: (driver: (name: string) => string | null) => R): R {
  let queries: InterfaceQueries | null = null;
  try {
    return action((name) => {
      queries ??= new InterfaceQueries();
      return queries.driver(name);
    });
  } finally {
    (queries as InterfaceQueries | null)?.close();
  }
}
