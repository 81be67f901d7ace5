import { type Static, Type } from '@sinclair/typebox';
import { listQuery, pageOf } from './paging.js';
import { permissionMask, ROLE_NAMES, ROLES } from './roles.js';
import {
  Component,
  Default,
  Enum,
  Id,
  Nullable,
  type OperationTag,
  Ref,
  Timestamp,
} from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'users',
  description: 'User accounts and profiles',
};

/** What a list of users may be sorted by: public columns only, or the order would tell the rest. */
export const USER_SORTS = ['id', 'username', 'created_at'] as const;

/** How many users one bulk request may create. */
export const MAX_BULK_USERS = 1000;

export const Address = Component(
  'Address',
  Type.Object(
    {
      street: Type.String({ minLength: 1, maxLength: 200, description: 'Street and number' }),
      city: Type.String({ minLength: 1, maxLength: 100, description: 'City' }),
      zipcode: Default(
        Nullable(Type.String({ maxLength: 20 }), { description: 'Postal code' }),
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
  description: 'The name to sign in with; unique without regard to case',
  examples: ['alice'],
});
export const emailAddress = Type.String({
  format: 'email',
  maxLength: 120,
  description: 'An e-mail address',
  examples: ['alice@example.com'],
});
const email = Nullable(Type.String({ format: 'email', maxLength: 120 }), {
  description: 'Unique without regard to case',
  examples: ['alice@example.com'],
});
/** As it is answered: the serializer knows only ASCII addresses, and there are others. */
const emailShown = Nullable(Type.String({ maxLength: 120 }), {
  description: 'Unique without regard to case',
  examples: ['alice@example.com'],
});
const nickname = Type.String({
  maxLength: 50,
  description: 'The name to show',
  examples: ['Alice'],
});
const bio = Type.String({ maxLength: 2000, description: 'A few words about the person' });
const avatarUrl = Nullable(Type.String({ pattern: '^https?://[^\\s]+$', maxLength: 256 }), {
  description: 'Where the picture is: an http or https address',
  examples: ['https://example.com/alice.png'],
});
const age = Nullable(Type.Integer({ minimum: 0, maximum: 150 }), {
  description: 'In years',
  examples: [30],
});
const tags = Type.Array(Type.String({ minLength: 1, maxLength: 50 }), {
  maxItems: 50,
  description: 'Free words',
  examples: [['staff', 'beta']],
});
const address = Nullable(Ref(Address), { description: 'The postal address' });
const isActive = Type.Boolean({ description: 'Whether the user may sign in' });

const publicFields = {
  id: Id('The number of the user'),
  username,
  nickname,
  bio,
  avatar_url: avatarUrl,
  tags,
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

/** What anyone may see of a user. */
export const UserPublic = Component(
  'UserPublic',
  Type.Object(publicFields, {
    description: 'What anyone may see of a user',
    examples: [publicExample],
  }),
);
export type UserPublic = Static<typeof UserPublic>;

/** What administrators and the user see. */
export const User = Component(
  'User',
  Type.Object(
    {
      ...publicFields,
      email: emailShown,
      age,
      address,
      email_verified_at: Nullable(Timestamp('When the address was confirmed; null if it was not'), {
        description: 'When the e-mail address was confirmed; null if it was not',
      }),
      role: Enum(ROLES, {
        description: 'The name of `permissions`; `custom` if they have none',
        examples: ['author'],
      }),
      permissions: permissionMask,
      is_active: isActive,
      updated_at: Timestamp('When the user was last changed'),
      last_login_at: Nullable(Timestamp('When the user last signed in; null if never'), {
        description: 'When the user last signed in; null if never',
      }),
    },
    {
      description: 'What administrators, and the user, see of a user',
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

/** A user as the reader may see it: whole, or its public part. */
export const UserView = Type.Unsafe<User | UserPublic>(
  Type.Union([Ref(User), Ref(UserPublic)], {
    description: 'Whole for administrators and the user; the public part for everyone else',
  }),
);
export type UserView = Static<typeof UserView>;

export const UserPage = pageOf('UserPage', UserView, 'users', publicExample);
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

export const UserCreate = Component(
  'UserCreate',
  Type.Object(
    {
      ...wholeUser,
      role: Default(Enum(ROLE_NAMES, { description: 'What the user may do' }), 'author'),
    },
    { description: 'A user to be created', examples: [{ ...johnExample, role: 'editor' }] },
  ),
);
export type UserCreate = Static<typeof UserCreate>;

/** The whole that replaces what is there. The role has an operation of its own. */
export const UserReplace = Component(
  'UserReplace',
  Type.Object(wholeUser, {
    description: 'A user to replace the one that is there; the role stays as it is',
    examples: [johnExample],
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

/** What people change about themselves; what is left out stays. */
export const ProfileUpdate = Component(
  'ProfileUpdate',
  Type.Object(profile, {
    description: 'The fields of your profile to change; what is left out stays as it is',
    examples: [{ nickname: 'Johnny', bio: 'I write.' }],
  }),
);
export type ProfileUpdate = Static<typeof ProfileUpdate>;

/** The fields of a user to be changed; what is left out stays. */
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
      description: 'The fields to change; what is left out stays as it is',
      examples: [{ nickname: 'Johnny', tags: ['staff', 'beta'] }],
    },
  ),
);
export type UserUpdate = Static<typeof UserUpdate>;

export const UserBulkCreate = Type.Array(Ref(UserCreate), {
  minItems: 1,
  maxItems: MAX_BULK_USERS,
  description: 'The users to create: all of them, or none',
  examples: [[{ username: 'nina' }, { username: 'omar', email: 'omar@example.com' }]],
});

export const UserBulkCreated = Component(
  'UserBulkCreated',
  Type.Object(
    {
      created: Type.Integer({ minimum: 1, description: 'How many users were created' }),
      ids: Type.Array(Type.Integer(), {
        description: 'Their numbers, in the order of the request',
      }),
    },
    { description: 'The outcome of a bulk creation', examples: [{ created: 2, ids: [17, 18] }] },
  ),
);

export const UserListQuery = Type.Object({
  q: Type.Optional(
    Type.String({
      maxLength: 100,
      description:
        'Finds users whose username or nickname (for administrators also the e-mail address) ' +
        'contains this text, without regard to case',
    }),
  ),
  ...listQuery(USER_SORTS),
});
export type UserListQuery = Static<typeof UserListQuery>;

export const UserParams = Type.Object({
  id: Id('The number of the user'),
});
