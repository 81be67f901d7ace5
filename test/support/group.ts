import t, { type Test } from 'tap';

/** A test file and the function that loads it. */
export interface TestFile {
  name: string;
  load(): Promise<unknown>;
}

/** Methods of tap's root that test files may call. */
const METHODS = ['test', 'before', 'beforeEach', 'afterEach', 'teardown', 'setTimeout'] as const;
const ASSERTIONS = ['comment', 'equal', 'match', 'ok', 'pass', 'same'] as const;

/**
 * Runs test files one after another in this process, each as a subtest with its name. This loads
 * the service only once, which takes longer than running most files. While a file runs, its calls
 * to tap's root go to its subtest, so files need no change.
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

/** Redirects calls to tap's root. @returns a function that undoes it */
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
