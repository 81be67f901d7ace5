import {
  PERMISSION_NAMES,
  PERMISSIONS,
  type Permission,
  ROLE_NAMES,
  ROLE_PERMISSIONS,
  type RoleList,
} from '#schemas/roles.js';

/** A mask of permission bits. */
export type Mask = number;

/** Whether the mask contains the ADMIN permission. */
export function isAdministratorMask(mask: Mask): boolean {
  return (mask & PERMISSIONS.admin) !== 0;
}

/** Whether the mask grants the permission; ADMIN grants all. */
export function allows(mask: Mask, permission: Permission): boolean {
  const bit = PERMISSIONS[permission];
  return isAdministratorMask(mask) || (mask & bit) === bit;
}

/**
 * Returns the bits of `granted` missing from `held`. Literally: ADMIN does not imply other bits.
 */
export function beyond(granted: Mask, held: Mask): Mask {
  return granted & ~held;
}

/** Whether the value is a mask of existing permissions. */
export function isMask(value: number): boolean {
  const known = Object.values(PERMISSIONS).reduce((all, bit) => all | bit, 0);
  return Number.isInteger(value) && value >= 0 && (value & ~known) === 0;
}

/** Returns all roles with their permissions, and all permissions with their bits. */
export function listRoles(): RoleList {
  return {
    roles: ROLE_NAMES.map((name) => {
      const permissions = ROLE_PERMISSIONS[name];
      const allowed = PERMISSION_NAMES.filter((permission) => allows(permissions, permission));
      return { name, permissions, allows: allowed };
    }),
    permissions: PERMISSION_NAMES.map((name) => ({ name, bit: PERMISSIONS[name] })),
  };
}
