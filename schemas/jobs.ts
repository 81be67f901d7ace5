import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { Component, Enum, Nullable, type OperationTag, Ref, Timestamp } from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'jobs',
  description: 'Background jobs, for administrators',
};

export const JOB_STATES = ['waiting', 'running', 'failed'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** The largest id that JSON carries exactly everywhere: 2^53 - 1. */
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

/** A job that is not done. What it was given is never shown. */
export const Job = Component(
  'Job',
  Type.Object(
    {
      id: Type.Integer({ minimum: 1, description: 'The number of the job', examples: [42] }),
      task: Type.String({ description: 'What it does', examples: ['notice'] }),
      state: Enum(JOB_STATES, {
        description: '`failed`: it has used up its attempts and is tried no more',
      }),
      attempts: Type.Integer({ minimum: 0, description: 'How often it was begun' }),
      max_attempts: Type.Integer({ minimum: 1, description: 'How often it may be begun' }),
      run_at: Timestamp('When it is due'),
      last_error: Nullable(Type.String(), {
        description: 'Why it failed last, in one line; null if it has not failed',
      }),
      created_at: Timestamp('When it was added'),
    },
    { description: 'A job that is waiting, running or given up', examples: [example] },
  ),
);
export type Job = Static<typeof Job>;

export const JobPage = pageOf('JobPage', Ref(Job), 'jobs', example);

export const JobListQuery = Type.Object({
  state: Type.Optional(Enum(JOB_STATES, { description: 'Only the jobs in this state' })),
  ...listQuery(['id']),
});
export type JobListQuery = Static<typeof JobListQuery>;

export const JobParams = Type.Object({
  id: Type.Integer({
    minimum: 1,
    maximum: MAX_JOB_ID,
    description: 'The number of the job',
    examples: [1001],
  }),
});
