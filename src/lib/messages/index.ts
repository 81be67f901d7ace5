import Negotiator from 'negotiator';
import type { MessageContext } from '#src/lib/validation/index.js';
import { chinese } from './chinese.js';
import { english, type MailKind, type Messages, type Reason } from './english.js';

export type { ErrorCode, MailKind, Reason } from './english.js';

/** The languages that the service speaks; the first one when a client asks for none of them. */
const LANGUAGES = { en: english, zh: chinese } satisfies Record<string, Messages>;

export type Language = keyof typeof LANGUAGES;

/** The language that an Accept-Language field prefers (RFC 9110, section 12.5.4). */
export function languageOf(field: string | undefined): Language {
  if (field === undefined) return 'en';
  const negotiator = new Negotiator({ headers: { 'accept-language': field } });
  const preferred = negotiator.language(Object.keys(LANGUAGES));
  return preferred === 'zh' ? 'zh' : 'en';
}

/** A sentence of the service; `{name}` in it is filled in from `parameters`. */
export function sentence(
  language: Language,
  code: keyof Messages['errors'],
  parameters: Record<string, string> = {},
): string {
  return fill(LANGUAGES[language].errors[code], parameters);
}

/** Subject and text of a mail, not filled in yet. */
export function mailTemplate(language: Language, kind: MailKind): Messages['mails'][MailKind] {
  return LANGUAGES[language].mails[kind];
}

/** The line with which a mail hands over its token, not filled in yet. */
export function mailAccessTemplate(language: Language, how: keyof Messages['mailAccess']): string {
  return LANGUAGES[language].mailAccess[how];
}

/** The text with each `{name}` in it filled in from `parameters`. What is filled in is not looked at. */
export function fill(template: string, parameters: Record<string, string>): string {
  return template.replace(
    /\{(\w+)\}/g,
    (placeholder, name: string) => parameters[name] ?? placeholder,
  );
}

/** The sentence for a value that its schema refuses. */
export function validationMessage(
  language: Language,
  type: keyof Messages['validation'],
  ctx: MessageContext = {},
): string {
  return LANGUAGES[language].validation[type](ctx);
}

/** The `msg` of an error item for a reason of our own, in English. */
export function reasonMessage(reason: Reason): string {
  return english.valueError(english.reasons[reason]);
}

const reasonsByMessage = new Map(
  (Object.keys(english.reasons) as Reason[]).map((reason) => [reasonMessage(reason), reason]),
);

/** The `msg` of an error item, which is in English, in another language. */
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
