import { UserError } from '../errors.ts';
import { getJson, type HttpOptions } from './http.ts';

/** A file of a repository, as the hub describes it. */
export interface HubFile {
  name: string;
  bytes: number;
  url: string;
  /** Of its content; small files have the hash that git gives them. */
  hash: { kind: 'sha256' | 'sha512' | 'git'; hex: string };
}

export interface HubModel {
  /** The commit that the revision stood for. */
  commit: string;
  licence: string | undefined;
  files: HubFile[];
}

interface ModelAnswer {
  sha?: string;
  cardData?: { license?: string };
}

interface TreeEntry {
  type: 'file' | 'directory';
  path: string;
  size: number;
  oid: string;
  /** Of files that git does not hold itself. */
  lfs?: { oid: string; size: number };
}

/** What belongs to a model; programs, other formats and pictures stay where they are. */
const WANTED =
  /^(config\.json|generation_config\.json|(model[\w.-]*|sampler_head)\.safetensors|model\.safetensors\.index\.json|(special_tokens_map|added_tokens|tokenizer|tokenizer_config|vocab)\.json|merges\.txt|chat_template\.jinja|README\.md|(LICEN[CS]E|NOTICE)[\w.-]*)$/i;

/** Asks the hub at `endpoint` for the files of a revision. Throws UserError. */
export async function describeModel(
  endpoint: string,
  repository: string,
  revision: string,
  options: HttpOptions,
): Promise<HubModel> {
  const hub = endpoint.replace(/\/+$/, '');
  const model = await getJson<ModelAnswer | null>(
    `${hub}/api/models/${repository}/revision/${encodeURIComponent(revision)}`,
    options,
  );
  const commit = String(model?.sha);
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new UserError(`${hub} names no commit of ${repository}.`);
  const tree = await getJson<TreeEntry[]>(`${hub}/api/models/${repository}/tree/${commit}`, options);
  const files = (Array.isArray(tree) ? tree : [])
    .filter(({ type, path }) => type === 'file' && WANTED.test(path))
    .map((entry) => readEntry(entry, `${hub}/${repository}/resolve/${commit}/`));
  if (
    !files.some(({ name }) => name === 'config.json') ||
    !files.some(({ name }) => /safetensors$/.test(name))
  ) {
    throw new UserError(`${repository} on ${hub} is no model: it has no config.json or no safetensors file.`);
  }
  return { commit, licence: model?.cardData?.license, files };
}

function readEntry({ path: name, size, oid, lfs }: TreeEntry, base: string): HubFile {
  const hash = lfs ? ({ kind: 'sha256', hex: lfs.oid } as const) : ({ kind: 'git', hex: oid } as const);
  return { name, bytes: lfs?.size ?? size, url: base + encodeURIComponent(name), hash };
}
