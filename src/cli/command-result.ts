/** What a command prints, and how it ends. */
export interface CommandResult {
  /** For standard output, with a newline at its end. */
  text: string;
  status: number;
  /** In place of text where that takes long or is long: its return value is the status. */
  pieces?: AsyncGenerator<string, number>;
}
