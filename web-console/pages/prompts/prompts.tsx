export const Prompts = () => null;
