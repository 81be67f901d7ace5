import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { Test } from 'tap';

export interface ReceivedMail {
  from: string;
  to: string[];
  /** The mail as received: headers, an empty line, text. */
  raw: string;
  /** Unfolded headers by lower-case name; repeated ones are joined by line breaks. */
  headers: Record<string, string>;
  text: string;
}

export interface SmtpServer {
  url: string;
  mails: ReceivedMail[];
  /** Errors for the next mails, in order; once used up, mails are accepted. */
  refusals: { code: number; message: string }[];
  /** Number of delivery attempts, accepted or refused. */
  attempts: number;
}

/** Starts a local mail server, which is closed when the test ends. */
export async function startSmtpServer(
  t: Test,
  options: SMTPServerOptions = {},
): Promise<SmtpServer> {
  const state: SmtpServer = { url: '', mails: [], refusals: [], attempts: 0 };
  const server = new SMTPServer({
    authOptional: true,
    // The server's certificate is self-signed, so clients should not trust it.
    disabledCommands: ['STARTTLS'],
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        state.attempts += 1;
        const refusal = state.refusals.shift();
        if (refusal !== undefined) {
          callback(Object.assign(new Error(refusal.message), { responseCode: refusal.code }));
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        state.mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          ...parseMail(Buffer.concat(chunks).toString('utf8')),
        });
        callback();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  state.url = `smtp://127.0.0.1:${port}`;
  return state;
}

function parseMail(raw: string): Pick<ReceivedMail, 'raw' | 'headers' | 'text'> {
  const end = raw.indexOf('\r\n\r\n');
  const headers: Record<string, string> = {};
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}\n${value}` : value;
  }
  return { raw, headers, text: decode(raw.slice(end + 4), headers['content-transfer-encoding']) };
}

function decode(text: string, encoding: string | undefined): string {
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString('utf8');
  if (encoding !== 'quoted-printable') return text;
  const bytes = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_match, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
