import { type Static, Type } from '@sinclair/typebox';
import { Component, Ref } from './types.js';

/** One invalid value of a request, in the form that FastAPI gives it. */
export const ValidationError = Component(
  'ValidationError',
  Type.Object(
    {
      type: Type.String({ description: 'The kind of error, for programs', title: 'Error Type' }),
      loc: Type.Array(Type.Union([Type.String(), Type.Integer()]), {
        description: 'Where the value stands: the part of the request, then names and indexes',
        title: 'Location',
        maxItems: 100,
      }),
      msg: Type.String({ description: 'What is wrong, for people', title: 'Message' }),
      input: Type.Optional(
        Type.Unknown({ description: 'The value as it arrived', title: 'Input' }),
      ),
      ctx: Type.Optional(
        Type.Record(Type.String(), Type.Unknown(), {
          description: 'The limits that the message speaks of',
          title: 'Context',
        }),
      ),
    },
    {
      description: 'One invalid value',
      examples: [
        {
          type: 'less_than_equal',
          loc: ['body', 'age'],
          msg: 'Input should be less than or equal to 150',
          input: 200,
          ctx: { le: 150 },
        },
      ],
    },
  ),
);

/** The body of every 422. */
export const HTTPValidationError = Component(
  'HTTPValidationError',
  Type.Object(
    {
      detail: Type.Array(Ref(ValidationError), {
        description: 'Every invalid value of the request',
        title: 'Detail',
      }),
    },
    {
      description: 'The request is understood but its values are not valid',
      examples: [
        {
          detail: [
            {
              type: 'string_too_short',
              loc: ['body', 'username'],
              msg: 'String should have at least 2 characters',
              input: 'a',
              ctx: { min_length: 2 },
            },
          ],
        },
      ],
    },
  ),
);

/** The body of every error but 422. */
export const ApiErrorBody = Component(
  'Error',
  Type.Object(
    {
      detail: Type.String({ description: 'What went wrong, for people' }),
      code: Type.String({
        description: 'What went wrong, for programs',
        pattern: '^[a-z][a-z0-9_]*$',
      }),
      errors: Type.Optional(
        Type.Array(Ref(ValidationError), {
          description: 'The values that are to blame, where single ones are',
        }),
      ),
      request_id: Type.Optional(
        Type.String({ description: 'With 500: the id under which the log has the cause' }),
      ),
    },
    {
      description: 'The request could not be carried out',
      examples: [{ detail: 'Not Found', code: 'not_found' }],
    },
  ),
);
export type ApiErrorBody = Static<typeof ApiErrorBody>;
