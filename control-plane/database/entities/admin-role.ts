/**
 * What the holder of an admin token may do; each role may what those before it may. viewer: see all but what was said in calls.
 * developer: prompts, experiments, replays, the playground, and what was said. operator: what calls go where and within which
 * limits. admin: members, projects, and what the organisation keeps.
 */
export const adminRoles = ["viewer", "developer", "operator", "admin"] as const;
export type AdminRole = (typeof adminRoles)[number];

export const mayAs = (role: AdminRole, needed: AdminRole): boolean => adminRoles.indexOf(role) >= adminRoles.indexOf(needed);
