/** What the process that starts parts and its guard say to each other over the channel between them. */

export type ProcessSpec = {
  command: string;
  args: string[];
  /** The whole environment: nothing is inherited. */
  env: Record<string, string>;
  cwd: string;
  /** Receives stdout and stderr. */
  logFile: string;
  /** Start with an empty log rather than append. */
  freshLog: boolean;
  /** The unprivileged user that the process runs as, where the caller is root. */
  user?: { uid: number; gid: number };
  /** The polite signal, sent first when the owner is gone. */
  stopSignal: NodeJS.Signals;
};

export type Exit = { code: number | null; signal: NodeJS.Signals | null };

export type ToGuard =
  | { do: 'spawn'; id: number; spec: ProcessSpec }
  | { do: 'signal'; id: number; pid: number; signal: NodeJS.Signals }
  /** Delete this folder when everything has ended. */
  | { do: 'remove'; path: string }
  /** Run this command when everything has ended (for parts that are not its children: containers). */
  | { do: 'finally'; command: string; args: string[] }
  | { do: 'forget-finally' }
  | { do: 'end' };

export type FromGuard =
  | { say: 'spawned'; id: number; pid: number }
  | { say: 'refused'; id: number; reason: string }
  | { say: 'signalled'; id: number }
  | { say: 'exited'; pid: number; exit: Exit };
