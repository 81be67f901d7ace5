import { Type } from '@sinclair/typebox';
import { Component, type OperationTag } from './types.js';

export const tag: OperationTag = {
  name: 'system',
  description: 'Health and version of the service',
};

export const Health = Component(
  'Health',
  Type.Object(
    { status: Type.Literal('healthy', { description: 'Always `healthy`' }) },
    { description: 'The process is running', examples: [{ status: 'healthy' }] },
  ),
);

export const Readiness = Component(
  'Readiness',
  Type.Object(
    { status: Type.Literal('ready', { description: 'Always `ready`' }) },
    {
      description: 'The process and its database are ready for requests',
      examples: [{ status: 'ready' }],
    },
  ),
);

export const Status = Component(
  'Status',
  Type.Object(
    {
      status: Type.Literal('ok', { description: 'Always `ok`' }),
      version: Type.String({ description: 'The version of the service' }),
    },
    {
      description: 'The status and version of the service',
      examples: [{ status: 'ok', version: '0.1.0' }],
    },
  ),
);

export const ApiVersions = Component(
  'ApiVersions',
  Type.Object(
    {
      versions: Type.Array(
        Type.Object({
          version: Type.String({ description: 'The name of the version' }),
          url: Type.String({ description: 'The base path of the version' }),
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
      framework: Type.String({ description: 'The framework that the service is built on' }),
      version: Type.String({ description: 'The version of the service' }),
    },
    {
      description: 'A greeting, with the version of the service',
      examples: [{ message: 'Welcome to Althing', framework: 'Fastify', version: '0.1.0' }],
    },
  ),
);
