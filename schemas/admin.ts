import { type Static, Type } from '@sinclair/typebox';
import { Component, type OperationTag } from './types.js';

export const tag: OperationTag = {
  name: 'admin',
  description: 'Overview of the service, for administrators',
};

export const DatabaseInfo = Component(
  'DatabaseInfo',
  Type.Object(
    {
      version: Type.String({ description: 'The name and version of the server' }),
      database: Type.String({ description: 'The name of the database' }),
      user: Type.String({ description: 'The database user that the service connects as' }),
    },
    {
      description: 'The database of the service',
      examples: [{ version: 'PostgreSQL 16.14', database: 'althing', user: 'althing' }],
    },
  ),
);
export type DatabaseInfo = Static<typeof DatabaseInfo>;

const count = (description: string) => Type.Integer({ minimum: 0, description });

export const ServiceStatistics = Component(
  'ServiceStatistics',
  Type.Object(
    {
      users: count('The number of users'),
      active_users: count('The number of users who can sign in'),
      posts: count('The number of posts, without those in the trash'),
      published_posts: count('The number of published posts'),
      comments: count('The number of comments, without those in the trash'),
      pending_comments: count('The number of comments that wait for moderation'),
      categories: count('The number of categories'),
      tags: count('The number of tags'),
      sessions: count('The number of sessions that have not expired'),
    },
    {
      description: 'The number of stored resources',
      examples: [
        {
          users: 12,
          active_users: 11,
          posts: 40,
          published_posts: 35,
          comments: 128,
          pending_comments: 3,
          categories: 4,
          tags: 17,
          sessions: 6,
        },
      ],
    },
  ),
);
export type ServiceStatistics = Static<typeof ServiceStatistics>;
