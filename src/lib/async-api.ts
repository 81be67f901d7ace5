type Json = Record<string, unknown>;

/** The schemas of all messages in each direction. */
const FROM_CLIENT = 'LiveClientMessage';
const FROM_SERVICE = 'LiveServerMessage';

/** Where the document has its schemas. */
const PLACE = '#/components/schemas/';

export interface AsyncApiOptions {
  /** That of the OpenAPI document. */
  info: {
    title: string;
    version: string;
    contact?: { name?: string };
    license?: { name: string };
  };
  tag: { name: string; description: string };
  /** Host and port of the service. */
  host: string;
  /** All named components, which refer to each other by their names. */
  schemas: Readonly<Record<string, Json>>;
}

/**
 * Returns the AsyncAPI document of the messages over the WebSocket, made of the schemas that validate
 * them.
 *
 * @throws Error if a component is missing
 * @see https://www.asyncapi.com/docs/reference/specification/v3.1.0
 */
export function asyncApiOf({ info, tag, host, schemas }: AsyncApiOptions): Json {
  const { title, version, contact, license } = info;
  const received = choicesOf(schemas, FROM_CLIENT);
  const sent = choicesOf(schemas, FROM_SERVICE);
  const messageRefs = (names: string[]) =>
    names.map((name) => ({ $ref: `#/channels/live/messages/${name}` }));
  return {
    asyncapi: '3.1.0',
    info: {
      title: `${title}: live updates`,
      version,
      description:
        'Messages over the WebSocket for live updates. The guide of the OpenAPI document describes ' +
        'how they follow each other, and the close codes.',
      ...(contact && { contact }),
      // An AsyncAPI license has no `identifier`.
      ...(license && { license: { name: license.name } }),
      tags: [tag],
    },
    servers: {
      service: { host, protocol: 'ws', description: 'The service that serves this document' },
    },
    defaultContentType: 'application/json',
    channels: {
      live: {
        address: '/api/v1/ws',
        title: 'Live updates',
        messages: Object.fromEntries(
          [...received, ...sent].map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations: {
      receive: {
        action: 'receive',
        title: 'What a client sends',
        description: 'The service answers each message, in their order.',
        channel: { $ref: '#/channels/live' },
        messages: messageRefs(received),
      },
      send: {
        action: 'send',
        title: 'What the service sends',
        description:
          '`LiveReady` on connecting, an answer to each message of the client, and in between what ' +
          'happens: `LiveEventMessage`, `LiveResync` and `LivePresence`.',
        channel: { $ref: '#/channels/live' },
        messages: messageRefs(sent),
      },
    },
    components: {
      messages: Object.fromEntries(
        [...received, ...sent].map((name) => [
          name,
          {
            name,
            title: name,
            summary: schemas[name]?.['description'],
            payload: { $ref: `#/components/schemas/${name}` },
          },
        ]),
      ),
      schemas: withReferenced(schemas, [...received, ...sent]),
    },
  };
}

function choicesOf(schemas: Readonly<Record<string, Json>>, name: string): string[] {
  const { oneOf = [] } = schemaOf(schemas, name) as { oneOf?: { $ref: string }[] };
  return oneOf.map(({ $ref }) => $ref);
}

/** Returns the named schemas, and those that they refer to. */
function withReferenced(
  schemas: Readonly<Record<string, Json>>,
  names: string[],
): Record<string, Json> {
  const found = new Map<string, Json>();
  const add = (name: string): void => {
    if (found.has(name)) return;
    const { $id: _, ...schema } = schemaOf(schemas, name);
    const referred: string[] = [];
    const text = JSON.stringify(schema, (key, value: unknown) => {
      if (key !== '$ref') return value;
      referred.push(String(value));
      return `${PLACE}${value}`;
    });
    found.set(name, JSON.parse(text) as Json);
    for (const each of referred) add(each);
  };
  for (const name of names) add(name);
  return Object.fromEntries(found);
}

function schemaOf(schemas: Readonly<Record<string, Json>>, name: string): Json {
  const schema = schemas[name];
  if (schema === undefined) throw new Error(`There is no component ${name}`);
  return schema;
}
