export const Nodes = () => null;
