import { type Static, Type } from '@sinclair/typebox';
import { Component } from './types.js';

/** The maximum number of tasks that a user has muted. */
export const MAX_MUTED_TASKS = 1000;

export const Mute = Component(
  'Mute',
  Type.Object(
    {
      is_muted: Type.Boolean({
        description: 'Whether you have muted it: no notifications about it are created for you',
      }),
    },
    { description: 'Whether a project or task is muted', examples: [{ is_muted: true }] },
  ),
);
export type Mute = Static<typeof Mute>;
