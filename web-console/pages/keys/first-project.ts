/** Whose a new key is until another is chosen: the demo's project goes with the demo, so never that one. */
export const firstProjectOf = <Project extends { readonly id: string }>(
  projects: readonly Project[],
  demoProjectId: string | undefined,
): Project | undefined => projects.find(({ id }) => id !== demoProjectId);
