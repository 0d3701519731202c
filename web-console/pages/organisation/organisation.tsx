/** The organisation: what it is and keeps, its projects, who may administer it and as what, and, for the installation's administrators, all others. */
import type { ReactNode } from "react";
import { useViewer } from "../../session/viewer.ts";
import { Page } from "../../shell/page.tsx";
import { oneOf, useUrlState } from "../../shell/url-state.ts";
import { Tabs } from "../../ui/tabs.tsx";
import { Keeps } from "./keeps.tsx";
import { Members } from "./members.tsx";
import { Organisations } from "./organisations.tsx";
import { Projects } from "./projects.tsx";

const parts: Readonly<Record<string, () => ReactNode>> = { projects: Projects, members: Members, keeps: Keeps, all: Organisations };

const tabs = [
  ["projects", "Projects"],
  ["members", "Members"],
  ["keeps", "What it keeps and pays"],
] as const;

export function OrganisationPage() {
  const { installation, organisation } = useViewer();
  const [{ tab = "projects" }] = useUrlState({ tab: oneOf("projects", "members", "keeps", "all") });
  const Part = parts[tab] ?? Projects;
  return (
    <Page
      title={organisation?.name ?? "Organisation"}
      lead="Projects hold API keys and limits. Members are people and programs that look at this console and change things."
    >
      <Tabs label="Parts of this page" current={tab} tabs={installation ? [...tabs, ["all", "All organisations"] as const] : tabs} />
      <Part />
    </Page>
  );
}
