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

/** Whether the mask makes an administrator. */
export function isAdministratorMask(mask: Mask): boolean {
  return (mask & PERMISSIONS.admin) !== 0;
}

/** Whether the mask allows it: administrators may do everything. */
export function allows(mask: Mask, permission: Permission): boolean {
  const bit = PERMISSIONS[permission];
  return isAdministratorMask(mask) || (mask & bit) === bit;
}

/** The bits of `granted` that are not in `held`, taken literally: ADMIN stands for itself alone. */
export function beyond(granted: Mask, held: Mask): Mask {
  return granted & ~held;
}

/** Whether the mask is made of permissions that there are. */
export function isMask(value: number): boolean {
  const known = Object.values(PERMISSIONS).reduce((all, bit) => all | bit, 0);
  return Number.isInteger(value) && value >= 0 && (value & ~known) === 0;
}

/** Every role with what it allows, and what masks are made of. */
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
