import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf, SEARCHED_PAGES, SEARCHED_TOTAL, truncated } from './paging.js';
import { NewPassword } from './passwords.js';
import { EMPTY_OR_VISIBLE_PATTERN, VISIBLE_PATTERN } from './posts.js';
import { permissionMask, ROLE_NAMES, ROLES } from './roles.js';
import {
  Component,
  Default,
  Enum,
  Id,
  Nullable,
  type OperationTag,
  Ref,
  StoredText,
  Timestamp,
} from './types.js';

export const tag: OperationTag = {
  name: 'users',
  description: 'User accounts and profiles',
};

/**
 * The columns that a list of users can be sorted by: public ones only, because the order reveals
 * the values.
 */
export const USER_SORTS = ['id', 'username', 'created_at'] as const;

/** The maximum number of users in one bulk request. */
export const MAX_BULK_USERS = 1000;

export const Address = Component(
  'Address',
  Type.Object(
    {
      street: StoredText({ minLength: 1, maxLength: 200, description: 'Street and number' }),
      city: StoredText({ minLength: 1, maxLength: 100, description: 'City' }),
      zipcode: Default(
        Nullable(StoredText({ maxLength: 20 }), { description: 'Postal code' }),
        null,
      ),
    },
    {
      description: 'A postal address',
      examples: [{ street: 'Main St 123', city: 'Shenzhen', zipcode: '518000' }],
    },
  ),
);
export type Address = Static<typeof Address>;

export const username = Type.String({
  minLength: 2,
  maxLength: 50,
  pattern: '^[A-Za-z][A-Za-z0-9_]*$',
  description: 'The name to sign in with; unique, ignoring case',
  examples: ['alice'],
});
export const emailAddress = Type.String({
  format: 'email',
  maxLength: 120,
  description: 'The email address',
  examples: ['alice@example.com'],
});
const email = Nullable(Type.String({ format: 'email', maxLength: 120 }), {
  description: 'The email address; unique, ignoring case and Unicode normalization',
  examples: ['alice@example.com'],
});
/**
 * The email address in responses, without a format: the serializer accepts ASCII addresses only.
 */
const emailShown = Nullable(Type.String({ maxLength: 120 }), {
  description: 'The email address; unique, ignoring case and Unicode normalization',
  examples: ['alice@example.com'],
});
/** In responses without the rules for new values, which older rows may break. */
const nicknameShown = Type.String({ description: 'The display name', examples: ['Alice'] });
const nickname = StoredText({
  maxLength: 50,
  pattern: EMPTY_OR_VISIBLE_PATTERN,
  description: 'The display name',
  examples: ['Alice'],
});
const bio = StoredText({ maxLength: 2000, description: 'A short biography' });
/** Without white space, control and format characters. Engines disagree on what `\s` is. */
const URL_PATTERN = '^https?://[^\\p{C}\\p{Z}]+$';
const avatarUrl = Nullable(Type.String({ pattern: URL_PATTERN, maxLength: 256 }), {
  description: 'The URL of the profile picture (http or https)',
  examples: ['https://example.com/alice.png'],
});
const avatarUrlShown = Nullable(Type.String(), {
  description: 'The URL of the profile picture (http or https)',
  examples: ['https://example.com/alice.png'],
});
const age = Nullable(Type.Integer({ minimum: 0, maximum: 150 }), {
  description: 'The age in years',
  examples: [30],
});
const label = StoredText({ minLength: 1, maxLength: 50, pattern: VISIBLE_PATTERN });
const tags = Type.Array(label, {
  maxItems: 50,
  description: 'Free-form tags',
  examples: [['staff', 'beta']],
});
const tagsShown = Type.Array(Type.String(), {
  description: 'Free-form tags',
  examples: [['staff', 'beta']],
});
const address = Nullable(Ref(Address), { description: 'The postal address' });
const isActive = Type.Boolean({ description: 'Whether the user may sign in' });

const publicFields = {
  id: Id('The id of the user'),
  username,
  nickname: nicknameShown,
  bio,
  avatar_url: avatarUrlShown,
  tags: tagsShown,
  is_truncated: truncated('`bio`, `tags` and `address`'),
  created_at: Timestamp('When the user was created'),
};

const publicExample = {
  id: 1,
  username: 'alice',
  nickname: 'Alice',
  bio: '',
  avatar_url: null,
  tags: ['staff'],
  created_at: '2026-01-31T09:30:00.000Z',
};

/** The public fields of a user. */
export const UserPublic = Component(
  'UserPublic',
  Type.Object(publicFields, {
    description: 'The public fields of a user',
    examples: [publicExample],
  }),
);
export type UserPublic = Static<typeof UserPublic>;

/** A user with all fields, visible to administrators and to the user. */
export const User = Component(
  'User',
  Type.Object(
    {
      ...publicFields,
      email: emailShown,
      age,
      address,
      email_verified_at: Nullable(
        Timestamp('When the email address was confirmed; null if it was not'),
        {
          description: 'When the email address was confirmed; null if it was not',
        },
      ),
      role: Enum(ROLES, {
        description: 'The role that `permissions` corresponds to; `custom` if there is none',
        examples: ['author'],
      }),
      permissions: permissionMask,
      is_active: isActive,
      updated_at: Timestamp('When the user was last changed'),
      last_login_at: Nullable(Timestamp('When the user last signed in; null if never'), {
        description:
          'When the user last signed in; null if never. Signing in does not change the `ETag` ' +
          'of your own account.',
      }),
    },
    {
      description: 'A user with all fields, visible to administrators and to the user',
      examples: [
        {
          ...publicExample,
          email: 'alice@example.com',
          age: 30,
          address: { street: 'Main St 123', city: 'Shenzhen', zipcode: '518000' },
          email_verified_at: null,
          role: 'author',
          permissions: 7,
          is_active: true,
          updated_at: '2026-01-31T09:30:00.000Z',
          last_login_at: null,
        },
      ],
    },
  ),
);
export type User = Static<typeof User>;

