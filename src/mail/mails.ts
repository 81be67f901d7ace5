import {
  fill,
  type Language,
  type MailKind,
  mailAccessTemplate,
  mailTemplate,
} from '#src/lib/messages/index.js';
import { type Mail, onOneLine } from './mailer.js';

/** A token, and the address of the pages that people use, if there are any. */
interface TokenParameters {
  token: string;
  clientUrl: string | null;
}

/** What each kind of mail speaks of. */
export interface MailParameters {
  confirm_registration: TokenParameters & { username: string; hours: number };
  already_registered: { username: string };
  confirm_email_change: TokenParameters & { hours: number };
  /** To the old address. */
  email_changed: { username: string };
  reset_password: TokenParameters & { username: string; minutes: number };
  password_changed: { username: string };
}

type TokenKind = {
  [Kind in MailKind]: MailParameters[Kind] extends TokenParameters ? Kind : never;
}[MailKind];

const VERIFY_EMAIL = { page: 'verify-email', operation: 'POST /api/v1/auth/verify-email' };

/** Where the token of a mail belongs: the page of the client, and the operation of the API. */
const DESTINATIONS: Record<TokenKind, { page: string; operation: string }> = {
  confirm_registration: VERIFY_EMAIL,
  confirm_email_change: VERIFY_EMAIL,
  reset_password: { page: 'reset-password', operation: 'POST /api/v1/auth/reset-password' },
};

/** The mail without its address. Whatever the parameters hold, each stays within its line. */
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
  const { page, operation } = DESTINATIONS[kind];
  if (clientUrl === null) {
    return fill(mailAccessTemplate(language, 'operation'), { operation, token: onOneLine(token) });
  }
  const link = `${clientUrl.replace(/\/+$/, '')}/${page}?token=${encodeURIComponent(token)}`;
  return fill(mailAccessTemplate(language, 'link'), { link });
}
