/** Made by scripts/lib/by-files.mjs. */
declare module 'by-files:*' {
  const loads: (() => unknown)[];
  export default loads;
}
