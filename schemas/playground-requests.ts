import { type Static, type TSchema, type TUnsafe, Type } from '@sinclair/typebox';
import { Component, Nullable } from './types.js';

/** An object with arbitrary keys. */
function MapOf<T extends TSchema>(
  value: T,
  options: Record<string, unknown>,
): TUnsafe<Record<string, Static<T>>> {
  return Type.Unsafe({ ...options, type: 'object', additionalProperties: value });
}

const url = {
  method: Type.String({ description: 'The HTTP method' }),
  url: Type.String({ description: 'The full URL' }),
};

export const PlaygroundContext = Component(
  'PlaygroundContext',
  Type.Object(
    {
      app_context: Type.Object(
        {
          app_name: Type.String({ description: 'The name of the application' }),
          config_app_name: Type.String({ description: 'The display name of the application' }),
          debug_mode: Type.Boolean({ description: 'Whether the service runs outside production' }),
        },
        { description: 'Data that all requests share' },
      ),
      request_context: Type.Object(
        {
          ...url,
          endpoint: Type.String({ description: 'The operationId of the operation' }),
          blueprint: Type.String({ description: 'The tag of the operation' }),
          view_args: MapOf(Type.String(), { description: 'The path parameters' }),
        },
        { description: 'Data of this request' },
      ),
      g_data: Type.Object(
        {
          request_id: Type.String({ description: 'The id of the request, as in `X-Request-ID`' }),
          user_ip: Type.String({ description: 'The IP address of the client' }),
        },
        { description: 'Data that hooks set for this request' },
      ),
    },
    {
      description: 'The context in which a handler runs',
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
      base_url: Type.String({ description: 'The URL without its query' }),
      url_root: Type.String({ description: 'The scheme and host' }),
      path: Type.String({ description: 'The path' }),
      full_path: Type.String({ description: 'The path with its query' }),
      scheme: Type.String({ description: 'The scheme: `http` or `https`' }),
      is_secure: Type.Boolean({ description: 'Whether the scheme is `https`' }),
      host: Type.String({ description: 'The host and port' }),
      remote_addr: Type.String({ description: 'The IP address of the client' }),
      content_type: Nullable(Type.String(), {
        description: 'The `Content-Type` of the request; null if there is none',
      }),
      is_ajax: Type.Boolean({ description: 'Whether `X-Requested-With` is `XMLHttpRequest`' }),
      headers: MapOf(Type.String(), { description: 'The headers, with lower-case names' }),
      args: MapOf(Type.Unknown(), {
        description: 'The query parameters; a repeated one is a list',
      }),
      form: MapOf(Type.Unknown(), { description: 'The form fields; files without their content' }),
      json: Type.Unknown({ description: 'The JSON body; null if the body is not JSON' }),
    },
    {
      description: 'The request as received, with secrets redacted',
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
      user_agent: Nullable(Type.String(), { description: 'The `User-Agent` header' }),
      user_agent_browser: Nullable(Type.String(), { description: 'The browser; null if unknown' }),
      user_agent_platform: Nullable(Type.String(), {
        description: 'The operating system; null if unknown',
      }),
      accept_languages: Type.Array(Type.String(), {
        description: 'The languages in `Accept-Language`, most preferred first',
      }),
      authorization: Nullable(Type.String(), {
        description: '`[redacted]` if an `Authorization` header was sent; null otherwise',
      }),
    },
    {
      description: 'Information about the client, from its headers',
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
    // No length limits: a validation error would return the value.
    Type.String({ description: 'A cookie with any value', examples: ['abc123'] }),
  ),
});

export const PlaygroundCookies = Component(
  'PlaygroundCookies',
  Type.Object(
    {
      all_cookies: MapOf(Type.String(), {
        description: 'All cookies by name, with redacted values',
      }),
      session_id: Nullable(Type.String(), {
        description: '`[redacted]` if a `session_id` cookie was sent; null otherwise',
      }),
    },
    {
      description: 'The cookies of the request',
      examples: [{ all_cookies: { session_id: '[redacted]' }, session_id: '[redacted]' }],
    },
  ),
);
