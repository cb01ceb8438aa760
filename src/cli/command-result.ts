/** What a command prints, and how it ends. */
export interface CommandResult {
  /** For standard output, with a newline at its end. */
  text: string;
  status: number;
}
