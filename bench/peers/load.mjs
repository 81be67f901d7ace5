// Sends requests to one server for some seconds, in a process of its own.
import autocannon from 'autocannon';

let unique = 0;

// A load whose outcome nobody waits for ends at once.
process.on('disconnect', () => process.exit());

process.on('message', async (job) => {
  try {
    process.send({ result: await run(job) });
  } catch (error) {
    process.send({ error: error.message });
  }
});

async function run({ url, connections, seconds, amount, requests, isUnique }) {
  let client = 0;
  const result = await autocannon({
    url,
    connections,
    ...(amount === undefined ? { duration: seconds } : { amount }),
    // The load ends at a sample.
    sampleInt: 100,
    timeout: 30,
    requests: isUnique ? requests.map(withNumber) : requests.slice(0, 1),
    // Each connection has requests of its own, encoded once.
    setupClient: (each) => {
      if (isUnique || requests.length === 1) return;
      const own = requests.filter((_, index) => index % connections === client % connections);
      client += 1;
      each.setRequests(own);
    },
  });
  const { errors, timeouts, duration, statusCodeStats = {}, requests: counted } = result;
  const statuses = Object.entries(statusCodeStats).map(([code, { count }]) => [
    Number(code),
    count,
  ]);
  return {
    completed: counted.total,
    seconds: duration,
    failures: errors + timeouts,
    statuses: Object.fromEntries(statuses),
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}

/** Replaces each `{n}` of the body by a number that is used once. */
function withNumber({ body, ...request }) {
  const prefix = Date.now().toString(36);
  return {
    ...request,
    body,
    setupRequest: (next) => {
      unique += 1;
      return { ...next, body: body.replaceAll('{n}', `${prefix}_${unique}`) };
    },
  };
}
