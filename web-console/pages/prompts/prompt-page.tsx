export const PromptPage = () => null;
