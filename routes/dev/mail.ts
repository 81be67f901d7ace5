import type { FastifyPluginAsync } from 'fastify';
import { type Html, html } from '#src/lib/html.js';
import type { KeptMail } from '#src/mail/outbox.js';

/**
 * The outbox of a development service: mails that were not sent. If a mail server is configured,
 * there is no outbox and these pages do not exist.
 */
const routes: FastifyPluginAsync = async (app) => {
  const { outbox } = app;
  if (outbox === null) return;

  app.get('/mail.json', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return { mails: outbox.mails };
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
