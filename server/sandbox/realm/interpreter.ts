/** The parts of Pyodide and Emscripten that the policy touches, and the globals the worker and the realm share. */

export interface FileNode {
  contents?: { length: number };
}

export interface NodeOperations {
  [name: string]: ((node: FileNode, ...rest: unknown[]) => unknown) | undefined;
}

export interface FileSystem {
  ErrnoError: new (code: number) => Error;
  filesystems: {
    MEMFS: {
      expandFileStorage(node: FileNode, capacity: number): void;
      ops_table: {
        dir: { node: NodeOperations };
        file: {
          node: NodeOperations;
          stream: { write: (stream: { node: FileNode }, ...rest: unknown[]) => unknown };
        };
        link: { node: NodeOperations };
      };
    };
  };
  streams: unknown[];
  nextInode: number;
  getPath(node: FileNode): string;
  readdir(path: string): string[];
  lstat(path: string): { mode: number };
  isDir(mode: number): boolean;
  rmdir(path: string): void;
  unlink(path: string): void;
  close(stream: unknown): void;
  chdir(path: string): void;
}

export interface Interpreter {
  _module: {
    HEAPU8: Uint8Array;
    ABORT: boolean;
    _emscripten_stack_get_current(): number;
    __emscripten_stack_restore(pointer: number): void;
  };
  _api: { fatal_error_occurred?: boolean };
  FS: FileSystem;
  ffi: Record<string, unknown>;
  globals: { get(name: string): (text: string) => string };
  runPython(source: string): unknown;
  makeMemorySnapshot(): Uint8Array;
  setStdout(sink: object): void;
  setStderr(sink: object): void;
  setStdin(source: object): void;
  setInterruptBuffer(buffer: object): void;
}

export type Count = 'denied' | 'interrupted' | 'output';

/** WebAssembly's memory, of which the language's own library has no types. */
export interface Memory {
  buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface RealmGlobals {
  WebAssembly: { Memory: { prototype: Memory } };
  /** Where the interpreter draws entropy from. */
  os: object;
  __putFile(name: string, length: number): Uint8Array;
  __dropFiles(): void;
  __resetEntropy(): void;
  __boot(makeSnapshot: boolean, fromSnapshot: boolean, lockFile: string): Promise<number>;
  __python: Interpreter;
  /** Python text run before the picture is taken; empty when a snapshot already holds it. */
  __sources: string[];
  /** Python functions str → str that requests may name. */
  __operations: string[];
  __scrub: string;
  /** Bytes that the interpreter's memory may reach. */
  __memoryCap: number;
  __run(operation: string, text: string, softMilliseconds: number): string;
  __count(name: Count): number;
  __dead(): boolean;
  __restore(): number;
}
