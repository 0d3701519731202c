export const Calls = () => null;
