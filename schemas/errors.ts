import { type Static, Type } from '@sinclair/typebox';
import { Component, Ref } from './types.js';

/** One invalid value of a request, in the format of FastAPI. */
export const ValidationError = Component(
  'ValidationError',
  Type.Object(
    {
      type: Type.String({
        description: 'The type of the error, for programs',
        title: 'Error Type',
      }),
      loc: Type.Array(Type.Union([Type.String(), Type.Integer()]), {
        description:
          'The location of the value: the part of the request, then field names and indexes',
        title: 'Location',
        maxItems: 100,
      }),
      msg: Type.String({ description: 'The error message, for people', title: 'Message' }),
      input: Type.Optional(
        Type.Unknown({
          description:
            'The value that was received, with `[redacted]` for passwords and tokens; left out of ' +
            'the largest errors if all together exceed 1 MB',
          title: 'Input',
        }),
      ),
      ctx: Type.Optional(
        Type.Record(Type.String(), Type.Unknown(), {
          description:
            'The limits that the message refers to; `{"error": {}}` if a value breaks another rule',
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

/** The body of every 422 response. */
export const HTTPValidationError = Component(
  'HTTPValidationError',
  Type.Object(
    {
      detail: Type.Array(Ref(ValidationError), {
        description: 'All invalid values of the request',
        title: 'Detail',
      }),
    },
    {
      description: 'The response to a request with invalid values',
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

/** The body of every error response except 422. */
export const ApiErrorBody = Component(
  'Error',
  Type.Object(
    {
      detail: Type.String({ description: 'The error message, for people' }),
      code: Type.String({
        description: 'The error code, for programs',
        pattern: '^[a-z][a-z0-9_]*$',
      }),
      errors: Type.Optional(
        Type.Array(Ref(ValidationError), {
          description: 'The values that caused the error, if there are specific ones',
        }),
      ),
      request_id: Type.Optional(
        Type.String({
          description: 'The id of the request in the server log; only with status 500',
        }),
      ),
    },
    {
      description: 'The response to a failed request, except for invalid values (422)',
      examples: [{ detail: 'Not Found', code: 'not_found' }],
    },
  ),
);
export type ApiErrorBody = Static<typeof ApiErrorBody>;
