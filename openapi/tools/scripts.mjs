// Scripts that check the responses of the collection's requests and store values from them.

/** Expected statuses of operations whose example request does not always succeed. */
const EXCEPTIONS = {
  // Fails on purpose.
  'playground-error': [500],
  // Asks another service, which exists only where it is configured.
  'playground-upstream': [200, 404],
  // Its example token is made up.
  'tokens-refresh': [401],
  // Need a token from a mail.
  'emails-confirm': [422],
  'passwords-reset': [422],
  'projects-accept-invitation-by-token': [422],
  // Would change or delete the account that the rest of the run uses.
  'emails-change': [422],
  'me-delete': [422],
  'passwords-change': [422],
  // The example ids do not exist; real ones would include the session of the run itself.
  'jobs-retry': [404],
  'sessions-end': [404],
  // The task has been completed, and purged with all completed ones, just before.
  'tasks-delete': [404],
  // The post has been restored from the trash just before.
  'trash-purge': [404],
};

/** Returns the statuses that count as success for an operation's request. */
export function expectedStatuses({ operationId, responses }) {
  const listed = Object.keys(responses).map(Number);
  const given = EXCEPTIONS[operationId];
  if (given !== undefined) return given;
  const successes = listed.filter((status) => status >= 200 && status < 300);
  return successes.length > 0 ? successes : listed.filter((status) => status < 400);
}

/** Returns the test script that runs after a request. */
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
