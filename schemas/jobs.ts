import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { Component, Enum, Nullable, type OperationTag, Ref, Timestamp } from './types.js';

export const tag: OperationTag = {
  name: 'jobs',
  description: 'Background jobs, for administrators only',
};

export const JOB_STATES = ['waiting', 'running', 'failed'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** The largest id that every JSON parser reads exactly: 2^53 - 1. */
const MAX_JOB_ID = Number.MAX_SAFE_INTEGER;

const example = {
  id: 42,
  task: 'notice',
  state: 'failed' as const,
  attempts: 10,
  max_attempts: 10,
  run_at: '2026-01-31T12:30:00.000Z',
  last_error: 'The mail server did not take the mail (550).',
  created_at: '2026-01-31T09:30:00.000Z',
};

/** A job that is not completed. Its payload is never exposed. */
export const Job = Component(
  'Job',
  Type.Object(
    {
      id: Type.Integer({ minimum: 1, description: 'The id of the job', examples: [42] }),
      task: Type.String({ description: 'The name of the task', examples: ['notice'] }),
      state: Enum(JOB_STATES, {
        description: 'The state of the job. `failed` means that all attempts are used up.',
      }),
      attempts: Type.Integer({ minimum: 0, description: 'The number of attempts so far' }),
      max_attempts: Type.Integer({ minimum: 1, description: 'The maximum number of attempts' }),
      run_at: Timestamp('When the next attempt is due'),
      last_error: Nullable(Type.String(), {
        description: 'The last error, in one line; null if no attempt has failed',
      }),
      created_at: Timestamp('When the job was created'),
    },
    { description: 'A background job that is waiting, running or failed', examples: [example] },
  ),
);
export type Job = Static<typeof Job>;

export const JobPage = pageOf('JobPage', Ref(Job), 'jobs', example);

export const JobListQuery = Type.Object({
  state: Type.Optional(Enum(JOB_STATES, { description: 'Filter by state' })),
  ...listQuery(['id']),
});
export type JobListQuery = Static<typeof JobListQuery>;

export const JobParams = Type.Object({
  id: Type.Integer({
    minimum: 1,
    maximum: MAX_JOB_ID,
    description: 'The id of the job',
    examples: [1001],
  }),
});
