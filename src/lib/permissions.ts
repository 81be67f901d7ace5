import { PERMISSIONS, type Permission } from '../../schemas/roles.js';

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
