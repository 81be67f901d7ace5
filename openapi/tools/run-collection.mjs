// Runs the Postman collection against a freshly built and seeded service; run `npm run build` first.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import newman from 'newman';
import { root, startService } from './service.mjs';

const print = (line) => process.stdout.write(`${line}\n`);
const begin = performance.now();
const count = { total: 0, pass: 0 };

try {
  const service = await startService();
  try {
    const { run } = await runCollection(service);
    for (const execution of run.executions) report(execution);
    for (const { error, source } of run.failures) {
      if (error.name !== 'AssertionError') check(`${source?.name}: ${error.name}`, error);
    }
  } finally {
    await service.stop();
  }
} catch (error) {
  check('the run comes to its end', error);
}
// tap's summary format, so the same parser reads both.
print(`# { total: ${count.total}, pass: ${count.pass}, fail: ${count.total - count.pass} }`);
print(`# time=${Math.round(performance.now() - begin)}ms`);
process.exitCode = count.total > 0 && count.pass === count.total ? 0 : 1;

function runCollection({ origin, password }) {
  const openapi = join(root, 'openapi');
  const options = {
    collection: JSON.parse(readFileSync(join(openapi, 'postman_collection.json'), 'utf8')),
    // Files that a request uploads are relative to this directory.
    workingDir: openapi,
    reporters: [],
    timeoutRequest: 30_000,
    envVar: [
      { key: 'baseUrl', value: origin },
      { key: 'password', value: password },
    ],
  };
  return new Promise((resolve, reject) => {
    newman.run(options, (error, summary) => (error ? reject(error) : resolve(summary)));
  });
}

function report({ item, request, response, assertions = [] }) {
  const answer = `${request.method} ${request.url.getPath()} ${response?.code}`;
  if (assertions.length === 0) check(item.name, new Error(`${answer}: nothing was checked`));
  for (const { assertion, error } of assertions) {
    const body = response?.stream?.toString().slice(0, 500);
    check(assertion, error && new Error(`${answer}: ${error.message}\n${body}`));
  }
}

function check(name, error) {
  count.total += 1;
  if (error === undefined || error === null) {
    count.pass += 1;
    print(`ok ${count.total} - ${name}`);
  } else {
    print(`not ok ${count.total} - ${name}\n  ${error.message.replaceAll('\n', '\n  ')}`);
  }
}
