/**
 * Lets a program load a package file by file: the default export of `by-files:PACKAGE` is a list of functions, each of
 * which loads one file of the package or of what it needs, after those that the file needs itself.
 * @type {import('esbuild').Plugin}
 */
export const byFiles = {
  name: 'by-files',
  setup({ esbuild, initialOptions: { absWorkingDir, platform, external }, onResolve, onLoad }) {
    onResolve({ filter: /^by-files:/ }, ({ path }) => ({
      path: path.slice('by-files:'.length),
      namespace: 'by-files',
    }));
    onLoad({ filter: /.*/, namespace: 'by-files' }, async ({ path }) => {
      const { metafile } = await esbuild.build({
        ...{ absWorkingDir, platform, external },
        stdin: { contents: `require('${path}')`, resolveDir: absWorkingDir },
        bundle: true,
        write: false,
        metafile: true,
      });
      const files = neededFirst(metafile.inputs, '<stdin>').slice(0, -1);
      const loads = files.map((file) => `() => require('./${file}')`);
      return { contents: `export default [${loads.join(', ')}]`, resolveDir: absWorkingDir };
    });
  },
};

/**
 * `entry` and the files that it needs, each after its own needs.
 * @param {import('esbuild').Metafile['inputs']} inputs
 * @param {string} entry
 */
function neededFirst(inputs, entry) {
  /** @type {Set<string>} */
  const seen = new Set();
  /** @type {string[]} */
  const order = [];
  /** @param {string} file */
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { path, external } of inputs[file].imports) if (!external) visit(path);
    order.push(file);
  };
  visit(entry);
  return order;
}
