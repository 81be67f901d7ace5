import { type Static, Type } from '@sinclair/typebox';
import { Component, Enum, type OperationTag, Ref } from './types.js';

/** Groups the operations in the document. */
export const tag: OperationTag = {
  name: 'roles',
  description: 'Roles and their permissions',
};

/** What one may do, each with its bit. ADMIN includes all of them. */
export const PERMISSIONS = { read: 1, create: 2, update: 4, delete: 8, admin: 128 } as const;
export type Permission = keyof typeof PERMISSIONS;

/** The masks that have a name. */
export const ROLE_PERMISSIONS = { guest: 1, author: 7, editor: 15, admin: 143 } as const;
export type RoleName = keyof typeof ROLE_PERMISSIONS;

export const ROLE_NAMES = ['guest', 'author', 'editor', 'admin'] as const satisfies RoleName[];

/** The name of a mask: `custom` for one that has none. */
export const ROLES = [...ROLE_NAMES, 'custom'] as const;
export type Role = (typeof ROLES)[number];

const ALL_PERMISSIONS = ROLE_PERMISSIONS.admin;
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[];

export const permissionMask = Type.Integer({
  minimum: 0,
  maximum: ALL_PERMISSIONS,
  description:
    'What the user may do: the sum of READ 1, CREATE 2, UPDATE 4, DELETE 8 and ADMIN 128',
  examples: [ROLE_PERMISSIONS.author],
});

export const PermissionBit = Component(
  'PermissionBit',
  Type.Object(
    {
      name: Enum(PERMISSION_NAMES, { description: 'What it is called' }),
      bit: Type.Integer({ minimum: 1, description: 'What it adds to a mask' }),
    },
    { description: 'One permission', examples: [{ name: 'create', bit: PERMISSIONS.create }] },
  ),
);

export const RoleDefinition = Component(
  'RoleDefinition',
  Type.Object(
    {
      name: Enum(ROLE_NAMES, { description: 'What it is called' }),
      permissions: permissionMask,
      allows: Type.Array(Enum(PERMISSION_NAMES), { description: 'The permissions in the mask' }),
    },
    {
      description: 'A mask that has a name',
      examples: [
        {
          name: 'author',
          permissions: ROLE_PERMISSIONS.author,
          allows: ['read', 'create', 'update'],
        },
      ],
    },
  ),
);

export const RoleList = Component(
  'RoleList',
  Type.Object(
    {
      roles: Type.Array(Ref(RoleDefinition), { description: 'From the least to the greatest' }),
      permissions: Type.Array(Ref(PermissionBit), { description: 'What masks are made of' }),
    },
    {
      description: 'The roles, and the permissions that they are made of',
      examples: [
        {
          roles: [{ name: 'guest', permissions: ROLE_PERMISSIONS.guest, allows: ['read'] }],
          permissions: [{ name: 'read', bit: PERMISSIONS.read }],
        },
      ],
    },
  ),
);
export type RoleList = Static<typeof RoleList>;

export const RoleAssignment = Component(
  'RoleAssignment',
  Type.Object(
    {
      role: Type.Optional(Enum(ROLE_NAMES, { description: 'A role' })),
      permissions: Type.Optional(permissionMask),
    },
    {
      description: 'Either a role, or any mask of permissions',
      examples: [{ role: 'editor' }, { permissions: 5 }],
    },
  ),
);
export type RoleAssignment = Static<typeof RoleAssignment>;
