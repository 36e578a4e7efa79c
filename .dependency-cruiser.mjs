/** Which folder may import which: arrows point inward, and one package that talks to the outside has one file. */
const INNER = '^shared/(runtime|scans|policy|alerts|replay)/';

/** Packages that talk to the outside, or are slow to load, and the one file that may import each. */
const ONE_FILE = {
  cloudevents: 'shared/events/http.ts',
  '@aws-sdk/client-eventbridge': 'shared/runtime/event-bus.ts',
  '@aws-sdk/client-sqs': 'shared/runtime/sqs.ts',
  pino: 'shared/runtime/log.ts',
  'pure-rand': 'shared/replay/shuffle.ts',
  'cli-progress': 'cli/progress.ts',
  'node:sqlite': 'shared/scans/sqlite.ts',
  '@kubernetes/client-node': 'shared/scans/kube(config|rnetes-connection).ts',
  undici: 'shared/(scans/dispatch|remote/guarded-fetch).ts',
  'js-yaml': 'shared/(scans/kubeconfig|settings/yaml-file|policy/reports/yaml|policy/built-ins/yaml[a-z-]*).ts',
  mustache: 'shared/alerts/template(-names)?.ts',
  'lru-cache': 'shared/(scans/scan-cache|policy/(evaluator|brought-bundles|bundle/(compiled|downloads))).ts',
  '@open-policy-agent/opa-wasm': 'shared/policy/engine.ts',
  '@aws-sdk/client-dynamodb': 'shared/alerts/state/dynamodb.ts',
  '@aws-sdk/client-s3': 'shared/remote/s3.ts',
  'ipaddr.js': 'shared/remote/addresses.ts',
  saxes: 'shared/policy/reports/xml.ts',
  re2js: 'shared/policy/built-ins/regex.ts',
  jose: 'shared/(policy/(verdict-signature|bundle/signatures)|runtime/auth-oidc).ts',
};

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    rule('no-cycles', 'Two files that need each other are one.', {}, { circular: true }),
    rule(
      'conditions-alone',
      'The law knows nothing but itself and the schema library.',
      { path: '^shared/conditions/' },
      {
        pathNot: ['^shared/conditions/', '^node_modules/zod/'],
      },
    ),
    rule('events-below-runtime', 'Events know the conditions only.', { path: '^shared/events/' }, { path: INNER }),
    rule(
      'scans-below-runtime',
      'Stores know neither runtimes nor replays.',
      { path: '^shared/scans/' },
      {
        path: '^shared/(runtime|policy|alerts|replay)/',
      },
    ),
    rule(
      'runtime-below-replay',
      'A replay uses the runtime, not the other way round.',
      { path: '^shared/runtime/' },
      {
        path: '^shared/replay/',
      },
    ),
    rule('shared-below-functions', 'Arrows point inward.', { path: '^shared/' }, { path: '^(functions|cli|test)/' }),
    rule(
      'functions-apart',
      'Functions never import each other.',
      { path: '^functions/([^/]+)/' },
      {
        path: '^functions/',
        pathNot: '^functions/$1/',
      },
    ),
    rule(
      'sources-without-tests',
      'What ships imports no test.',
      { path: '^(functions|shared|cli)/' },
      { path: '^test/' },
    ),
    rule(
      'no-development-packages',
      'What ships loads only what is installed with it.',
      { path: '^(functions|shared|cli)/' },
      {
        dependencyTypes: ['npm-dev'],
      },
    ),
    ...Object.entries(ONE_FILE).map(([name, file]) =>
      rule(
        `one-file-for-${name}`,
        `${name} is imported by ${file} alone.`,
        { path: '^(functions|shared|cli)/', pathNot: `^${file}$` },
        {
          path: name.startsWith('node:') ? `^(node:)?${name.slice('node:'.length)}$` : `^node_modules/${name}/`,
        },
      ),
    ),
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    exclude: { path: '^node_modules/.+/node_modules/' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
