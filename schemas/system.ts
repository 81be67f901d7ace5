import { Type } from '@sinclair/typebox';
import { Component, type OperationTag } from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'system',
  description: 'Health and version of the service',
};

export const Health = Component(
  'Health',
  Type.Object(
    { status: Type.Literal('healthy', { description: 'Always `healthy`' }) },
    { description: 'The process answers', examples: [{ status: 'healthy' }] },
  ),
);

export const Readiness = Component(
  'Readiness',
  Type.Object(
    { status: Type.Literal('ready', { description: 'Always `ready`' }) },
    { description: 'The process and its database answer', examples: [{ status: 'ready' }] },
  ),
);

export const Status = Component(
  'Status',
  Type.Object(
    {
      status: Type.Literal('ok', { description: 'Always `ok`' }),
      version: Type.String({ description: 'The version of the service' }),
    },
    { description: 'What runs here', examples: [{ status: 'ok', version: '0.1.0' }] },
  ),
);

export const ApiVersions = Component(
  'ApiVersions',
  Type.Object(
    {
      versions: Type.Array(
        Type.Object({
          version: Type.String({ description: 'The name of the version' }),
          url: Type.String({ description: 'Where it begins' }),
        }),
        { description: 'The versions of this API' },
      ),
    },
    {
      description: 'The versions of this API',
      examples: [{ versions: [{ version: 'v1', url: '/api/v1/' }] }],
    },
  ),
);

export const Welcome = Component(
  'Welcome',
  Type.Object(
    {
      message: Type.String({ description: 'A greeting' }),
      framework: Type.String({ description: 'What the service is built on' }),
      version: Type.String({ description: 'The version of the service' }),
    },
    {
      description: 'The front door of the API',
      examples: [{ message: 'Welcome to Althing', framework: 'Fastify', version: '0.1.0' }],
    },
  ),
);
