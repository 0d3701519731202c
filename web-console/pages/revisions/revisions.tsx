export const Revisions = () => null;
