export const Quotas = () => null;
