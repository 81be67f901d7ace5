import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { KeptMailPage, KeptMailQuery } from '#schemas/mail.js';
import { tag } from '#schemas/system.js';
import { Ref } from '#schemas/types.js';
import { type Html, html } from '#src/lib/html.js';
import type { KeptMail } from '#src/mail/outbox.js';

const operation = {
  operationId: 'dev-mail-list',
  summary: 'List kept mails',
  description:
    'Returns the mails that a development service without a mail server has kept in memory, newest ' +
    'first. Only for requests from the same machine; 404 for all others, and in other environments.',
  tags: [tag.name],
  querystring: KeptMailQuery,
  response: { 200: Ref(KeptMailPage) },
} as const;

/**
 * The outbox of a development service: mails that were not sent. If a mail server is configured,
 * there is no outbox and these pages do not exist.
 */
const routes: FastifyPluginAsyncTypebox = async (app) => {
  const { outbox } = app;
  if (outbox === null) return;

  app.get(
    '/mail.json',
    { schema: operation, config: { errors: [404] } },
    async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const { page, size } = request.query;
      const total = outbox.mails.length;
      const pages = Math.ceil(total / size);
      return {
        items: outbox.mails.slice((page - 1) * size, page * size),
        total,
        page,
        size,
        pages,
        has_next: page < pages,
        has_prev: page > 1,
        next_cursor: null,
      };
    },
  );

  app.get('/mail.css', { schema: { hide: true } }, async (_request, reply) => {
    reply.type('text/css; charset=utf-8');
    return 'pre { white-space: pre-wrap; overflow-wrap: anywhere; }\n';
  });

  app.get('/mail', { schema: { hide: true } }, async (_request, reply) => {
    reply.type('text/html; charset=utf-8').header('cache-control', 'no-store');
    return renderPage(outbox.mails).text;
  });
};

export default routes;

function renderPage(mails: readonly KeptMail[]): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/dev/mail.css">
<title>Mail - Althing</title>
</head>
<body>
<h1>Mail</h1>
<p>Mails, newest first. They are kept in memory only.</p>
${mails.length === 0 ? html`<p>There is none yet.</p>` : mails.map(renderMail)}
</body>
</html>
`;
}

function renderMail({ id, sent_at, to, subject, text }: KeptMail): Html {
  return html`<article id="mail-${id}">
<h2>${subject}</h2>
<p>To ${to}, <time datetime="${sent_at}">${sent_at}</time></p>
<pre>${linkify(text)}</pre>
</article>
`;
}

/** The text with its http and https URLs as links. */
function linkify(text: string): Html[] {
  return text
    .split(/(https?:\/\/\S+)/)
    .map((part, index) => (index % 2 === 1 ? html`<a href="${part}">${part}</a>` : html`${part}`));
}
