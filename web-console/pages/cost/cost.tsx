export const Cost = () => null;
