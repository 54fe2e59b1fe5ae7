/** The world outside of a command: what a test replaces. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** One line of the answer. */
  readonly out: (line: string) => void;
  /** One line for the person at the terminal that is no part of the answer. */
  readonly err: (line: string) => void;
  /** Only where a person watches: draws over what it drew before, an empty line takes it away. */
  readonly redraw?: (line: string) => void;
}
