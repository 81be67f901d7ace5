import {
  fill,
  type Language,
  type MailKind,
  mailAccessTemplate,
  mailTemplate,
} from '#src/lib/messages/index.js';
import { trimEndCharacter } from '#src/lib/trim-character.js';
import { type Mail, onOneLine } from './mailer.js';

/** A token, and the URL of the client's pages, if configured. */
interface TokenParameters {
  token: string;
  clientUrl: string | null;
}

/** Parameters of each kind of mail. */
export interface MailParameters {
  confirm_registration: TokenParameters & { username: string; hours: number };
  already_registered: { username: string };
  confirm_email_change: TokenParameters & { hours: number };
  /** Sent to the old email address. */
  email_changed: { username: string };
  reset_password: TokenParameters & { username: string; minutes: number };
  invitation: TokenParameters & { username: string; days: number };
  project_invitation: TokenParameters & { project: string; inviter: string; days: number };
  password_changed: { username: string };
  api_key_created: { username: string; name: string };
}

type TokenKind = {
  [Kind in MailKind]: MailParameters[Kind] extends TokenParameters ? Kind : never;
}[MailKind];

const RESET_PASSWORD = { page: 'reset-password', operation: 'POST /api/v1/auth/reset-password' };
const VERIFY_EMAIL = { page: 'verify-email', operation: 'POST /api/v1/auth/verify-email' };

/** Where a token is used: a page of the client, or an operation of the API. */
const DESTINATIONS: Record<TokenKind, { page: string; operation: string }> = {
  confirm_registration: VERIFY_EMAIL,
  confirm_email_change: VERIFY_EMAIL,
  reset_password: RESET_PASSWORD,
  invitation: RESET_PASSWORD,
  project_invitation: {
    page: 'project-invitation',
    operation: 'POST /api/v1/me/project-invitations/accept',
  },
};

/** Returns a mail without its recipient. Parameters cannot break out of their line. */
export function composeMail<Kind extends MailKind>(
  kind: Kind,
  language: Language,
  parameters: MailParameters[Kind],
): Omit<Mail, 'to'> {
  const { subject, text } = mailTemplate(language, kind);
  const values = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, onOneLine(String(value))]),
  );
  const access = 'token' in parameters ? accessLine(kind as TokenKind, language, parameters) : '';
  return { subject: fill(subject, values), text: `${fill(text, { ...values, access })}\n` };
}

function accessLine(
  kind: TokenKind,
  language: Language,
  { token, clientUrl }: TokenParameters,
): string {
  if (clientUrl === null) {
    const { operation } = DESTINATIONS[kind];
    return fill(mailAccessTemplate(language, 'operation'), { operation, token: onOneLine(token) });
  }
  const link = tokenLink(kind, token, clientUrl);
  return fill(mailAccessTemplate(language, 'link'), { link });
}

/** Returns the URL of the client's page that takes a token. */
export function tokenLink(kind: TokenKind, token: string, clientUrl: string): string {
  const { page } = DESTINATIONS[kind];
  return `${trimEndCharacter(clientUrl, '/')}/${page}?token=${encodeURIComponent(token)}`;
}
