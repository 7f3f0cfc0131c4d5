import { type Attribute, type Dim, DTYPE, type Graph, type Initializer, type Output } from '../graph.ts';
import { ModelProto } from './schema.ts';

/** ONNX operator set of the emitted models, and the IR version that goes with it. */
const OPSET = 21;
const IR_VERSION = 10;

/** Numbers of AttributeProto.AttributeType. */
const ATTRIBUTE = { float: 1, int: 2, string: 3, graph: 5, ints: 7 } as const;

/** The bytes of an ONNX model. Weights stay where they are: the model refers to their files. */
export function serialize(graph: Graph): Uint8Array {
  return ModelProto.encode(
    ModelProto.create({
      irVersion: IR_VERSION,
      producerName: 'unmask',
      opsetImport: [
        { domain: '', version: OPSET },
        { domain: 'com.microsoft', version: 1 },
      ],
      graph: { name: 'denoiser', ...contents(graph) },
    }),
  ).finish();
}

function contents(graph: Graph): object {
  return {
    node: graph.nodes.map((node) => ({
      opType: node.op,
      domain: node.domain,
      name: node.outputs.find((name) => name !== ''),
      input: node.inputs,
      output: node.outputs,
      attribute: Object.entries(node.attributes).map(([name, value]) => ({ name, ...attribute(value) })),
    })),
    initializer: graph.initializers.map(tensor),
    input: graph.inputs.map(port),
    output: graph.outputs.map(port),
  };
}

function attribute(value: Attribute) {
  if (typeof value === 'number') return { type: ATTRIBUTE.int, i: value };
  if (typeof value === 'string') return { type: ATTRIBUTE.string, s: new TextEncoder().encode(value) };
  if ('float' in value) return { type: ATTRIBUTE.float, f: value.float };
  if ('body' in value) return { type: ATTRIBUTE.graph, g: { name: 'body', ...contents(value.body) } };
  return { type: ATTRIBUTE.ints, ints: value };
}

function tensor(initializer: Initializer) {
  const common = { name: initializer.name, dataType: DTYPE[initializer.dtype], dims: initializer.dims };
  if ('bytes' in initializer) return { ...common, rawData: initializer.bytes };
  const { file, offset, length } = initializer;
  const entries = { location: file, offset: String(offset), length: String(length) };
  return {
    ...common,
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}

function port(port: Output) {
  if (!('dtype' in port)) return port;
  const { name, dtype, dims } = port;
  const dim = dims.map((d: Dim) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: DTYPE[dtype], shape: { dim } } } };
}
