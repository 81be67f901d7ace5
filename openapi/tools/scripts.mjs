// What a request of the collection checks of its answer, and what it keeps of it.

/** Operations whose request, though made from the examples, need not succeed. */
const EXCEPTIONS = {
  // It is there to fail.
  'playground-error': [500],
  // It asks another service, which there is only where one is configured.
  'playground-upstream': [200, 404],
  // They want what a mail has brought.
  'emails-confirm': [422],
  'passwords-reset': [422],
  // They would end the account, or its password, with which the rest is done.
  'emails-change': [422],
  'me-delete': [422],
  'passwords-change': [422],
  // What they name is not there: the session of the run itself would be.
  'jobs-retry': [404],
  'sessions-end': [404],
  // What was in the trash has been restored just before.
  'trash-purge': [404],
  // No published post has the tag.
  'tags-posts': [404],
};

/** The statuses with which the request of an operation is as it should be. */
export function expectedStatuses({ operationId, responses }) {
  const listed = Object.keys(responses).map(Number);
  const given = EXCEPTIONS[operationId];
  if (given !== undefined) return given;
  const successes = listed.filter((status) => status >= 200 && status < 300);
  return successes.length > 0 ? successes : listed.filter((status) => status < 400);
}

/** The script that runs after a request. */
export function scriptFor({ operationId, responses }, expected, created) {
  const listed = Object.keys(responses).map(Number);
  const exec = [
    isOneOf(`${operationId}: the contract has this status`, listed),
    isOneOf(`${operationId}: it does what it should`, expected),
    ...(operationId === 'auth-csrf' ? [keep('csrf_token', 'csrf_token')] : []),
    ...(created === undefined ? [] : [keep(created, 'id')]),
  ];
  return { listen: 'test', script: { type: 'text/javascript', exec } };
}

function isOneOf(name, statuses) {
  return `pm.test('${name}', () => pm.expect(pm.response.code).to.be.oneOf([${statuses.join(', ')}]));`;
}

function keep(variable, property) {
  return `pm.collectionVariables.set('${variable}', pm.response.json().${property});`;
}
