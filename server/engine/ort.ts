import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from '../../kernels/graph.ts';
import type { Activations } from '../../kernels/linear/int8.ts';
import { serialize } from '../../kernels/onnx/serialize.ts';
import { UserError } from '../errors.ts';
import type { RunningDevice } from '../protocol.ts';

export type { InferenceSession, Tensor };
export type Ort = typeof import('onnxruntime-node');

/**
 * Loads the native runtime, on first use only: the rest of the program must live where it is missing.
 * Throws UserError with the reason.
 */
export async function loadOrt(): Promise<Ort> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0];
    throw new UserError(
      `ONNX Runtime does not load on ${process.platform}-${process.arch} (${reason}); ` +
        'install the Unmask package made for this platform.',
    );
  }
}

export interface SessionSettings {
  /**
   * Plan the memory of all intermediate values at once for every set of input sizes: a little faster, but the plans of
   * large graphs keep much more memory than is in use at any time.
   */
  planMemory?: boolean;
  /**
   * For a few runs over weights that need not fit in memory: the graph runs as it was built, so that weights are brought
   * from their stored form into that of a product when it is computed, and let go of afterwards.
   */
  frugal?: boolean;
  /** Where the nodes run that the device has an implementation of; the others run on the processor. */
  device?: RunningDevice;
  /** Outputs that stay on the device: they can be fed again, and must be disposed of; reading them is not possible. */
  onDevice?: readonly string[];
}

/** Opens a session on a graph whose weights lie in `folder`; they are mapped, not copied. */
export async function openSession(
  ort: Ort,
  graph: Graph,
  folder: string,
  threads: number,
  { planMemory = true, frugal = false, device = 'cpu', onDevice = [] }: SessionSettings = {},
): Promise<InferenceSession> {
  return ort.InferenceSession.create(serialize(graph), {
    executionProviders: [provider(device, graph)],
    preferredOutputLocation: Object.fromEntries(onDevice.map((name) => [name, 'gpu-buffer'])),
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: frugal ? 'disabled' : 'all',
    enableMemPattern: planMemory && !frugal,
    enableCpuMemArena: !frugal,
    logSeverityLevel: 3,
    extra: {
      session: {
        model_external_initializers_file_folder_path: folder,
        // Shares of far columns underflow; computing with such numbers takes a twentieth of a forward.
        set_denormal_as_zero: '1',
        disable_prepacking: frugal ? '1' : '0',
      },
    },
  });
}

/** A device, and what is not to run there where it can be told so. */
function provider(device: RunningDevice, { onProcessor }: Graph): InferenceSession.ExecutionProviderConfig {
  if (device !== 'webgpu' || onProcessor.length === 0) return device;
  return { name: device, forceCpuNodeNames: onProcessor.map(({ outputs }) => outputs[0]) };
}

/** The integer type of activations that this processor multiplies fastest. */
export function nativeActivations(): Activations {
  return process.arch === 'arm64' ? 's8' : 'u8';
}

/** Tensors from plain numbers, and of arrays that are used where they lie. */
export function tensors(ort: Ort) {
  return {
    i64: (values: readonly number[], dims: readonly number[] = [values.length]) =>
      new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims),
    f32: (values: Float32Array, dims: readonly number[]) => new ort.Tensor('float32', values, dims),
  };
}
