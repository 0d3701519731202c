export const ExperimentPage = () => null;
