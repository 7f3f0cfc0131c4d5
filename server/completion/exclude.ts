import picomatch from 'picomatch';

/** Never read, whatever the settings say: a secret must not become a suggestion. */
const SECRET_FILES = [
  '.env',
  '.env.*',
  '*.env',
  '*.{pem,key,p12,pfx,jks,keystore,kdbx,ppk,asc,gpg}',
  'id_{rsa,dsa,ecdsa,ed25519}*',
  '.{netrc,npmrc,pypirc,pgpass,htpasswd,git-credentials}',
  'credentials',
  'secrets.{json,toml,yaml,yml}',
];

const OPTIONS = { dot: true, nocase: process.platform === 'win32' };

const isSecretName = picomatch(SECRET_FILES, { dot: true, nocase: true });

const compiled = new WeakMap<readonly string[], (path: string) => boolean>();

/**
 * Whether completion leaves a file alone: a known kind of secret, or one that `patterns` match. A pattern without a
 * slash is compared with the file name, any other with the end of the path that starts at one of its folders.
 */
export function isExcluded(uri: string, patterns: readonly string[]): boolean {
  const path = pathOf(uri);
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (isSecretName(name)) return true;
  let matches = compiled.get(patterns);
  if (!matches) {
    matches = picomatch(patterns.map(anchored), OPTIONS);
    compiled.set(patterns, matches);
  }
  return matches(path);
}

function anchored(pattern: string): string {
  const posix = pattern.replaceAll('\\', '/');
  return posix.startsWith('/') || posix.startsWith('**/') ? posix : `**/${posix}`;
}

function pathOf(uri: string): string {
  const path = uri.replace(/^[a-z][a-z0-9+.-]*:(\/\/[^/]*)?/i, '').replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    // A stray percent sign is part of the name.
    return path;
  }
}
