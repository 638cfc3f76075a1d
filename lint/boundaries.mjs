/**
 * Who may import whom, as oxlint's configuration. A folder (of the services, each one's own folder) may
 * always import itself; a test, and what a folder named `testing` holds for tests, anything. `types` may be imported with `import type` only, `index` by the
 * folder's index.ts only, and of `contracts` (the services) only each one's contract.
 *
 * @typedef {object} Folder
 * @property {string[]} [may]
 * @property {string[]} [types]
 * @property {string[]} [index]
 * @property {boolean} [contracts]
 * @property {string[]} [packages] npm packages, by name
 * @property {boolean} [node] may import Node's own modules
 */

/** Packages that reach for nothing of the world around them. */
const pure = ['pure-rand', 'zod', 'xstate', '@noble/*', 'd3-random', 'simple-statistics'];

/** @type {Record<string, Folder>} */
export const folders = {
  kernel: { packages: ['pure-rand', 'zod', '@noble/*'] },
  'run-log': { may: ['kernel'], packages: pure },
  patterns: { may: ['kernel'], packages: pure },
  services: {
    may: ['kernel', 'patterns'],
    contracts: true,
    packages: [...pure, '@micropython/micropython-webassembly-pyscript'],
  },
  // src/services/index.ts, which gathers them for the compositions.
  'all services': { may: ['kernel', 'patterns', 'services'], packages: pure },
  compositions: {
    may: ['kernel', 'patterns', 'services', 'all services'],
    types: ['faults'],
    packages: pure,
  },
  faults: { may: ['kernel', 'run-log'], packages: pure },
  'hosts/live': {
    may: ['kernel', 'run-log', 'faults', 'compositions', 'setups'],
    packages: [...pure, 'idb', 'msw', '@mswjs/interceptors'],
  },
  'hosts/virtual': { may: ['kernel', 'run-log', 'faults', 'compositions', 'setups'], packages: pure },
  'hosts/conformance': {
    may: [
      'kernel',
      'run-log',
      'faults',
      'compositions',
      'setups',
      'invariants',
      'hosts/live',
      'hosts/virtual',
    ],
    packages: ['*', '@*/*'],
    node: true,
  },
  projections: { may: ['kernel', 'run-log'], packages: pure },
  invariants: { may: ['kernel', 'run-log'], packages: pure },
  setups: { may: ['kernel'], types: ['faults', 'compositions'], packages: pure },
  experiments: {
    may: ['kernel', 'setups', 'projections', 'invariants', 'hosts/virtual'],
    types: ['faults'],
    packages: pure,
  },
  lessons: {
    may: ['kernel', 'setups', 'projections', 'invariants', 'hosts/virtual'],
    packages: [...pure, 'react', 'lucide-react'],
  },
  cli: {
    may: ['kernel', 'experiments', 'setups', 'invariants', 'hosts/virtual', 'mutants'],
    packages: pure,
    node: true,
  },
  // Exact replacements of source text, made by the test loader and never bundled.
  mutants: {},
  app: {
    index: [
      'kernel',
      'run-log',
      'patterns',
      'compositions',
      'faults',
      'hosts/live',
      'hosts/virtual',
      'projections',
      'invariants',
      'setups',
      'experiments',
      'lessons',
    ],
    contracts: true,
    packages: ['*', '@*/*'],
  },
};

/** @param {string} folder */
function element(folder) {
  const pattern =
    folder === 'services' ? 'src/services/*' : folder === 'all services' ? 'src/services' : `src/${folder}`;
  return {
    type: folder,
    pattern,
    partialMatch: false,
    ...(folder === 'services' ? { capture: ['service'] } : {}),
  };
}

/**
 * @param {string} name
 * @param {Folder} folder
 */
function policies(name, folder) {
  const elements = (/** @type {string[]} */ types) => ({ types: { anyOf: types } });
  const { may = [], types = [], index = [], contracts = false, packages = [], node = false } = folder;
  const allowed = [
    { to: { element: elements(may) } },
    { to: { element: elements(types) }, dependency: { kind: 'type' } },
    { to: { element: { ...elements(index), fileInternalPath: 'index.ts' } } },
    {
      to: {
        element: { type: contracts ? 'services' : 'none', fileInternalPath: '{contract.ts,contract/**}' },
      },
    },
    { to: { module: { origin: 'external', source: packages } } },
    { to: { module: { origin: node ? 'core' : 'none' } } },
  ];
  return allowed.map((allow) => ({ from: { element: { type: name } }, allow }));
}

export default {
  plugins: [],
  categories: { correctness: 'off' },
  // It takes the text of files that are no modules.
  overrides: [
    {
      files: ['**/src/services/shipping/python/sources.ts'],
      rules: { 'boundaries/no-unknown-dependencies': 'off' },
    },
  ],
  jsPlugins: ['eslint-plugin-boundaries'],
  settings: {
    // Tests, and what only tests use.
    'boundaries/ignore': ['**/*.test.ts', '**/*.test.tsx', '**/testing/**'],
    'boundaries/elements': Object.keys(folders).map(element),
    'boundaries/dependency-nodes': ['import', 'export', 'dynamic-import', 'require'],
    'boundaries/additional-dependency-nodes': [
      { selector: 'TSImportType > Literal', kind: 'type', name: 'import-type' },
      // How a page names the script of a worker.
      {
        selector:
          'NewExpression[callee.name=URL][arguments.1.type=MemberExpression][arguments.1.object.type=MetaProperty] > Literal:first-child',
        kind: 'value',
        name: 'url',
      },
    ],
  },
  rules: {
    'boundaries/no-ignored-dependencies': 'error',
    'boundaries/no-unknown-files': 'error',
    'boundaries/no-unknown-dependencies': 'error',
    'boundaries/dependencies': [
      'error',
      {
        default: 'disallow',
        checkAllOrigins: true,
        policies: Object.entries(folders).flatMap(([name, folder]) => policies(name, folder)),
      },
    ],
  },
};
