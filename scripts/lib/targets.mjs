/** The platforms with an ONNX Runtime binary: the editor's name → Node's names and the native files to ship. */
export const TARGETS = {
  'linux-x64': { platform: 'linux', arch: 'x64', native: ['libonnxruntime.so.1'] },
  'linux-arm64': { platform: 'linux', arch: 'arm64', native: ['libonnxruntime.so.1'] },
  'win32-x64': { platform: 'win32', arch: 'x64', native: windows() },
  'win32-arm64': { platform: 'win32', arch: 'arm64', native: windows() },
  // The package holds the library twice; this is the name that the binding loads (its install name).
  'darwin-arm64': { platform: 'darwin', arch: 'arm64', native: ['libonnxruntime.1.dylib'] },
};

/** The target of this machine. */
export function hostTarget() {
  const target = `${process.platform}-${process.arch}`;
  if (target in TARGETS) return target;
  throw new Error(
    `ONNX Runtime has no binary for ${target}; there is one for ${Object.keys(TARGETS).join(', ')}.`,
  );
}

function windows() {
  // DirectML is for the device dml. dxcompiler.dll and dxil.dll stay out: they are 10 MB packed, and without them
  // WebGPU takes the shader compiler of Windows.
  return ['onnxruntime.dll', 'DirectML.dll'];
}