/** A user with the fields that the viewer may see: all, or the public ones. */
export const UserView = Type.Unsafe<User | UserPublic>(
  Type.Union([Ref(User), Ref(UserPublic)], {
    description: 'All fields for administrators and the user; the public fields for everyone else',
  }),
);
export type UserView = Static<typeof UserView>;

export const UserPage = pageOf('UserPage', UserView, 'users', publicExample, {
  total: SEARCHED_TOTAL,
});
export type UserPage = Static<typeof UserPage>;

const wholeUser = {
  username,
  email: Default(email, null),
  nickname: Default(nickname, ''),
  bio: Default(bio, ''),
  avatar_url: Default(avatarUrl, null),
  age: Default(age, null),
  tags: Default(tags, []),
  address: Default(address, null),
  is_active: Default(isActive, true),
};

const johnExample = {
  username: 'john',
  email: 'john@example.com',
  age: 30,
  tags: ['staff'],
  address: { street: 'Main St 123', city: 'Shenzhen' },
};

const newUser = {
  ...wholeUser,
  role: Default(Enum(ROLE_NAMES, { description: 'The role of the user' }), 'author'),
};

export const UserCreate = Component(
  'UserCreate',
  Type.Object(
    {
      ...newUser,
      password: Type.Optional(
        NewPassword('The password; without one, the user cannot sign in until invited'),
      ),
    },
    { description: 'The user to create', examples: [{ ...johnExample, role: 'editor' }] },
  ),
);
export type UserCreate = Static<typeof UserCreate>;

/** The new state of a user. The role is changed by a separate operation. */
export const UserReplace = Component(
  'UserReplace',
  Type.Object(wholeUser, {
    description:
      'The new state of the user. Omitted fields are reset to their defaults; the role is kept.',
    examples: [{ ...johnExample, username: 'alicia', email: 'alicia@example.com' }],
  }),
);
export type UserReplace = Static<typeof UserReplace>;

const profile = {
  nickname: Type.Optional(nickname),
  bio: Type.Optional(bio),
  avatar_url: Type.Optional(avatarUrl),
  age: Type.Optional(age),
  tags: Type.Optional(tags),
  address: Type.Optional(address),
};

/** The fields that users can change themselves. */
export const ProfileUpdate = Component(
  'ProfileUpdate',
  Type.Object(profile, {
    description: 'The profile fields to change. Omitted fields keep their values.',
    examples: [{ nickname: 'Johnny', bio: 'I write.' }],
  }),
);
export type ProfileUpdate = Static<typeof ProfileUpdate>;

/** The fields of a user to change. Omitted fields keep their values. */
export const UserUpdate = Component(
  'UserUpdate',
  Type.Object(
    {
      ...profile,
      username: Type.Optional(username),
      email: Type.Optional(email),
      is_active: Type.Optional(isActive),
    },
    {
      description: 'The fields to change. Omitted fields keep their values.',
      examples: [{ nickname: 'Johnny', tags: ['staff', 'beta'] }],
    },
  ),
);
export type UserUpdate = Static<typeof UserUpdate>;

export const UserBulkItem = Component(
  'UserBulkItem',
  Type.Object(newUser, {
    description: 'One of the users to create in bulk, without a password',
    examples: [{ username: 'omar', email: 'omar@example.com' }],
  }),
);
export type UserBulkItem = Static<typeof UserBulkItem>;

export const UserBulkCreate = Type.Array(Ref(UserBulkItem), {
  minItems: 1,
  maxItems: MAX_BULK_USERS,
  description: 'The users to create. Either all of them are created or none.',
  examples: [[{ username: 'nina' }, { username: 'omar', email: 'omar@example.com' }]],
});

export const UserBulkCreated = Component(
  'UserBulkCreated',
  Type.Object(
    {
      created: Type.Integer({ minimum: 1, description: 'The number of users that were created' }),
      ids: Type.Array(Type.Integer(), {
        description: 'The ids of the users, in the order of the request',
      }),
    },
    {
      description: 'The result of creating users in bulk',
      examples: [{ created: 2, ids: [17, 18] }],
    },
  ),
);

export const UserListQuery = Type.Object({
  q: Type.Optional(
    StoredText({
      maxLength: 100,
      description:
        'Filter by username or nickname (for administrators also email address) containing ' +
        `this text, ignoring case. ${SEARCHED_PAGES}`,
    }),
  ),
  ...listQuery(USER_SORTS),
});
export type UserListQuery = Static<typeof UserListQuery>;

export const UserParams = Type.Object({
  id: Id('The id of the user'),
});

export const Invitation = Component(
  'Invitation',
  Type.Object(
    {
      status: Enum(['mailed', 'returned'] as const, {
        description:
          '`mailed` if the invitation is sent to the email address of the user; `returned` if ' +
          'this response has it, because the service sends no mail or the user has no address',
      }),
      token: Nullable(Type.String(), {
        description:
          'The token for `POST /api/v1/auth/reset-password`, shown only once; null if it was mailed',
      }),
      link: Nullable(Type.String(), {
        description:
          'The page of the client application that takes the token; null if the invitation was ' +
          'mailed, or without `CLIENT_URL`',
      }),
      expires_at: Timestamp('When the invitation expires'),
    },
    {
      description: 'An invitation to choose a password',
      examples: [
        {
          status: 'mailed',
          token: null,
          link: null,
          expires_at: '2026-02-07T09:30:00.000Z',
        },
      ],
    },
  ),
);
export type Invitation = Static<typeof Invitation>;
