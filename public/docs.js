// The page /docs: Swagger UI, adapted to this service.
import { loadDocument } from './document.js';

const UNSAFE = /^(POST|PUT|PATCH|DELETE)$/i;

/** Returns the value of a scheme that the reader has entered with *Authorize*; it may be absent. */
const entered = (...path) => ui.getState().getIn(['auth', 'authorized', ...path]);

/**
 * Swagger UI sends what was entered with *Authorize* only to operations that require it. Public
 * operations show signed-in users more, such as their drafts, so it is sent to them, too.
 */
async function completeRequest(request) {
  const url = new URL(request.url, window.location.href);
  const { method, headers } = request;
  if (url.origin !== window.location.origin || !url.pathname.startsWith('/api/')) return request;
  const token = entered('token', 'token', 'access_token');
  const key = entered('key', 'value');
  if (headers.Authorization === undefined && headers['X-API-Key'] === undefined) {
    if (token !== undefined) headers.Authorization = `Bearer ${token}`;
    else if (key !== undefined) headers['X-API-Key'] = key;
  }
  if (UNSAFE.test(method ?? '')) {
    const { csrf_token } = await (await fetch('/api/v1/auth/csrf')).json();
    headers['X-CSRF-Token'] ??= csrf_token;
  }
  return request;
}

/** Forgets an expired token, which would fail every request. */
function forgetExpired(response) {
  if (response.status === 401 && response.obj?.code === 'invalid_token') {
    ui.authActions.logoutWithPersistOption(['token']);
  }
  return response;
}

/** Returns the same result for the same argument: Swagger UI renders again whenever one differs. */
function remembered(work) {
  let last = {};
  return (argument) => {
    if (last.argument !== argument) last = { argument, result: work(argument) };
    return last.result;
  };
}

const withoutCookies = remembered((schemes) => schemes.filter((each) => !each.has('session')));

// The original selectors know the state already.
const adaptations = {
  statePlugins: {
    auth: {
      wrapActions: {
        // Swagger UI moves the focus to the API key, below the fields that most readers need.
        showDefinitions: (original) => (definitions) => {
          setTimeout(() => document.querySelector('#oauth_username')?.focus());
          return original(definitions);
        },
      },
      wrapSelectors: {
        // The browser manages the session cookie; no page can set it.
        definitionsToAuthorize: (original) => () => withoutCookies(original()),
      },
    },
  },
};

const ui = SwaggerUIBundle({
  spec: await loadDocument(),
  dom_id: '#swagger-ui',
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [adaptations],
  layout: 'BaseLayout',
  deepLinking: true,
  displayOperationId: true,
  // Of a longer list, Swagger UI keeps only what is in view in the page, where a browser's search
  // does not find the rest.
  docExpansion: 'none',
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  persistAuthorization: true,
  requestInterceptor: completeRequest,
  responseInterceptor: forgetExpired,
});
