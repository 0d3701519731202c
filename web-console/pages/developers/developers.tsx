export const Developers = () => null;
