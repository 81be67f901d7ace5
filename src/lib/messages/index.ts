import Negotiator from 'negotiator';
import type { MessageContext } from '#src/lib/validation/index.js';
import { chinese } from './chinese.js';
import { english, type MailKind, type Messages, type Reason } from './english.js';

export type { ErrorCode, MailKind, Reason } from './english.js';

/** Supported languages; English is the default. */
const LANGUAGES = { en: english, zh: chinese } satisfies Record<string, Messages>;

export type Language = keyof typeof LANGUAGES;

/** Returns the language preferred by an Accept-Language field (RFC 9110, section 12.5.4). */
export function languageOf(field: string | undefined): Language {
  // No other range prefers Chinese; a client sends the field with every request.
  if (field === undefined || !/zh|\*/i.test(field)) return 'en';
  const negotiator = new Negotiator({ headers: { 'accept-language': field } });
  const preferred = negotiator.language(Object.keys(LANGUAGES));
  return preferred === 'zh' ? 'zh' : 'en';
}

/**
 * Returns the message for an error code, with `{name}` placeholders filled in from `parameters`.
 */
export function sentence(
  language: Language,
  code: keyof Messages['errors'],
  parameters: Record<string, string> = {},
): string {
  return fill(LANGUAGES[language].errors[code], parameters);
}

/** Returns the subject and text template of a mail. */
export function mailTemplate(language: Language, kind: MailKind): Messages['mails'][MailKind] {
  return LANGUAGES[language].mails[kind];
}

/** Returns the template of the line in a mail that contains its token. */
export function mailAccessTemplate(language: Language, how: keyof Messages['mailAccess']): string {
  return LANGUAGES[language].mailAccess[how];
}

/** Returns a template of the mails about notifications. */
export function notificationTemplate(
  language: Language,
  name: keyof Messages['notifications'],
): string {
  return LANGUAGES[language].notifications[name];
}

/**
 * Replaces `{name}` placeholders with values from `parameters`, in a single pass; unknown
 * placeholders stay.
 */
export function fill(template: string, parameters: Record<string, string>): string {
  return template.replace(
    /\{(\w+)\}/g,
    (placeholder, name: string) => parameters[name] ?? placeholder,
  );
}

/** Returns the message for a value that its schema rejects. */
export function validationMessage(
  language: Language,
  type: keyof Messages['validation'],
  ctx: MessageContext = {},
): string {
  return LANGUAGES[language].validation[type](ctx);
}

/** Returns the English `msg` of an error item for a custom reason. */
export function reasonMessage(reason: Reason): string {
  return english.valueError(english.reasons[reason]);
}

const reasonsByMessage = new Map(
  (Object.keys(english.reasons) as Reason[]).map((reason) => [reasonMessage(reason), reason]),
);

/** Translates the English `msg` of an error item. */
export function translateMessage(
  language: Language,
  { type, msg, ctx }: { type: string; msg: string; ctx?: Record<string, unknown> },
): string {
  const messages = LANGUAGES[language];
  const reason = reasonsByMessage.get(msg);
  if (reason !== undefined) return messages.valueError(messages.reasons[reason]);
  return isKnown(type, messages) ? validationMessage(language, type, ctx) : msg;
}

function isKnown(type: string, { validation }: Messages): type is keyof Messages['validation'] {
  return Object.hasOwn(validation, type);
}
