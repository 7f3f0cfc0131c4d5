import type { FileNode, FileSystem } from './interpreter.ts';

const CAP_BYTES = 8 * 1024 * 1024;
const NOT_PERMITTED = 63;

/** Makes everything but the inside of /tmp read-only, caps what /tmp holds, and returns the way back to empty. */
export function limitFiles(FS: FileSystem): { reset(): void } {
  const { MEMFS } = FS.filesystems;
  let used = 0;
  const refuse = (): never => {
    throw new FS.ErrnoError(NOT_PERMITTED);
  };
  // /tmp itself stays as it is: its mode and times would outlive the candidate.
  const inTmp = (node: FileNode) => FS.getPath(node).startsWith('/tmp/');
  const isTmp = (node: FileNode) => FS.getPath(node) === '/tmp';

  const expand = MEMFS.expandFileStorage;
  MEMFS.expandFileStorage = (node, capacity) => {
    const before = node.contents?.length ?? 0;
    if (used + capacity - before > CAP_BYTES) refuse();
    expand(node, capacity);
    used += (node.contents?.length ?? 0) - before;
  };

  // The first argument of these is the directory in which something happens …
  const parentOperations = ['mknod', 'unlink', 'rmdir', 'symlink'];
  // … and of these the node itself.
  const nodeOperations = ['setattr', 'rename'];
  const tables = MEMFS.ops_table;
  for (const operations of [tables.dir.node, tables.file.node, tables.link.node]) {
    for (const name of [...parentOperations, ...nodeOperations]) {
      const original = operations[name];
      if (!original) continue;
      const allowed = parentOperations.includes(name)
        ? (node: FileNode) => inTmp(node) || isTmp(node)
        : inTmp;
      operations[name] = (node, ...rest) => (allowed(node) ? original(node, ...rest) : refuse());
    }
  }
  const rename = tables.dir.node.rename;
  if (rename) {
    tables.dir.node.rename = (node, newParent, ...rest) =>
      inTmp(newParent as FileNode) || isTmp(newParent as FileNode)
        ? rename(node, newParent, ...rest)
        : refuse();
  }
  const write = tables.file.stream.write;
  tables.file.stream.write = (stream, ...rest) => (inTmp(stream.node) ? write(stream, ...rest) : refuse());

  const streams = FS.streams.slice();
  const inode = FS.nextInode;
  return {
    reset() {
      for (let i = 0; i < FS.streams.length; i++) {
        if (!FS.streams[i] || streams[i]) continue;
        try {
          FS.close(FS.streams[i]);
        } catch {}
        FS.streams[i] = undefined;
      }
      FS.chdir('/home/pyodide');
      removeInside(FS, '/tmp');
      used = 0;
      FS.nextInode = inode;
    },
  };
}

function removeInside(FS: FileSystem, directory: string): void {
  for (const name of FS.readdir(directory)) {
    if (name === '.' || name === '..') continue;
    const path = `${directory}/${name}`;
    if (FS.isDir(FS.lstat(path).mode)) {
      removeInside(FS, path);
      FS.rmdir(path);
    } else FS.unlink(path);
  }
}
