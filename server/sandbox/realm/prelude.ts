/**
 * Runs first inside the bare realm, where only ECMAScript and WebAssembly exist: the few host objects that the
 * interpreter asks for while it believes to be in a plain JavaScript shell. None of them touches the host.
 */
import { decodeUtf8, decodeUtf16, encodeUtf8 } from './text.ts';

const realm = globalThis as unknown as Record<string, unknown>;

class RealmTextEncoder {
  encode(text = ''): Uint8Array {
    return encodeUtf8(String(text));
  }
  encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
    const bytes = encodeUtf8(String(text)).subarray(0, target.length);
    target.set(bytes);
    return { read: text.length, written: bytes.length };
  }
}

class RealmTextDecoder {
  readonly encoding: string;
  constructor(encoding = 'utf-8') {
    this.encoding = encoding;
  }
  decode(value?: ArrayBuffer | ArrayBufferView): string {
    if (!value) return '';
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
    return this.encoding.includes('16') ? decodeUtf16(bytes) : decodeUtf8(bytes);
  }
}

/** A finaliser that ran after the heap was restored would write into the next candidate's memory, so none ever runs. */
class SilentFinalizationRegistry {
  register(): void {}
  unregister(): boolean {
    return false;
  }
}

const nothing = () => {};
realm.TextEncoder = RealmTextEncoder;
realm.TextDecoder = RealmTextDecoder;
realm.FinalizationRegistry = SilentFinalizationRegistry;
realm.console = { log: nothing, warn: nothing, error: nothing, info: nothing, debug: nothing };
realm.setTimeout = () => 0;
realm.setInterval = () => 0;
realm.clearTimeout = nothing;
realm.clearInterval = nothing;
realm.performance = { now: () => Date.now() };

/** Entropy is a seeded generator: rewards are reproducible, and no candidate learns how often another one drew. */
const SEED = 0x9e3779b9;
let random = SEED;
realm.__resetEntropy = () => {
  random = SEED;
};
function nextByte(): number {
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  return random & 255;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** The shell build draws entropy by `head -c<n> /dev/urandom | base64`; only that number is looked at. */
realm.os = {
  system(_program: string, args: string[]): string {
    const length = Number(/-c(\d+)/.exec(args[1])?.[1] ?? 0);
    let text = '';
    for (let i = 0; i < length; i += 3) {
      const [a, b, c] = [nextByte(), nextByte(), nextByte()];
      text += BASE64[a >> 2] + BASE64[((a & 3) << 4) | (b >> 4)];
      text +=
        (i + 1 < length ? BASE64[((b & 15) << 2) | (c >> 6)] : '=') + (i + 2 < length ? BASE64[c & 63] : '=');
    }
    return text;
  },
};

let files: Record<string, Uint8Array> = {};
/** The worker copies file contents into arrays of this realm, so that no object of the host crosses. */
realm.__putFile = (name: string, length: number) => {
  files[name] = new Uint8Array(length);
  return files[name];
};
realm.__dropFiles = () => {
  files = {};
};
realm.readbuffer = (path: string) => {
  for (const name of Object.keys(files)) if (String(path).endsWith(name)) return files[name].buffer;
  throw new Error(`no file ${path}`);
};
realm.read = () => {
  throw new Error('no files');
};
realm.load = realm.read;

// Not needed by the interpreter, and each of these would call into the host: streaming compilation ends in a
// callback of Node, and shared memory would be a clock and a channel.
const wasm = realm.WebAssembly as Record<string, unknown>;
for (const name of ['compileStreaming', 'instantiateStreaming']) delete wasm[name];
for (const name of ['SharedArrayBuffer', 'Atomics', 'WeakRef', 'Iterator']) delete realm[name];
// Its callbacks would run after the candidate's turn ended.
delete (Array as unknown as Record<string, unknown>).fromAsync;
