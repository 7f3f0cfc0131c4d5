// Preloaded into a process: there the native runtime cannot be loaded, as on a platform that it was not built for.
import { register } from 'node:module';

const hooks = `
export async function resolve(specifier, context, next) {
  if (specifier === 'onnxruntime-node') throw new Error('libonnxruntime.so.1: cannot open shared object file');
  return next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
