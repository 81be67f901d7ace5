import t, { type Test } from 'tap';

/** A test file, and how it is loaded. */
export interface TestFile {
  name: string;
  load(): Promise<unknown>;
}

/** What a test file may ask of tap's root. */
const METHODS = ['test', 'before', 'beforeEach', 'afterEach', 'teardown', 'setTimeout'] as const;
const ASSERTIONS = ['comment', 'equal', 'match', 'ok', 'pass', 'same'] as const;

/**
 * Runs test files one after another in this process, each as a subtest by its name: to load the
 * service is what most of them take longest for, and is done once. The files need not know. What
 * they ask of tap's root while theirs is the turn goes to their subtest.
 */
export function runTestFiles(files: TestFile[]): void {
  const test: (name: string, work: (own: Test) => Promise<void>) => unknown = t.test.bind(t);
  for (const { name, load } of files) {
    test(name, async (own: Test) => {
      own.teardown(redirect(own));
      await load();
    });
  }
}

/** @returns what undoes it */
function redirect(own: Test): () => void {
  const names = [...METHODS, ...ASSERTIONS];
  for (const name of names) {
    const method = own[name] as (...values: unknown[]) => unknown;
    const value = (...values: unknown[]) => method.apply(own, values);
    Object.defineProperty(t, name, { configurable: true, value });
  }
  return () => {
    for (const name of names) Reflect.deleteProperty(t, name);
  };
}
