/** Tests: TypeScript through swc, as ES modules, as the sources are. */
const swc = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

export default {
  testEnvironment: 'node',
  maxWorkers: '100%',
  // Some tests start processes, and the machine may be busy.
  testTimeout: 20_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/cluster/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', swc] },
  collectCoverageFrom: ['functions/**/*.ts', 'shared/**/*.ts'],
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'lcovonly'],
  // The law is proven or it is not: nothing in it may go untried.
  coverageThreshold: { './shared/conditions/': { lines: 100, branches: 100, functions: 100, statements: 100 } },
};
