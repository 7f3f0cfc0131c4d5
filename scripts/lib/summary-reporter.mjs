// A reporter of node:test that writes every test that was skipped or failed as one line of JSON.

/** @param {AsyncIterable<{ type: string, data: any }>} source */
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { name, file, skip } = data;
    if (skip !== undefined) yield line({ kind: 'skipped', name, file, reason: String(skip) });
    else if (type === 'test:fail') yield line({ kind: 'failed', name, file });
    else if (data.details.type !== 'suite') yield line({ kind: 'passed' });
  }
}

function line(value) {
  return `${JSON.stringify(value)}\n`;
}
