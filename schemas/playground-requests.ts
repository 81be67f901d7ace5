import { type Static, type TSchema, type TUnsafe, Type } from '@sinclair/typebox';
import { Component, Nullable } from './types.js';

/** Values by any name. */
function MapOf<T extends TSchema>(
  value: T,
  options: Record<string, unknown>,
): TUnsafe<Record<string, Static<T>>> {
  return Type.Unsafe({ ...options, type: 'object', additionalProperties: value });
}

const url = {
  method: Type.String({ description: 'The method' }),
  url: Type.String({ description: 'The whole address' }),
};

export const PlaygroundContext = Component(
  'PlaygroundContext',
  Type.Object(
    {
      app_context: Type.Object(
        {
          app_name: Type.String({ description: 'The name of the program' }),
          config_app_name: Type.String({ description: 'The name that is shown' }),
          debug_mode: Type.Boolean({ description: 'Whether this is not production' }),
        },
        { description: 'What is the same for every request' },
      ),
      request_context: Type.Object(
        {
          ...url,
          endpoint: Type.String({ description: 'The operationId' }),
          blueprint: Type.String({ description: 'The tag of the operation' }),
          view_args: MapOf(Type.String(), { description: 'The path parameters' }),
        },
        { description: 'What belongs to this request' },
      ),
      g_data: Type.Object(
        {
          request_id: Type.String({ description: 'As in `X-Request-ID`' }),
          user_ip: Type.String({ description: 'The address that asks' }),
        },
        { description: 'What hooks have found out about this request' },
      ),
    },
    {
      description: 'What the service knows while it answers',
      examples: [
        {
          app_context: { app_name: 'althing', config_app_name: 'Althing', debug_mode: true },
          request_context: {
            method: 'GET',
            url: 'http://127.0.0.1:8000/api/v1/playground/context',
            endpoint: 'playground-context',
            blueprint: 'playground',
            view_args: {},
          },
          g_data: { request_id: 'req-12345', user_ip: '127.0.0.1' },
        },
      ],
    },
  ),
);

export const PlaygroundInspection = Component(
  'PlaygroundInspection',
  Type.Object(
    {
      ...url,
      base_url: Type.String({ description: 'The address without its query' }),
      url_root: Type.String({ description: 'Scheme and host' }),
      path: Type.String({ description: 'The path' }),
      full_path: Type.String({ description: 'The path with its query' }),
      scheme: Type.String({ description: '`http` or `https`' }),
      is_secure: Type.Boolean({ description: 'Whether the scheme is `https`' }),
      host: Type.String({ description: 'Host and port' }),
      remote_addr: Type.String({ description: 'The address that asks' }),
      content_type: Nullable(Type.String(), { description: 'The type of the body, or null' }),
      is_ajax: Type.Boolean({ description: 'Whether `X-Requested-With` is `XMLHttpRequest`' }),
      headers: MapOf(Type.String(), { description: 'The headers, in lower case' }),
      args: MapOf(Type.Unknown(), { description: 'The query; a list where a name is repeated' }),
      form: MapOf(Type.Unknown(), { description: 'The fields of a form; of files, no content' }),
      json: Type.Unknown({ description: 'The body, if it is JSON, or null' }),
    },
    {
      description: 'A request as it has arrived, without secrets',
      examples: [
        {
          method: 'POST',
          url: 'http://127.0.0.1:8000/api/v1/playground/inspect?page=1&q=test',
          base_url: 'http://127.0.0.1:8000/api/v1/playground/inspect',
          url_root: 'http://127.0.0.1:8000/',
          path: '/api/v1/playground/inspect',
          full_path: '/api/v1/playground/inspect?page=1&q=test',
          scheme: 'http',
          is_secure: false,
          host: '127.0.0.1:8000',
          remote_addr: '127.0.0.1',
          content_type: 'application/json',
          is_ajax: false,
          headers: { accept: 'application/json', authorization: '[redacted]' },
          args: { page: '1', q: 'test' },
          form: {},
          json: { action: 'test', user: 'alice' },
        },
      ],
    },
  ),
);
export type PlaygroundInspection = Static<typeof PlaygroundInspection>;

export const PlaygroundHeaders = Component(
  'PlaygroundHeaders',
  Type.Object(
    {
      user_agent: Nullable(Type.String(), { description: '`User-Agent`' }),
      user_agent_browser: Nullable(Type.String(), { description: 'The browser, if it is known' }),
      user_agent_platform: Nullable(Type.String(), { description: 'The system, if it is known' }),
      accept_languages: Type.Array(Type.String(), {
        description: '`Accept-Language`, the preferred ones first',
      }),
      authorization: Nullable(Type.String(), {
        description: 'That there was an `Authorization`, but not what it was',
      }),
    },
    {
      description: 'What the headers say about the client',
      examples: [
        {
          user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
          user_agent_browser: 'firefox',
          user_agent_platform: 'linux',
          accept_languages: ['zh-CN', 'en'],
          authorization: '[redacted]',
        },
      ],
    },
  ),
);

export const SessionIdCookie = Type.Object({
  session_id: Type.Optional(
    // Without limits: a value that breaks one would come back in the error.
    Type.String({ description: 'A cookie of any value', examples: ['abc123'] }),
  ),
});

export const PlaygroundCookies = Component(
  'PlaygroundCookies',
  Type.Object(
    {
      all_cookies: MapOf(Type.String(), { description: 'Each cookie, without its value' }),
      session_id: Nullable(Type.String(), {
        description: 'That there was a cookie `session_id`, but not what it was',
      }),
    },
    {
      description: 'The cookies that came along',
      examples: [{ all_cookies: { session_id: '[redacted]' }, session_id: '[redacted]' }],
    },
  ),
);
