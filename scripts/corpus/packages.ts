/** A package on PyPI whose sources may be learnt from; licences as the package declares them, in SPDX's terms. */
export interface Package {
  name: string;
  version: string;
  licence: string;
  /** Share of its files that is taken, 0 … 1, so that large packages do not drown the small ones; default 1. */
  share?: number;
}

/** The corpus, beside the standard library of the python3 that is installed. */
export const PACKAGES: readonly Package[] = [
  { name: 'algorithms', version: '1.0.1', licence: 'MIT' },
  { name: 'attrs', version: '26.1.0', licence: 'MIT' },
  { name: 'boltons', version: '26.2.0', licence: 'BSD-3-Clause' },
  { name: 'click', version: '8.5.1', licence: 'BSD-3-Clause' },
  { name: 'django', version: '5.2.19', licence: 'BSD-3-Clause', share: 0.4 },
  { name: 'flask', version: '3.1.3', licence: 'BSD-3-Clause' },
  { name: 'funcy', version: '2.1', licence: 'BSD-3-Clause' },
  { name: 'httpx', version: '0.28.1', licence: 'BSD-3-Clause' },
  { name: 'jinja2', version: '3.1.6', licence: 'BSD-3-Clause' },
  { name: 'more-itertools', version: '11.2.1', licence: 'MIT' },
  { name: 'networkx', version: '3.6.1', licence: 'BSD-3-Clause' },
  { name: 'pandas', version: '3.1.1', licence: 'BSD-3-Clause', share: 0.3 },
  { name: 'pydantic', version: '2.14.4', licence: 'MIT' },
  { name: 'pygorithm', version: '1.0.4', licence: 'MIT' },
  { name: 'requests', version: '2.34.2', licence: 'Apache-2.0' },
  { name: 'rich', version: '15.0.0', licence: 'MIT' },
  { name: 'scikit-learn', version: '1.9.1', licence: 'BSD-3-Clause', share: 0.3 },
  { name: 'sortedcontainers', version: '2.4.0', licence: 'Apache-2.0' },
  { name: 'sympy', version: '1.14.0', licence: 'BSD-3-Clause', share: 0.3 },
  { name: 'toolz', version: '1.2.0', licence: 'BSD-3-Clause' },
  { name: 'werkzeug', version: '3.1.9', licence: 'BSD-3-Clause' },
];
