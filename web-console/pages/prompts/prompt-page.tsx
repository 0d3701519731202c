/** A place that is kept: its page lands next. */
import { Empty } from "../../graphql/result.tsx";
import { Page } from "../../shell/page.tsx";

export const PromptPage = () => (
  <Page title="Prompt">
    <Empty title="Not built yet">This page is on its way; until then GraphQL at /graphql has what it will show.</Empty>
  </Page>
);
