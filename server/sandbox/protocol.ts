/** Lines between the pool and its child processes, one JSON object each; types only. */

/** What keeps a candidate in, as probed by the worker itself after it has set itself up. */
export interface Level {
  /** The interpreter lives in a realm that holds nothing of the host. */
  realm: boolean;
  /** Neither the realm nor the host compiles code from strings. */
  noCodeFromStrings: boolean;
  /** Node's permission model denies child processes and writing files. */
  permissions: boolean;
  bubblewrap: boolean;
  seccomp: boolean;
  /** ABI of Landlock in force; 0 is none. */
  landlock: number;
}

export interface WorkerReady {
  ready: true;
  pid: number;
  language: 'python' | 'javascript';
  /** Of the interpreter. */
  version: string;
  level: Level;
  /** From the start of the process's own code to this line. */
  milliseconds: number;
}

export interface WorkerRequest {
  id: number;
  /** 128 random bits that pair a reply with its request; integrity does not rest on them. */
  nonce: string;
  /** A function str → str of the interpreter. */
  operation: string;
  /** Its argument, a JSON text that stays opaque on the way. */
  text: string;
  /** Milliseconds until the interpreter is interrupted; 0 is never. */
  soft: number;
  /** Keep the memory instead of restoring it: only for the judge. */
  keep: boolean;
}

export interface RunReply {
  id: number;
  nonce: string;
  /** False: the operation itself failed, and text says how. */
  ok: boolean;
  text: string;
  /** Times the soft deadline fired. */
  interrupted: number;
  /** Requests for memory beyond the cap. */
  denied: number;
  milliseconds: number;
  /** The process should not serve another candidate. */
  worn: boolean;
}
