import { type Static, Type } from '@sinclair/typebox';
import { Component, Enum, type OperationTag, Ref } from './types.js';

export const tag: OperationTag = {
  name: 'roles',
  description: 'Roles and their permissions',
};

/** The permissions, each with its bit in a mask. ADMIN implies all others. */
export const PERMISSIONS = { read: 1, create: 2, update: 4, delete: 8, admin: 128 } as const;
export type Permission = keyof typeof PERMISSIONS;

/** The permission masks of the roles. */
export const ROLE_PERMISSIONS = { guest: 1, author: 7, editor: 15, admin: 143 } as const;
export type RoleName = keyof typeof ROLE_PERMISSIONS;

export const ROLE_NAMES = ['guest', 'author', 'editor', 'admin'] as const satisfies RoleName[];

/** The role of a user: `custom` for a permission mask that no role has. */
export const ROLES = [...ROLE_NAMES, 'custom'] as const;
export type Role = (typeof ROLES)[number];

const ALL_PERMISSIONS = ROLE_PERMISSIONS.admin;
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[];

export const permissionMask = Type.Integer({
  minimum: 0,
  maximum: ALL_PERMISSIONS,
  description: 'The permission mask: the sum of READ 1, CREATE 2, UPDATE 4, DELETE 8 and ADMIN 128',
  examples: [ROLE_PERMISSIONS.author],
});

export const PermissionBit = Component(
  'PermissionBit',
  Type.Object(
    {
      name: Enum(PERMISSION_NAMES, { description: 'The name of the permission' }),
      bit: Type.Integer({ minimum: 1, description: 'The bit of the permission in a mask' }),
    },
    { description: 'A permission', examples: [{ name: 'create', bit: PERMISSIONS.create }] },
  ),
);

export const RoleDefinition = Component(
  'RoleDefinition',
  Type.Object(
    {
      name: Enum(ROLE_NAMES, { description: 'The name of the role' }),
      permissions: permissionMask,
      allows: Type.Array(Enum(PERMISSION_NAMES), {
        description: 'The permissions that the role grants',
      }),
    },
    {
      description: 'A role: a permission mask with a name',
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
      roles: Type.Array(Ref(RoleDefinition), {
        description: 'The roles, from fewest to most permissions',
      }),
      permissions: Type.Array(Ref(PermissionBit), {
        description: 'The permissions that masks consist of',
      }),
    },
    {
      description: 'All roles and all permissions',
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
      role: Type.Optional(Enum(ROLE_NAMES, { description: 'The role to assign' })),
      permissions: Type.Optional(permissionMask),
    },
    {
      description: 'Either a role or a permission mask',
      examples: [{ role: 'editor' }, { permissions: 5 }],
    },
  ),
);
export type RoleAssignment = Static<typeof RoleAssignment>;
